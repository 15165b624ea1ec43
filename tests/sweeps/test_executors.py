"""Worker processes and Dask: points survive kills bit for bit, and no worker outlives its sweep."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from pw13.config import fields
from pw13.config.settings import CharRNN
from pw13.errors import UserError
from pw13.sweeps.executors import DaskExecutor, LocalExecutor, program
from pw13.sweeps.jobs import WORKER_DIED, Job, JobResult
from pw13.sweeps.worker import VERSIONS
from pw13.system import machine
from pw13.training import resume_state
from tests.helpers.data import make_data
from tests.helpers.runs import load_json

posix = pytest.mark.skipif(os.name == "nt", reason="kill -9 needs POSIX")
INTERFACE = ("keeps_queue", "free_slots", "choose", "start", "wait_finished", "stop", "close")
LONG = ["--epochs", 150, "--batch-size", 8, "--threads", 1]
TIMES = ("seconds", "train_seconds", "throughput_per_second", "epoch_seconds")


@pytest.mark.parametrize("executor", [LocalExecutor, DaskExecutor])
def test_executors_have_what_the_scheduler_uses(executor):
    assert all(hasattr(executor, name) for name in INTERFACE)


class Poison:
    """Ends the process that unpickles it."""

    def __reduce__(self):
        return os._exit, (3,)


def make_job(folder: Path, *, threads: int = 1, settings: object = None) -> Job:
    """Return a job that is refused at once in a worker, for the versions that it requires."""
    return Job(folder, "dense-ae", settings or {"threads": threads}, {}, "", dict.fromkeys(VERSIONS, "0"))


def finish_one(executor: LocalExecutor) -> JobResult:
    (result,) = wait_for(lambda: executor.wait_finished(0.5), 60)
    return result


def test_a_local_worker_is_kept_for_equal_threads_and_replaced_for_others_and_after_its_death(tmp_path):
    executor, pids = LocalExecutor(1), []
    try:
        for job in (make_job(tmp_path), make_job(tmp_path), make_job(tmp_path, threads=2)):
            executor.start(job)
            assert executor.free_slots == 0
            pids.append(executor._slots[0].worker._process.pid)
            result = finish_one(executor)
            assert result.job is job and "version mismatch" in result.error and executor.free_slots == 1
        assert pids[0] == pids[1] != pids[2]
        executor.start(make_job(tmp_path, settings={"threads": 2, "poison": Poison()}))
        assert finish_one(executor).error == WORKER_DIED
        executor.start(make_job(tmp_path))
        assert "version mismatch" in finish_one(executor).error
        worker = executor._slots[0].worker
    finally:
        executor.stop()
        executor.close()
    assert worker._process.exitcode is not None


def test_a_resized_executor_keeps_its_first_workers_and_ends_the_others(tmp_path):
    executor = LocalExecutor(2)
    try:
        for job in (make_job(tmp_path), make_job(tmp_path)):
            executor.start(job)
        assert wait_for(lambda: not executor.wait_finished(0.5) and executor.free_slots == 2, 60)
        kept, ended = (slot.worker for slot in executor._slots)
        executor.resize(1)
        assert executor.free_slots == 1 and ended._process.exitcode is not None
        executor.resize(2)
        executor.start(make_job(tmp_path))
        finish_one(executor)
        assert executor.free_slots == 2 and executor._slots[0].worker is kept and executor._slots[1].worker is None
    finally:
        executor.close()


def pw13_process(*arguments: object) -> subprocess.Popen:
    with open("log", "ab") as log:
        return subprocess.Popen([sys.executable, "-m", "pw13", *map(str, arguments)], stdout=log, stderr=log)


def wait_for(condition, seconds: float = 600):
    end = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < end, Path("log").read_text("utf-8", "replace")[-2000:]
        time.sleep(0.05)
    return result


def running_points(runs_dir: Path) -> list[dict]:
    """Return the run.json of running points that have written a checkpoint."""
    points = []
    for path in runs_dir.glob("*_sweep-dense-ae/*/run.json"):
        with contextlib.suppress(ValueError, OSError):
            facts = json.loads(path.read_text("utf-8"))
            if facts["status"] == "running" and list(path.parent.glob("checkpoints/state-*")):
                points.append({**facts, "folder": path.parent})
    return points


def outcome(folder: Path) -> tuple[dict, dict]:
    """Return what must be bit-identical: all arrays of the resume state, and all metrics but times."""
    metrics = load_json(folder / "metrics.json")
    arrays = resume_state.read_state(resume_state.states(folder / "checkpoints")[-1]).arrays
    return {name: array.tobytes() for name, array in arrays.items()}, {
        k: v for k, v in metrics.items() if k not in TIMES
    }


def points_of(runs_dir: Path) -> dict[str, tuple[dict, dict]]:
    return {path.parent.name: outcome(path.parent) for path in runs_dir.glob("*_sweep-*/*/metrics.json")}


@posix
@pytest.mark.slow
def test_after_a_kill_and_an_interrupt_points_equal_runs_outside_a_sweep(tmp_path):
    data = make_data(tmp_path / "data", size=(8, 8))
    data_paths = ["--data", data, "--runs-dir", tmp_path / "runs"]
    process = pw13_process("sweep", "dense-ae", "--grid", "code_size=2,3", "--jobs", 2, *LONG, *data_paths)
    os.kill(wait_for(lambda: running_points(tmp_path / "runs"))[0]["pid"], signal.SIGKILL)
    wait_for(lambda: "resuming from its last checkpoint" in Path("log").read_text("utf-8"))
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    assert process.wait(30) == 130
    assert time.monotonic() - began < 6
    (sweep,) = (tmp_path / "runs").iterdir()
    assert load_json(sweep / "run.json")["status"] == "interrupted"
    assert pw13_process("resume", sweep.name, "--runs-dir", tmp_path / "runs").wait(900) == 0
    swept = points_of(tmp_path / "runs")
    assert len(swept) == 2
    alone = ["train-dense-ae", "--code-size", 3, *LONG, "--data", data, "--runs-dir", tmp_path / "alone"]
    assert pw13_process(*alone).wait(900) == 0
    (run,) = (tmp_path / "alone").iterdir()
    (weights, metrics), point = outcome(run), swept["2_code_size=3_seed=0"]
    left_out = {name for name, value in point[1].items() if value is None}
    assert left_out == {"code_space", "compression", "rate_distortion", "test_sample"}
    assert point[0] == weights
    assert point[1] == {name: None if name in left_out else value for name, value in metrics.items()}


@posix
def test_workers_end_when_their_parent_is_killed(tmp_path):
    data = make_data(tmp_path / "data", size=(8, 8))
    process = pw13_process(
        *("sweep", "dense-ae", "--grid", "code_size=2", *LONG, "--epochs", 100_000),
        *("--data", data, "--runs-dir", tmp_path / "runs"),
    )
    (point,) = wait_for(lambda: running_points(tmp_path / "runs"))
    process.kill()
    process.wait()
    wait_for(lambda: not machine.alive(point), 20)
    assert load_json(point["folder"] / "run.json")["status"] == "interrupted"


@contextlib.contextmanager
def cluster(workers: int):
    """Start a scheduler and workers on loopback; yield the address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    dask = [sys.executable, "-m", "dask"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    host, port = address[6:].split(":")
    processes = [
        subprocess.Popen([*dask, "scheduler", "--host", host, "--port", port, "--no-dashboard", "--no-show"], **quiet)
    ]
    try:
        for _ in range(workers):
            command = [
                *dask,
                "worker",
                address,
                "--nthreads",
                "1",
                "--nworkers",
                "1",
                "--no-dashboard",
                "--memory-limit",
                "0",
            ]
            processes.append(subprocess.Popen(command, **quiet))
        yield address
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


@posix
@pytest.mark.slow
def test_points_on_dask_with_a_killed_worker_are_bit_identical_to_local_ones(tmp_path):
    pytest.importorskip("distributed")
    data = make_data(tmp_path / "data", size=(8, 8))
    grid = ["sweep", "dense-ae", "--grid", "code_size=2,3,4", *LONG, "--data", data]
    with cluster(2) as address:
        process = pw13_process(*grid, "--dask", address, "--runs-dir", tmp_path / "cluster")
        victim = wait_for(lambda: running_points(tmp_path / "cluster"))[0]
        os.kill(victim["pid"], signal.SIGKILL)
        assert process.wait(900) == 0, Path("log").read_text("utf-8")
    assert load_json(victim["folder"] / "run.json")["resumed"]  # resumed, not restarted
    assert pw13_process(*grid, "--jobs", 2, "--runs-dir", tmp_path / "local").wait(900) == 0
    on_cluster, local = points_of(tmp_path / "cluster"), points_of(tmp_path / "local")
    assert len(local) == 3 and on_cluster == local


def test_a_lost_scheduler_is_an_error_that_names_the_way_on():
    executor = DaskExecutor.__new__(DaskExecutor)
    executor.name, executor._futures, executor._client = "Dask at tcp://h:1", {}, SimpleNamespace(status="closed")
    with pytest.raises(UserError) as error:
        executor.wait_finished(0.0)
    assert str(error.value) == (
        "Dask at tcp://h:1: lost the scheduler; finished points are kept; to resume a sweep on this machine, repeat "
        "its sweep command with --resume and without --dask"
    )


def test_a_free_worker_gets_a_point_for_which_it_has_compiled(tmp_path):
    executor = LocalExecutor(2)
    jobs = [job_of(tmp_path, units, rate) for units in (8, 16) for rate in (0.1, 0.2)]
    one, two = executor._slots
    assert executor.choose(jobs) == 0
    one.job = jobs[0]
    one.program = program(jobs[0])
    assert executor.choose(jobs[1:]) == 1  # other units, for which nobody compiles yet
    two.job, two.program = jobs[2], program(jobs[2])
    one.job = None
    assert executor.choose([jobs[3], jobs[1]]) == 1
    assert executor.choose([jobs[3]]) == 0


def job_of(folder, units, rate):
    return Job(
        folder / f"{units}_{rate}", "charrnn", fields.as_dict(CharRNN(units=units, learning_rate=rate)), {}, "", {}
    )
