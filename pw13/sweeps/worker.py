"""Inside a worker: run or resume one job, such as a point of a sweep; errors are returned as messages."""

import os
import threading
import time
from pathlib import Path
from typing import Any

from pw13 import config, console, experiments
from pw13.config import fields
from pw13.errors import AlreadyRunningError, OptionError, UserError
from pw13.runs.folder import Run
from pw13.runs.opening import create_run, reopen_run
from pw13.runs.record import Record, read_run, settings_of
from pw13.sweeps.jobs import INTERRUPTED, Job, JobResult
from pw13.system import locks, machine, signals
from pw13.system.signals import Interrupted

VERSIONS = ("pw13", "tensorflow", "keras", "numpy")  # must be the same on all machines

_one_at_a_time = threading.Lock()  # a Dask worker may have several threads, but TensorFlow has one seed per process
_running: list[Path] = []


def run_job(job: Job) -> JobResult:
    """Run or resume one job in this process."""
    with _one_at_a_time:
        _running.append(job.folder)
        signals.reset()
        console.start(quiet=True)
        try:
            result = run_here(job)
        finally:
            _running.clear()
        return result._replace(notes=console.notes())


def run_here(job: Job) -> JobResult:
    """Run or resume a job; an error is returned as its message."""
    try:
        _execute(job)
        return JobResult(job, None)
    except Interrupted:
        return JobResult(job, INTERRUPTED)
    except AlreadyRunningError as error:  # a Dask worker that an earlier sweep has used
        return JobResult(job, f"{error}; restart the Dask worker on {machine.facts()['host']}")
    except OptionError as error:
        return JobResult(job, str(error), refused=True)
    except UserError as error:
        return JobResult(job, str(error))
    except Exception as error:  # an error in one job must not end the others
        return JobResult(job, f"{type(error).__name__}: {error}")


def _execute(job: Job) -> None:
    versions, host = machine.versions(), machine.facts()["host"]
    for name in VERSIONS:
        if versions[name] != job.versions[name]:
            raise UserError(
                f"version mismatch: {name} {versions[name]} on {host}, {job.versions[name]} on the submitting host"
            )
    if not job.folder.parent.is_dir():
        raise UserError(f"{job.folder.parent}: not accessible from {host}; --runs-dir must be on shared storage")
    settings = fields.from_dict(config.KINDS[job.kind], job.settings, str(job.folder))
    run = _open_job_run(job, settings)
    if run is not None:
        lean = {"lean": True} if job.lean else {}  # which an SVM evaluation never is
        experiments.run_experiment(job.kind, settings, run=run, **job.data_paths, **lean)


def _open_job_run(job: Job, settings: Any) -> Run | None:
    """Create or reopen the run of the job; None if it is complete."""
    if job.started is not None or not job.folder.exists():
        options = {**fields.as_dict(settings), **job.data_paths}
        facts = {"data": {"sha256": job.sha256}, "lean": job.lean}  # other data at the same path are refused
        facts |= {"started": job.started} if job.started else {}
        return create_run(job.folder.parent, job.kind, options, name=job.folder.name, **facts)
    record = _wait_until_idle(job.folder)
    if record.problem:
        raise UserError(record.problem)
    if settings_of(record) != settings:
        raise UserError(f"{record.folder}: was created with different settings")
    if record.status == "completed":
        return None
    return reopen_run(record, settings)


def _wait_until_idle(folder: Path) -> Record:
    """Wait until no other process works on a run, as after a lost connection; return its record.

    Raises:
        Interrupted: by a signal.
    """
    while _in_work(record := read_run(folder)):
        signals.check()
        time.sleep(0.5)
    return record


def _in_work(record: Record) -> bool:
    """Return whether another process works on a run; of one on another machine only its lock says that it lives."""
    if record.status == "running":
        return record.facts.get("pid") != os.getpid()
    return record.status.startswith("running on") and locks.is_locked(record.folder) is True


def request_stop(folders: set[Path]) -> None:
    """Ask this process to stop if it runs one of the points; for workers whose signals pw13 does not handle."""
    if folders.intersection(_running):
        signals.request()
