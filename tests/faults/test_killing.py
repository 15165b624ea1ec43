"""Killed at any moment, a run resumed by `pw13 resume` ends with the weights of an uninterrupted one."""

import os
import random
import signal
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pw13.training import resume_state
from tests.helpers import forks, tally
from tests.helpers.data import make_data, make_names
from tests.helpers.forks import start, wait_exit, wait_for
from tests.helpers.outcome import check_same
from tests.helpers.runs import load_json

if os.name == "nt":
    pytest.skip("kill -9 needs POSIX", allow_module_level=True)

# Small, with every kind of state in a checkpoint: inside an epoch, noise, dropout, carried RNN state.
ALWAYS = ("--checkpoint-every", "0.001")  # seconds: after every chunk
TRAINERS = {
    "dense-ae": ("train-dense-ae", "--epochs", "20", "--batch-size", "1", "--code-size", "4", *ALWAYS),
    "conv-dae": ("train-conv-dae", "--epochs", "3", *ALWAYS),
    "charrnn": ("train-charrnn", "--epochs", "12", "--batch-size", "2", "--length", "2", "--units", "4",
                "--target", "many-to-many", "--carry-state", "--dropout", "0.2", "--recurrent-dropout", "0.1",
                "--sample-every", "4", *ALWAYS),
}  # fmt: skip
LAST_EPOCH = {kind: int(words[words.index("--epochs") + 1]) for kind, words in TRAINERS.items()}
KILLS = int(os.environ.get("PW13_KILLS", "100"))
MAX_KILLS_PER_RUN = 10


