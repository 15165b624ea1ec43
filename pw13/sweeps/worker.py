"""Inside a worker: one point of a sweep run or gone on with, and everything that went wrong told in words."""

import dataclasses
import os
import threading
import time
from pathlib import Path
from typing import Any

from pw13 import console, experiments
from pw13.config import fields
from pw13.config import settings as config
from pw13.errors import OptionError, UserError
from pw13.runs import folder as runs
from pw13.runs import record as records
from pw13.sweeps.jobs import INTERRUPTED, Task
from pw13.system import machine
from pw13.system import signals as stopping
from pw13.system.signals import Stopped

VERSIONS = ("pw13", "tensorflow", "keras", "numpy")  # must be the same on all machines


_one_at_a_time = threading.Lock()  # a Dask worker may have several threads, but TensorFlow's seed is one a process
_at_work: list[Path] = []


def carry_out(task: Task) -> str | None:
    """Run or go on with one point in this process; None when it is complete, else what went wrong."""
    with _one_at_a_time:
        _at_work.append(task.folder)
        stopping.reset()
        console.start(quiet=True)
        try:
            _perform(task)
            return None
        except Stopped:
            return INTERRUPTED
        except (UserError, OptionError) as error:
            return str(error)
        except Exception as error:  # told in the results; a fault of one point must not end the others
            return f"{type(error).__name__}: {error}"
        finally:
            _at_work.clear()


def _perform(task: Task) -> None:
    here = machine.versions()
    for name in VERSIONS:
        if here[name] != task.versions[name]:
            raise UserError(
                f"{name} is {here[name]} on {machine.facts()['host']}, {task.versions[name]} where it started"
            )
    if not task.folder.parent.is_dir():
        raise UserError(
            f"{task.folder.parent}: not to be seen from {machine.facts()['host']}; --runs-dir must be shared"
        )
    settings = fields.from_dict(config.KINDS[task.kind], task.settings, str(task.folder))
    run = _opened(task, settings)
    if run is not None:
        experiments.perform(task.kind, settings, run=run, **task.places)


def _opened(task: Task, settings: Any) -> runs.Run | None:
    """The run of the point, new or open again; None if it is complete."""
    began = time.time()
    if not task.folder.exists():
        described = {**fields.as_dict(settings), **task.places}
        data = {"sha256": task.sha256}  # so that other data under the same name are refused
        run = runs.create(task.folder.parent, task.kind, described, name=task.folder.name, data=data)
        return dataclasses.replace(run, began=began)
    record = _settled(task.folder)
    if record.problem:
        raise UserError(record.problem)
    if records.settings_of(record) != settings:
        raise UserError(f"{record.folder}: was made with other settings")
    if record.status == "completed":
        return None
    return dataclasses.replace(runs.reopen(record, settings), began=began)


def _settled(folder: Path) -> records.Record:
    """The record of a point once no other process of this machine works on it, as may be after a cut connection."""
    while True:
        record = records.read(folder)
        if record.status != "running" or record.facts.get("pid") == os.getpid():
            return record
        time.sleep(0.5)


def stop_working_on(folders: set[Path]) -> None:
    """Ask this process to stop if it works on one of the points; for a worker whose signals are not ours to take."""
    if folders.intersection(_at_work):
        stopping.request()
