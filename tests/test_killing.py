"""Real processes, really killed: whatever the moment, `pw13 resume` ends with the weights of an unbroken run."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from pw13 import checkpoints
from tests import tally
from tests.conftest import load_json

TRAINERS = {
    "dense-ae": ["train-dense-ae", "--epochs", "4000", "--batch-size", "16"],
}
if os.name == "nt":
    pytest.skip("kill -9 is a thing of POSIX", allow_module_level=True)


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "pw13", *map(str, arguments)]


def spawn(*arguments: object) -> subprocess.Popen:
    with open("log", "ab") as log:
        return subprocess.Popen(command(*arguments), stdout=log, stderr=log)


def wait_for(condition, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, Path("log").read_text("utf-8", "replace")[-2000:]
        time.sleep(0.02)


def weights(run: Path) -> dict[str, np.ndarray]:
    """All arrays of the newest resume state: parameters, Adam's means, the best parameters, the carry."""
    return checkpoints.read_state(checkpoints.states(run / "checkpoints")[-1]).arrays


def place(kind: str, data: Path, corpus: Path) -> list[object]:
    return ["--corpus", corpus] if kind == "charrnn" else ["--data", data]


def run_folder(runs: Path) -> Path | None:
    found = [path for path in runs.glob("2*") if (path / "run.json").exists()] if runs.is_dir() else []
    return found[0] if found else None


def killed_at_random(
    kind: str, places: list[object], runs: Path, kills: int, moments: random.Random
) -> tuple[Path, int]:
    """Start a training, kill it up to `kills` times after random progress, resume each time, and let it end.

    Returns the run folder and how often the process was killed before the run was complete.
    """
    process = spawn(*TRAINERS[kind], *places, "--runs-dir", runs)
    wait_for(lambda: run_folder(runs) is not None)
    run, killed = run_folder(runs), 0
    while killed < kills and load_json(run / "run.json")["status"] != "completed":
        if killed:
            process = spawn("resume", run)
        if moments.random() < 0.8:  # else: perhaps while it still imports
            seen = checkpoints.states(run / "checkpoints")
            wait_for(lambda: process.poll() is not None or checkpoints.states(run / "checkpoints") != seen)  # noqa: B023
        time.sleep(moments.uniform(0, 1.0))
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
    done = subprocess.run(command("resume", run), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return run, killed


def unbroken(kind: str, places: list[object]) -> Path:
    done = subprocess.run(command(*TRAINERS[kind], *places, "--runs-dir", "unbroken"), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return run_folder(Path("unbroken"))


def check_same(one: Path, broken: Path) -> None:
    """Weights and figures of two runs are equal, times excepted."""
    ours, theirs = weights(one), weights(broken)
    assert ours.keys() == theirs.keys() and len(ours) > 4
    for name, array in ours.items():
        assert np.array_equal(array, theirs[name]), name
    assert load_json(broken / "run.json")["status"] == "completed"
    times = {"seconds", "train_seconds", "throughput_per_second", "epoch_seconds"}
    a, b = load_json(one / "metrics.json"), load_json(broken / "metrics.json")
    assert {k: v for k, v in a.items() if k not in times} == {k: v for k, v in b.items() if k not in times}


@pytest.mark.parametrize("kind", TRAINERS)
def test_three_kills_and_a_resume_cost_nothing(kind, data, corpus):
    places = place(kind, data, corpus)
    run, killed = killed_at_random(kind, places, Path("runs"), 3, random.Random(kind))
    assert killed == 3
    check_same(unbroken(kind, places), run)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_soon_and_keeps_what_was_learnt(data, number):
    process = spawn("train-dense-ae", "--data", data, "--epochs", 1_000_000, "--runs-dir", "runs")
    wait_for(
        lambda: run_folder(Path("runs")) is not None and checkpoints.states(run_folder(Path("runs")) / "checkpoints")
    )
    time.sleep(0.5)
    sent = time.monotonic()
    process.send_signal(number)
    assert process.wait(timeout=30) == {signal.SIGINT: 130, signal.SIGTERM: 143}[number]
    assert time.monotonic() - sent < 5
    run = run_folder(Path("runs"))
    assert load_json(run / "run.json")["status"] == "interrupted"
    assert (run / "checkpoints" / "best.keras").exists()
    log = Path("log").read_text("utf-8")
    assert "Traceback" not in log and f"pw13 resume {run.name}" in log


def test_a_second_ctrl_c_leaves_at_once(data):
    process = spawn("train-dense-ae", "--data", data, "--epochs", 1_000_000, "--runs-dir", "runs")
    wait_for(
        lambda: run_folder(Path("runs")) is not None and checkpoints.states(run_folder(Path("runs")) / "checkpoints")
    )
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=5) == 130
    assert load_json(run_folder(Path("runs")) / "run.json")["status"] == "interrupted"
    assert checkpoints.load(run_folder(Path("runs")) / "checkpoints") is not None


@pytest.mark.faults
@pytest.mark.parametrize("kind", TRAINERS)
def test_a_hundred_kills_cost_nothing(kind, data, corpus):
    wanted, total, chains = int(os.environ.get("PW13_KILLS", "100")), 0, 0
    places, moments = place(kind, data, corpus), random.Random(f"{kind} 100")
    whole = unbroken(kind, places)
    while total < wanted:
        chains += 1
        run, killed = killed_at_random(kind, places, Path(f"runs{chains}"), min(10, wanted - total), moments)
        check_same(whole, run)
        total += killed
    tally.count("kills survived", kind, total)