@pytest.fixture(scope="module")
def data_flags(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[object]]:
    """Return the data flag of each trainer; an epoch is longer than a chunk."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "names.txt").write_text("".join(f"{name}\n" for name in make_names(1200)), encoding="utf-8")
    return {
        "dense-ae": ["--data", make_data(folder / "many", 1200, 40)],
        "conv-dae": ["--data", make_data(folder / "some", 730, 30)],
        "charrnn": ["--corpus", folder / "names.txt"],
    }


def run_folder(runs: Path) -> Path | None:
    folders = [path for path in runs.glob("2*") if (path / "run.json").exists()] if runs.is_dir() else []
    return folders[0] if folders else None


def states(runs: Path) -> list[Path]:
    run = run_folder(runs)
    return resume_state.states(run / "checkpoints") if run else []


class Moment(NamedTuple):
    """When to kill a process: seconds after its start, or after its next checkpoint."""

    seconds: float
    after_checkpoint: bool


def draw_moment(rng: random.Random, number: int) -> Moment:
    """Draw a moment: before any checkpoint for the first kill of a run, else mostly soon after one."""
    if number == 0:
        return Moment(rng.uniform(0, 1), after_checkpoint=False)
    if rng.random() < 0.7:
        return Moment(rng.uniform(0, 0.3), after_checkpoint=True)
    return Moment(rng.uniform(0, 8), after_checkpoint=False)


def kill_at(process: Any, runs: Path, moment: Moment) -> bool:
    """Kill a process at a moment; return whether it was still running."""
    if moment.after_checkpoint:
        before = states(runs)
        wait_for(lambda: process.exitcode is not None or states(runs) != before)
    process.join(moment.seconds)
    process.kill()
    return wait_exit(process) == -signal.SIGKILL


def phase(kind: str, run: Path) -> str:
    """Return where in training a run was killed, by its newest checkpoint."""
    state = resume_state.load(run / "checkpoints")
    if state is None:
        return "before a checkpoint"
    if state.facts["step"]:
        return "inside an epoch"
    return "after the last epoch" if state.facts["epoch"] == LAST_EPOCH[kind] else "between epochs"


def train_with_kills(
    kind: str, data_flag: list[object], runs: Path, kills: int, rng: random.Random
) -> tuple[Path, list[str]]:
    """Start a training, kill and resume it up to `kills` times, let it finish; return folder and phases of kills."""
    process, phases = start(*TRAINERS[kind], *data_flag, "--runs-dir", runs, fresh=rng.random() < 0.1), []
    wait_for(lambda: run_folder(runs) is not None)
    run = run_folder(runs)
    assert run is not None
    while kill_at(process, runs, draw_moment(rng, len(phases))):
        phases.append(phase(kind, run))
        process = start("resume", run, fresh=rng.random() < 0.1)
        if len(phases) == kills:
            break
    assert wait_exit(process) == 0, f"killed {phases}: {forks.log()}"
    assert "Traceback" not in forks.log()
    return run, phases


@pytest.mark.parametrize("kind", TRAINERS)
def test_three_kills_do_not_change_the_result(kind, data_flags):
    check_kills(kind, data_flags[kind], 3, random.Random(kind))


@pytest.mark.faults
@pytest.mark.parametrize("kind", TRAINERS)
def test_a_hundred_kills_do_not_change_the_result(kind, data_flags):
    check_kills(kind, data_flags[kind], KILLS, random.Random())


def check_kills(kind: str, data_flag: list[object], kills: int, rng: random.Random) -> None:
    """Kill runs of a trainer `kills` times in total; each must end like an uninterrupted one."""
    uninterrupted, total, number = start(*TRAINERS[kind], *data_flag, "--runs-dir", "uninterrupted"), 0, 0
    while total < kills:
        number += 1
        run, phases = train_with_kills(
            kind, data_flag, Path(f"runs{number}"), min(MAX_KILLS_PER_RUN, kills - total), rng
        )
        assert wait_exit(uninterrupted) == 0, forks.log()
        check_same(run_folder(Path("uninterrupted")), run, phases)
        total += len(phases)
        for name in phases:
            tally.count("kills survived", f"{kind} {name}")


def start_endless() -> Any:
    """Start an endless training and wait for its first checkpoint."""
    process = start("train-dense-ae", "--data", "builtin", "--limit", 100, "--epochs", 1_000_000, "--runs-dir", "runs")
    wait_for(lambda: states(Path("runs")))
    return process


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_soon_and_saves_progress(number, code):
    process = start_endless()
    time.sleep(0.5)
    sent = time.monotonic()
    os.kill(process.pid, number)
    assert wait_exit(process) == code
    assert time.monotonic() - sent < 5
    run = run_folder(Path("runs"))
    assert load_json(run / "run.json")["status"] == "interrupted"
    assert (run / "checkpoints" / "best.keras").exists()
    assert "Traceback" not in forks.log() and f"pw13 resume {run.name}" in forks.log()


def test_a_second_ctrl_c_exits_at_once():
    process = start_endless()
    os.kill(process.pid, signal.SIGINT)
    os.kill(process.pid, signal.SIGINT)
    assert wait_exit(process, 5) == 130
    assert load_json(run_folder(Path("runs")) / "run.json")["status"] == "interrupted"
    assert resume_state.load(run_folder(Path("runs")) / "checkpoints") is not None


@pytest.mark.parametrize("seconds", [0.0, 0.4])
def test_a_killed_evaluation_leaves_nothing_and_resumes_to_the_same_result(data_flags, tmp_path, monkeypatch, seconds):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    evaluate = ("svm-eval", *data_flags["dense-ae"], "--runs-dir")
    process = start(*evaluate, "runs")
    wait_for(lambda: run_folder(Path("runs")))
    time.sleep(seconds)
    process.kill()
    wait_exit(process)
    run = run_folder(Path("runs"))
    assert load_json(run / "run.json")["status"] == "running" and not (run / "metrics.json").exists()
    assert list(scratch.iterdir()) == [] and not list(Path("runs").glob(".new-*"))
    assert wait_exit(start("resume", run)) == 0, forks.log()
    assert wait_exit(start(*evaluate, "uninterrupted")) == 0, forks.log()
    assert "Traceback" not in forks.log()
    results = [load_json(each / "metrics.json")["results"] for each in (run, run_folder(Path("uninterrupted")))]
    accuracies = [[(row["features"], row["kernel"], row["accuracy"], row["c"]) for row in rows] for rows in results]
    assert accuracies[0] == accuracies[1] != []
