"""Sweeps: every point runs once, whatever stops or dies, and equals the run outside a sweep."""

import contextlib
import csv
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from pw13 import config
from pw13.config import fields
from pw13.config.settings import DenseAE
from pw13.errors import UserError
from pw13.runs.folder import create_run, reopen_run
from pw13.runs.record import find_run, latest_run, list_runs, read_run, settings_of
from pw13.sweeps import executors, results
from pw13.sweeps.folder import Sweep, build_sweep, create_sweep, find_identical, load_sweep
from pw13.sweeps.jobs import WORKER_DIED, Job, JobResult
from pw13.sweeps.worker import run_job
from pw13.system import machine, signals
from pw13.system.signals import Interrupted
from pw13.training import resume_state
from tests.helpers.data import make_data
from tests.helpers.runs import load_json

posix = pytest.mark.skipif(os.name == "nt", reason="kill -9 is a thing of POSIX")


@pytest.fixture(autouse=True)
def reset_signals():
    signals.reset()
    yield
    signals.reset()


class FakeExecutor:
    """Runs one job at a time by writing a finished run; `script`: the errors of the next tries of a point."""

    name = "nobody"
    free_slots = 1

    def __init__(self, script=None, stop_after=None):
        self.script, self.stop_after = script or {}, stop_after
        self.started: list[str] = []
        self.now: Job | None = None
        self.stopped = self.closed = False

    def start(self, job):
        self.started.append(job.folder.name)
        self.now, self.free_slots = job, 0

    def wait_finished(self, seconds):
        if self.stop_after is not None and len(self.started) > self.stop_after:
            signals.request(signal.SIGINT)
            return []
        job, self.now, self.free_slots = self.now, None, 1
        tries = self.script.get(job.folder.name, [])
        error = tries.pop(0) if tries else None
        if error is None:
            finish(job)
        return [JobResult(job, error)]

    def stop(self):
        self.stopped = True

    def close(self):
        self.closed = True


def finish(job: Job) -> None:
    """Write a completed run of the job, with metrics that follow from its settings."""
    run = create_run(job.folder.parent, job.kind, {**job.settings, **job.data_paths}, name=job.folder.name)
    value = 1 / job.settings["code_size"] + job.settings["seed"] / 100
    run.save_text("history.csv", f"epoch,loss,val_loss\n1,1.0,{value + 1}\n2,1.0,{value}\n")
    times = {"seconds": 10.0, "epoch_seconds": 2.0}
    run.finish({"val_mse": value, "epochs": 2, "compression": {"raw_bytes": 784}, **times})


def make_sweep(data: Path, seeds: int = 2, **axes) -> Sweep:
    return build_sweep("dense-ae", DenseAE(epochs=2), axes or {"code_size": [2, 4]}, seeds, {"data": str(data)})


def run_with(sweep, run, executor):
    from pw13.sweeps.scheduler import run_sweep

    return run_sweep(sweep, run=run, executor=executor)


def reopen(run):
    return reopen_run(read_run(run.folder), DenseAE(epochs=2))


def test_every_point_is_run_once_and_compared(tmp_path, data):
    sweep = make_sweep(data)
    run, executor = create_sweep(sweep, tmp_path / "runs"), FakeExecutor()
    metrics = run_with(sweep, run, executor)
    assert executor.started == [point.name for point in sweep.points] and executor.closed
    assert (metrics["points"], metrics["completed"], metrics["metric"]) == (4, 4, "val_mse")
    assert metrics["best"] == pytest.approx({"code_size": 4, "mean": 0.255, "low": 0.25, "high": 0.26, "runs": 2})
    rows = list(csv.DictReader((run.folder / "results.csv").read_text("utf-8").splitlines()))
    assert [(row["code_size"], row["seed"], row["val_mse"]) for row in rows[:2]] == [
        ("2", "0", "0.5"),
        ("2", "1", "0.51"),
    ]
    assert rows[0]["compression.raw_bytes"] == "784" and rows[0]["best_val_loss"] == "0.5"
    assert load_json(run.folder / "sweep.json")["points"][3]["status"] == "completed"
    assert (run.folder / "figures" / "sweep.png").read_bytes().startswith(b"\x89PNG")
    record = read_run(run.folder)
    assert record.status == "completed" and record.facts["data"]["counts"]["train"] == 120


