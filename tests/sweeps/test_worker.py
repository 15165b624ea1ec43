"""A job makes an ordinary run, and its errors come back as messages."""

import time

import pytest

from pw13 import console, experiments
from pw13.config import fields
from pw13.config.settings import DenseAE
from pw13.errors import UserError
from pw13.runs.record import read_run
from pw13.sweeps.jobs import INTERRUPTED, Job
from pw13.sweeps.worker import request_stop, run_job
from pw13.system import locks, machine
from pw13.system.signals import Interrupted
from tests.helpers.sweeps import open_run


@pytest.fixture
def job(tmp_path) -> Job:
    settings = fields.as_dict(DenseAE(code_size=2, epochs=2))
    return Job(tmp_path / "1_x", "dense-ae", settings, {"data": "builtin"}, "abc", machine.versions())


leanness: list[bool] = []  # of each call


@pytest.fixture
def experiment_calls(monkeypatch):
    """Replace the experiments: record the call, raise the next of `faults`, else finish the run."""
    calls, faults = [], []
    leanness.clear()

    def fake(kind, settings, *, run, lean=False, **data_paths):
        assert lean == read_run(run.folder).facts["lean"]
        leanness.append(lean)
        calls.append((kind, settings, run.folder, data_paths))
        console.note("few images")
        if faults:
            raise faults.pop()
        run.finish({"val_mse": 1.0})

    monkeypatch.setattr(experiments, "run_experiment", fake)
    return calls, faults


def test_a_job_is_an_ordinary_run_with_its_own_duration(job, experiment_calls):
    calls, _ = experiment_calls
    assert run_job(job).error is None
    assert calls == [("dense-ae", DenseAE(code_size=2, epochs=2), job.folder, {"data": "builtin"})]
    record = read_run(job.folder)
    assert record.status == "completed" and record.config["kind"] == "dense-ae" and record.config["data"] == "builtin"
    assert record.metrics["seconds"] < 5  # not since this process began
    assert record.facts["data"]["sha256"] == "abc"
    assert run_job(job).error is None and len(calls) == 1  # completed runs are not repeated


def test_a_job_leaves_out_what_no_sweep_compares_unless_asked(job, experiment_calls, tmp_path):
    assert run_job(job).error is None and run_job(job._replace(folder=tmp_path / "2_x", lean=False)).error is None
    assert leanness == [True, False]


def test_notes_are_returned_and_not_printed(job, experiment_calls, capsys):
    assert run_job(job).notes == (console.Note("few images", always=False),)
    assert run_job(job._replace(settings={"code_size": 9})).notes == ()  # of this job alone
    assert capsys.readouterr().err == ""


def test_errors_are_returned_as_messages(job, experiment_calls):
    _, faults = experiment_calls
    for fault, message in [
        (UserError("no space"), "no space"),
        (ValueError("odd"), "ValueError: odd"),
        (Interrupted(2), "interrupted"),
    ]:
        faults.append(fault)
        assert run_job(job).error == message
    assert run_job(job).error is None
    assert len(read_run(job.folder).facts["resumed"]) == 3


@pytest.mark.parametrize("locked", [[True, True, False], [True, None], [None]])
def test_a_point_that_another_machine_still_trains_is_awaited(job, experiment_calls, monkeypatch, locked):
    run = open_run(job)
    run.update(machine={"host": "far"}, pid=1, lean=True)
    locks.release(run.folder)
    answers, waits = iter(locked), []
    monkeypatch.setattr(locks, "is_locked", lambda folder: next(answers))
    monkeypatch.setattr(time, "sleep", waits.append)
    assert run_job(job).error is None
    assert waits == [0.5] * (len(locked) - 1) and read_run(job.folder).status == "completed"


def test_waiting_for_another_machine_ends_with_the_sweep(job, experiment_calls, monkeypatch):
    calls, _ = experiment_calls
    run = open_run(job)
    run.update(machine={"host": "far"}, pid=1, lean=True)
    monkeypatch.setattr(time, "sleep", lambda seconds: request_stop({job.folder}))
    assert run_job(job).error == INTERRUPTED and not calls
    assert read_run(job.folder).status == "running on far"


@pytest.mark.parametrize(
    ("setting", "fault"),
    [
        ({"threads": 3}, "--threads: TensorFlow already runs with 2 threads, expected 3"),
        ({"device": "gpu"}, "--device gpu: TensorFlow already runs on another device in this process"),
    ],
)
def test_a_worker_on_which_tensorflow_runs_otherwise_is_to_be_restarted(job, monkeypatch, setting, fault):
    def initialized(*_):
        raise RuntimeError("cannot be modified after initialization")

    monkeypatch.setattr("tensorflow.config.list_physical_devices", lambda kind: ["GPU:0"])
    monkeypatch.setattr("tensorflow.config.set_visible_devices", initialized)
    monkeypatch.setattr("tensorflow.config.threading.set_intra_op_parallelism_threads", initialized)
    monkeypatch.setattr("tensorflow.config.threading.get_intra_op_parallelism_threads", lambda: 2)
    error = run_job(job._replace(settings={**job.settings, "threads": 2, **setting})).error
    assert error == f"{fault}; restart the Dask worker on {machine.facts()['host']}"


def test_a_worker_with_other_versions_or_without_the_folder_refuses(job, experiment_calls, tmp_path):
    assert (
        "version mismatch: tensorflow 2" in run_job(job._replace(versions={**job.versions, "tensorflow": "1.0"})).error
    )
    assert "must be on shared storage" in run_job(job._replace(folder=tmp_path / "elsewhere" / "1_x")).error
    assert run_job(job).error is None
    changed = {**job.settings, "code_size": 9}
    assert "created with different settings" in run_job(job._replace(settings=changed)).error
