"""Inside a worker: one point of a sweep run or gone on with, and everything that went wrong told in words."""

import dataclasses
import os
import threading
import time
from pathlib import Path
from typing import Any

from pw13 import config, console, experiments
from pw13.config import fields
from pw13.errors import OptionError, UserError
from pw13.runs.folder import Run, create_run, reopen_run
from pw13.runs.record import Record, read_run, settings_of
from pw13.sweeps.jobs import INTERRUPTED, Job
from pw13.system import machine, signals
from pw13.system.signals import Interrupted

VERSIONS = ("pw13", "tensorflow", "keras", "numpy")  # must be the same on all machines


_one_at_a_time = threading.Lock()  # a Dask worker may have several threads, but TensorFlow's seed is one a process
_at_work: list[Path] = []


def run_job(job: Job) -> str | None:
    """Run or go on with one point in this process; None when it is complete, else what went wrong."""
    with _one_at_a_time:
        _at_work.append(job.folder)
        signals.reset()
        console.start(quiet=True)
        try:
            _execute(job)
            return None
        except Interrupted:
            return INTERRUPTED
        except (UserError, OptionError) as error:
            return str(error)
        except Exception as error:  # told in the results; a fault of one point must not end the others
            return f"{type(error).__name__}: {error}"
        finally:
            _at_work.clear()


def _execute(job: Job) -> None:
    here = machine.versions()
    for name in VERSIONS:
        if here[name] != job.versions[name]:
            raise UserError(
                f"{name} is {here[name]} on {machine.facts()['host']}, {job.versions[name]} where it started"
            )
    if not job.folder.parent.is_dir():
        raise UserError(
            f"{job.folder.parent}: not to be seen from {machine.facts()['host']}; --runs-dir must be shared"
        )
    settings = fields.from_dict(config.KINDS[job.kind], job.settings, str(job.folder))
    run = _open_job_run(job, settings)
    if run is not None:
        experiments.run_experiment(job.kind, settings, run=run, **job.data_paths)


def _open_job_run(job: Job, settings: Any) -> Run | None:
    """The run of the point, new or open again; None if it is complete."""
    began = time.time()
    if not job.folder.exists():
        described = {**fields.as_dict(settings), **job.data_paths}
        data = {"sha256": job.sha256}  # so that other data under the same name are refused
        run = create_run(job.folder.parent, job.kind, described, name=job.folder.name, data=data)
        return dataclasses.replace(run, started_at=began)
    record = _wait_until_idle(job.folder)
    if record.problem:
        raise UserError(record.problem)
    if settings_of(record) != settings:
        raise UserError(f"{record.folder}: was made with other settings")
    if record.status == "completed":
        return None
    return dataclasses.replace(reopen_run(record, settings), started_at=began)


def _wait_until_idle(folder: Path) -> Record:
    """The record of a point once no other process of this machine works on it, as may be after a cut connection."""
    while True:
        record = read_run(folder)
        if record.status != "running" or record.facts.get("pid") == os.getpid():
            return record
        time.sleep(0.5)


def request_stop(folders: set[Path]) -> None:
    """Ask this process to stop if it works on one of the points; for a worker whose signals are not ours to take."""
    if folders.intersection(_at_work):
        signals.request()