def test_a_failed_point_does_not_stop_the_others_and_is_retried_by_resume(tmp_path, data):
    sweep = make_sweep(data)
    run, bad = create_sweep(sweep, tmp_path), sweep.points[1].name
    with pytest.raises(UserError, match=f"1 of 4 points failed; {bad}: the loss is not finite"):
        run_with(sweep, run, FakeExecutor({bad: ["the loss is not finite"]}))
    assert read_run(run.folder).status == "failed"
    assert len((run.folder / "results.csv").read_text("utf-8").splitlines()) == 4
    assert load_json(run.folder / "sweep.json")["points"][1]["trouble"] == "the loss is not finite"
    second = FakeExecutor()
    assert run_with(sweep, reopen(run), second)["completed"] == 4
    assert second.started == [bad]


def test_a_point_whose_worker_died_is_retried_first_and_fails_at_the_third_death(tmp_path, data):
    sweep = make_sweep(data, seeds=1)
    first, second = (point.name for point in sweep.points)
    executor = FakeExecutor({first: [WORKER_DIED, WORKER_DIED]})
    assert run_with(sweep, create_sweep(sweep, tmp_path / "a"), executor)["completed"] == 2
    assert executor.started == [first, first, first, second]
    executor = FakeExecutor({first: [WORKER_DIED] * 9})
    with pytest.raises(UserError, match=r"1 of 2 points failed; .*: worker died"):
        run_with(sweep, create_sweep(sweep, tmp_path / "b"), executor)
    assert executor.started == [first] * 3 + [second]


def test_an_interrupt_keeps_finished_points(tmp_path, data):
    sweep = make_sweep(data)
    run, executor = create_sweep(sweep, tmp_path), FakeExecutor(stop_after=2)
    with pytest.raises(Interrupted):
        run_with(sweep, run, executor)
    assert executor.stopped and executor.closed
    record = read_run(run.folder)
    assert record.status == "interrupted"
    assert load_sweep(record) == sweep
    signals.reset()  # as in a process of its own
    second = FakeExecutor()
    assert run_with(sweep, reopen(run), second)["completed"] == 4
    assert second.started == [point.name for point in sweep.points[2:]]


def test_a_sweep_is_not_resumed_with_different_data(tmp_path, data):
    sweep, other = make_sweep(data), make_data(tmp_path / "other", train=40)
    run = create_sweep(sweep, tmp_path / "runs")
    run_with(sweep, run, FakeExecutor())
    with pytest.raises(UserError, match="data changed since this run started"):
        run_with(sweep._replace(data_paths={"data": str(other)}), reopen(run), FakeExecutor())


def test_points_of_a_sweep_are_not_top_level_runs(tmp_path, data):
    sweep = make_sweep(data)
    run = create_sweep(sweep, tmp_path)
    run_with(sweep, run, FakeExecutor())
    assert [record.kind for record in list_runs(tmp_path)] == ["sweep-dense-ae"]
    assert latest_run(tmp_path, "dense-ae", "best.keras") is None
    point = read_run(find_run(f"{run.name[:12]}/3_", tmp_path))
    assert point.status == "completed" and settings_of(point) == sweep.points[2].settings


def test_only_an_identical_sweep_is_found(tmp_path, data):
    sweep = make_sweep(data)
    run = create_sweep(sweep, tmp_path)
    assert find_identical(make_sweep(data), tmp_path).folder == run.folder
    assert find_identical(make_sweep(data, seeds=3), tmp_path) is None
    assert find_identical(make_sweep(data, code_size=[2, 5]), tmp_path) is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--grid", "units=3"], "no setting 'units'"),
        (["--grid", "code_size=0"], "--code-size"),
        (["--seeds", "0"], "--seeds"),
        (["--jobs", "0"], "--jobs"),
        (["--jobs", "2", "--dask", "tcp://127.0.0.1:1"], "--jobs"),
        (["--dask", "tcp://127.0.0.1:1", "--grid", "threads=1,2"], "threads"),
        (["--dask", "nowhere:at:all"], "--dask"),
        (["--dask", "tcp://127.0.0.1:1", "--dry-run"], "--dry-run cannot be combined with --dask"),
        (["--resume", "--dry-run"], "--dry-run cannot be combined with --resume"),
    ],
)
def test_an_invalid_option_is_refused_before_the_first_run(pw13, arguments, message, data):
    code, out, err = pw13("sweep", "dense-ae", "--data", data, *arguments)
    assert code == 2 and message in err and not out and "Traceback" not in err
    assert not Path("runs").exists()


