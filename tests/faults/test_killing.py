"""Real processes, really killed: whatever the moment, `pw13 resume` ends with the weights of an unbroken run."""

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
from tests.helpers.forks import ended, start, wait_for
from tests.helpers.outcome import check_same
from tests.helpers.runs import load_json

if os.name == "nt":
    pytest.skip("kill -9 is a thing of POSIX", allow_module_level=True)

# Small, with every kind of state that a checkpoint must carry: within an epoch, noise, dropout, states of streams.
OFTEN = ("--checkpoint-every", "0.001")  # seconds: after every chunk
TRAINERS = {
    "dense-ae": ("train-dense-ae", "--epochs", "20", "--batch-size", "1", "--code-size", "4", *OFTEN),
    "conv-dae": ("train-conv-dae", "--epochs", "3", *OFTEN),
    "charrnn": ("train-charrnn", "--epochs", "12", "--batch-size", "2", "--length", "2", "--units", "4",
                "--target", "many-to-many", "--carry-state", "--dropout", "0.2", "--sample-every", "4", *OFTEN),
}  # fmt: skip
LAST_EPOCH = {kind: int(words[words.index("--epochs") + 1]) for kind, words in TRAINERS.items()}
KILLS = int(os.environ.get("PW13_KILLS", "100"))
CHAIN = 10  # kills that one run suffers at most


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[object]]:
    """For each trainer the flag of its data; an epoch of them is longer than a chunk."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "names.txt").write_text("".join(f"{name}\n" for name in make_names(1200)), encoding="utf-8")
    return {
        "dense-ae": ["--data", make_data(folder / "many", 1200, 40)],
        "conv-dae": ["--data", make_data(folder / "some", 730, 30)],
        "charrnn": ["--corpus", folder / "names.txt"],
    }


def run_folder(runs: Path) -> Path | None:
    found = [path for path in runs.glob("2*") if (path / "run.json").exists()] if runs.is_dir() else []
    return found[0] if found else None


def states(runs: Path) -> list[Path]:
    run = run_folder(runs)
    return resume_state.states(run / "checkpoints") if run else []


class Moment(NamedTuple):
    """When a process is killed: so many seconds after its start, or after the next checkpoint that it writes."""

    seconds: float
    after_checkpoint: bool


def moment(rng: random.Random, number: int) -> Moment:
    """The first kill of a run comes before there is a checkpoint, most others soon after one, some at any time."""
    if number == 0:
        return Moment(rng.uniform(0, 1), after_checkpoint=False)
    if rng.random() < 0.7:
        return Moment(rng.uniform(0, 0.3), after_checkpoint=True)
    return Moment(rng.uniform(0, 8), after_checkpoint=False)


def killed(process: Any, runs: Path, when: Moment) -> bool:
    """Kill a process then; whether it still ran."""
    if when.after_checkpoint:
        before = states(runs)
        wait_for(lambda: process.exitcode is not None or states(runs) != before)
    process.join(when.seconds)
    process.kill()
    return ended(process) == -signal.SIGKILL


def phase(kind: str, run: Path) -> str:
    """Where in its course a run was killed, as its newest checkpoint has it."""
    found = resume_state.load(run / "checkpoints")
    if found is None:
        return "before a checkpoint"
    if found.facts["step"]:
        return "inside an epoch"
    return "after the last epoch" if found.facts["epoch"] == LAST_EPOCH[kind] else "between epochs"


def chain(kind: str, place: list[object], runs: Path, kills: int, rng: random.Random) -> tuple[Path, list[str]]:
    """Start a training, kill and resume it up to `kills` times, and let it end: its folder, the phase of each kill."""
    process, phases = start(*TRAINERS[kind], *place, "--runs-dir", runs, fresh=rng.random() < 0.1), []
    wait_for(lambda: run_folder(runs) is not None)
    run = run_folder(runs)
    assert run is not None
    while killed(process, runs, moment(rng, len(phases))):
        phases.append(phase(kind, run))
        process = start("resume", run, fresh=rng.random() < 0.1)
        if len(phases) == kills:
            break
    assert ended(process) == 0, f"killed {phases}: {forks.log()}"
    assert "Traceback" not in forks.log()
    return run, phases


@pytest.mark.parametrize("kind", TRAINERS)
def test_three_kills_and_a_resume_cost_nothing(kind, places):
    survive(kind, places[kind], 3, random.Random(kind))


@pytest.mark.faults
@pytest.mark.parametrize("kind", TRAINERS)
def test_a_hundred_kills_cost_nothing(kind, places):
    survive(kind, places[kind], KILLS, random.Random())


def survive(kind: str, place: list[object], kills: int, rng: random.Random) -> None:
    """Kill runs of a trainer `kills` times in all; each must end as the one beside them that nothing disturbs."""
    whole, suffered, number = start(*TRAINERS[kind], *place, "--runs-dir", "unbroken"), 0, 0
    while suffered < kills:
        number += 1
        run, phases = chain(kind, place, Path(f"runs{number}"), min(CHAIN, kills - suffered), rng)
        assert ended(whole) == 0, forks.log()
        check_same(run_folder(Path("unbroken")), run, phases)
        suffered += len(phases)
        for name in phases:
            tally.count("kills survived", f"{kind} {name}")


def started() -> Any:
    """A training without end that has written its first checkpoint."""
    process = start("train-dense-ae", "--data", "builtin", "--limit", 100, "--epochs", 1_000_000, "--runs-dir", "runs")
    wait_for(lambda: states(Path("runs")))
    return process


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_soon_and_keeps_what_was_learnt(number, code):
    process = started()
    time.sleep(0.5)
    sent = time.monotonic()
    os.kill(process.pid, number)
    assert ended(process) == code
    assert time.monotonic() - sent < 5
    run = run_folder(Path("runs"))
    assert load_json(run / "run.json")["status"] == "interrupted"
    assert (run / "checkpoints" / "best.keras").exists()
    assert "Traceback" not in forks.log() and f"pw13 resume {run.name}" in forks.log()


def test_a_second_ctrl_c_leaves_at_once():
    process = started()
    os.kill(process.pid, signal.SIGINT)
    os.kill(process.pid, signal.SIGINT)
    assert ended(process, 5) == 130
    assert load_json(run_folder(Path("runs")) / "run.json")["status"] == "interrupted"
    assert resume_state.load(run_folder(Path("runs")) / "checkpoints") is not None