def test_by_default_small_models_get_one_core_and_convolutions_their_threads(data, monkeypatch):
    from pw13.cli import sweep as cli_sweep

    monkeypatch.setattr(machine, "cores", lambda: 4)
    dense = make_sweep(data, seeds=9)
    conv = build_sweep("conv-dae", config.ConvDAE(threads=2), {}, 9, {"data": str(data)})
    assert [cli_sweep._jobs(sweep, None) for sweep in (dense, conv)] == [4, 2]
    assert cli_sweep._jobs(dense, 3) == 3 and cli_sweep._jobs(make_sweep(data, seeds=1), None) == 2
    monkeypatch.setattr(machine, "cores", lambda: 1)
    assert cli_sweep._jobs(conv, None) == 1


def test_missing_data_are_refused_before_the_first_run(pw13):
    code, _, err = pw13("sweep", "dense-ae", "--grid", "code_size=2,3", "--data", "nowhere")
    assert code == 1 and "nowhere" in err
    assert list(Path("runs").iterdir()) == []


def test_a_dry_run_runs_one_epoch_estimates_the_time_and_leaves_nothing(pw13, data, monkeypatch):
    executor = FakeExecutor()
    monkeypatch.setattr(executors, "LocalExecutor", lambda jobs: executor)
    grid = ["--grid", "code_size=2,4", "--seeds", 2, "--epochs", 3, "--jobs", 2, "--dry-run", "--data", data]
    code, out, _ = pw13("sweep", "dense-ae", *grid)
    assert (code, out) == (0, "4 runs, 2 in parallel: about 28 s\n")  # each 8 s, and 3 epochs of 2 s
    assert executor.started == ["1_code_size=2_seed=0"] and executor.closed
    assert not Path("runs").exists()
    code, out, _ = pw13("sweep", "dense-ae", *grid, "--json")
    assert json.loads(out) == {"runs": 4, "jobs": 2, "seconds": 28.0, "first": "1_code_size=2_seed=0"}
    one = ["--grid", "code_size=2", "--epochs", 3, "--jobs", 1, "--dry-run", "--data", data]
    assert pw13("sweep", "dense-ae", *one)[1].startswith("1 run, 1 in parallel: about ")


def test_resuming_a_completed_sweep_shows_its_results(pw13, tmp_path, data):
    sweep = make_sweep(data)
    run = create_sweep(sweep, tmp_path)
    run_with(sweep, run, FakeExecutor())
    code, out, err = pw13("resume", run.name, "--runs-dir", tmp_path)
    assert code == 0 and "is complete" in err and "val_mse" in out
    grid = ["--grid", "code_size=2,4", "--seeds", 2, "--epochs", 2, "--data", data]
    code, out, err = pw13("sweep", "dense-ae", *grid, "--resume", "--runs-dir", tmp_path, "--json")
    assert code == 0 and json.loads(out)["completed"] == 4
    code, _, err = pw13("resume", run.name, "--epochs", 9, "--runs-dir", tmp_path)
    assert code == 2 and "--epochs" in err


def test_a_running_sweep_is_not_run_twice(pw13, tmp_path, data):
    run = create_sweep(make_sweep(data), tmp_path)
    code, _, err = pw13("resume", run.name, "--runs-dir", tmp_path)
    assert code == 1 and "is running" in err


def test_a_sweep_running_on_another_host_is_resumed_with_force_only(pw13, tmp_path, data):
    run = create_sweep(make_sweep(data), tmp_path)
    run_with(make_sweep(data), run, FakeExecutor())
    run.update(status="running", machine={"host": "far"})
    code, _, err = pw13("resume", run.name, "--runs-dir", tmp_path)
    assert code == 1 and "running on far" in err and "--force" in err
    assert pw13("resume", run.name, "--runs-dir", tmp_path, "--force")[0] == 0
    assert read_run(run.folder).status == "completed"


@pytest.mark.parametrize(
    "grid", [{"code_size": 5}, {"units": [3]}, {"code_size": []}, {"code_size": [0]}, {"loss": [1]}]
)
def test_a_corrupt_grid_is_refused_by_file_name(pw13, tmp_path, data, grid):
    run = create_sweep(make_sweep(data), tmp_path)
    run.save_json("config.json", {**read_run(run.folder).config, "grid": grid})
    run.close("interrupted")
    code, out, err = pw13("resume", run.name, "--runs-dir", tmp_path)
    assert code == 1 and not out and err.startswith(f"pw13: {run.name}/config.json: ")


@pytest.mark.parametrize("arguments", [["--hold-out", "0"], ["--grid", "hold_out=0.1,0"]])
def test_a_sweep_without_validation_names_is_refused(pw13, arguments):
    code, _, err = pw13("sweep", "charrnn", "--corpus", "builtin", *arguments)
    assert code == 2 and "--hold-out: a sweep compares" in err
    assert not Path("runs").exists()


def test_points_without_the_metric_are_left_out_of_the_summary(data):
    sweep = make_sweep(data)
    frame = pd.DataFrame({"code_size": [2, 4], "seed": [0, 0], "val_mse": [None, 0.5]})
    assert [row["code_size"] for row in results.summary(frame, sweep)] == [4]
    assert results.summary(frame[:1], sweep) == []


# ------------------------------------------------------------------------------------------------ inside a worker


@pytest.fixture
def job(tmp_path) -> Job:
    settings = fields.as_dict(DenseAE(code_size=2, epochs=2))
    return Job(tmp_path / "1_x", "dense-ae", settings, {"data": "builtin"}, "abc", machine.versions())


@pytest.fixture
def experiment_calls(monkeypatch):
    """Replace the experiments: record the call, raise the next of `faults`, else finish the run."""
    from pw13 import experiments

    calls, faults = [], []

    def fake(kind, settings, *, run, **data_paths):
        calls.append((kind, settings, run.folder, data_paths))
        if faults:
            raise faults.pop()
        run.finish({"val_mse": 1.0})

    monkeypatch.setattr(experiments, "run_experiment", fake)
    return calls, faults


def test_a_job_is_an_ordinary_run_with_its_own_duration(job, experiment_calls):
    calls, _ = experiment_calls
    assert run_job(job) is None
    assert calls == [("dense-ae", DenseAE(code_size=2, epochs=2), job.folder, {"data": "builtin"})]
    record = read_run(job.folder)
    assert record.status == "completed" and record.config["kind"] == "dense-ae" and record.config["data"] == "builtin"
    assert record.metrics["seconds"] < 5  # not since this process began
    assert record.facts["data"]["sha256"] == "abc"
    assert run_job(job) is None and len(calls) == 1  # completed runs are not repeated


def test_errors_are_returned_as_messages(job, experiment_calls):
    _, faults = experiment_calls
    for fault, message in [
        (UserError("no space"), "no space"),
        (ValueError("odd"), "ValueError: odd"),
        (Interrupted(2), "interrupted"),
    ]:
        faults.append(fault)
        assert run_job(job) == message
    assert run_job(job) is None
    assert len(read_run(job.folder).facts["resumed"]) == 3


def test_a_worker_with_other_versions_or_without_the_folder_refuses(job, experiment_calls, tmp_path):
    assert "version mismatch: tensorflow 2" in run_job(job._replace(versions={**job.versions, "tensorflow": "1.0"}))
    assert "must be on shared storage" in run_job(job._replace(folder=tmp_path / "elsewhere" / "1_x"))
    assert run_job(job) is None
    changed = {**job.settings, "code_size": 9}
    assert "created with different settings" in run_job(job._replace(settings=changed))


# ------------------------------------------------------------------------------------------------- real processes

LONG = ["--epochs", 150, "--batch-size", 8, "--threads", 1]
TIMES = ("seconds", "train_seconds", "throughput_per_second", "epoch_seconds")


def pw13_process(*arguments: object) -> subprocess.Popen:
    with open("log", "ab") as log:
        return subprocess.Popen([sys.executable, "-m", "pw13", *map(str, arguments)], stdout=log, stderr=log)


def wait_for(condition, seconds: float = 600):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, Path("log").read_text("utf-8", "replace")[-2000:]
        time.sleep(0.05)
    return found


def running_points(runs_dir: Path) -> list[dict]:
    """Return the run.json of running points that have written a checkpoint."""
    found = []
    for path in runs_dir.glob("*_sweep-dense-ae/*/run.json"):
        with contextlib.suppress(ValueError, OSError):
            facts = json.loads(path.read_text("utf-8"))
            if facts["status"] == "running" and list(path.parent.glob("checkpoints/state-*")):
                found.append({**facts, "folder": path.parent})
    return found


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
    assert outcome(run) == swept["2_code_size=3_seed=0"]


@posix
def test_workers_end_when_their_parent_is_killed(tmp_path):
    data = make_data(tmp_path / "data", size=(8, 8))
    process = pw13_process(
        "sweep", "dense-ae", *LONG, "--epochs", 100_000, "--data", data, "--runs-dir", tmp_path / "runs"
    )
    (point,) = wait_for(lambda: running_points(tmp_path / "runs"))
    process.kill()
    process.wait()
    wait_for(lambda: not machine.alive(point["pid"], point["pid_started"]), 20)
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
