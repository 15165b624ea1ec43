"""Create and reopen run folders, locked for this process."""

import contextlib
import os
import secrets
import shutil
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from pw13 import console
from pw13.config import fields
from pw13.errors import UserError
from pw13.runs.comparison import earlier_seconds, seconds
from pw13.runs.folder import END_FACTS, Run, timestamp
from pw13.runs.record import Record, read_json
from pw13.system import files, locks, machine, signals

SCRATCH = ".new-"  # begins the name of a folder that is being created
SCRATCH_SECONDS = 60, 3600  # after which an unlocked one, and one whose lock cannot be asked, was left behind


def create_run(runs_dir: Path, kind: str, options: dict[str, Any], *, name: str | None = None, **facts: Any) -> Run:
    """Create a run folder, under a temporary name and then renamed, so that no two processes get the same one.

    The folder is locked for this process until `track_status` ends. name: of the folder, instead of time and kind; must
    not exist.

    Raises:
        UserError: the folder cannot be created.
    """
    started = datetime.now().astimezone()
    facts = {**_start_facts(started, options), **facts}
    with _errors_of(runs_dir):
        runs_dir.mkdir(parents=True, exist_ok=True)
        with _scratch_folder(runs_dir) as scratch:
            if not files.WINDOWS:  # which renames no folder with an open file in it
                locks.acquire(scratch)
            files.write_json(scratch / "config.json", {"kind": kind, **options})
            files.write_json(scratch / "run.json", facts)
            if name is not None:
                folder = _rename_unique(scratch, runs_dir, name, attempts=1)
            else:
                folder = _rename_unique(scratch, runs_dir, f"{started:%Y-%m-%d_%H-%M-%S}_{kind}")
            locks.acquire(folder)
            return Run(folder)


def make_runs_dir(runs_dir: Path) -> None:
    """Create the folder of runs unless it exists, for worker processes, which do not.

    Raises:
        UserError: it cannot be created.
    """
    with _errors_of(runs_dir):
        runs_dir.mkdir(parents=True, exist_ok=True)


@contextlib.contextmanager
def _errors_of(runs_dir: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError:
        raise UserError(f"{runs_dir}: is a file; expected a folder of runs") from None
    except OSError as error:
        raise UserError(f"{runs_dir}: cannot create run folder: {error.strerror or error}") from None


@contextlib.contextmanager
def _scratch_folder(parent: Path) -> Iterator[Path]:
    """Create a hidden folder with the permissions of any new one; remove it unless it was renamed.

    Those that killed processes have left behind are removed, too.
    """
    for left in parent.glob(f"{SCRATCH}*"):
        with contextlib.suppress(OSError):
            locked = locks.is_locked(left)
            if not locked and time.time() - left.stat().st_mtime > SCRATCH_SECONDS[locked is None]:
                shutil.rmtree(left)
    folder = parent / f"{SCRATCH}{os.getpid()}-{secrets.token_hex(4)}"
    signals.on_forced_exit(lambda: shutil.rmtree(folder, ignore_errors=True))
    files.file_ops.mkdir(folder)
    try:
        yield folder
    finally:
        if folder.exists():
            locks.release(folder)
            shutil.rmtree(folder, ignore_errors=True)


def _start_facts(started: datetime, options: dict[str, Any]) -> dict[str, Any]:
    return {
        "status": "running",
        "started": started.isoformat(timespec="microseconds"),
        "command": sys.argv,
        "seed": options.get("seed"),
        "threads": options.get("threads"),
        "versions": machine.versions(),
        "git_commit": machine.git_commit(),
        "machine": machine.facts(),
        **machine.process(),
    }


def _rename_unique(scratch: Path, runs_dir: Path, name: str, attempts: int = 10_000) -> Path:
    """Rename `scratch` to the first free one of NAME, NAME_2, ...; renaming onto an existing folder fails."""
    for number in range(1, attempts + 1):
        target = runs_dir / (name if number == 1 else f"{name}_{number}")
        try:
            if not target.exists():
                files.rename_folder(scratch, target)
                return target
        except OSError:
            if not target.exists():
                raise
    if attempts == 1:
        raise UserError(f"{runs_dir / name}: already exists")
    raise UserError(f"{runs_dir}: {attempts:,} runs started in one second")


def reopen_run(record: Record, settings: Any, *, any_device: bool = False) -> Run:
    """Reopen a run: mark it running and write `settings` (more epochs, perhaps) to its config.json.

    any_device: whether it may go on on another device than it has been trained on.
    The folder is locked for this process until `track_status` ends.

    Raises:
        UserError: a symbolic link points outside the folder, or another process works on the run.
    """
    # before the lock is taken, with which a run that died seems to be running
    earlier = seconds(record) or earlier_seconds(record.facts)
    for name in ("checkpoints", "figures"):
        files.check_inside(record.folder / name)
    _lock_unchanged(record)
    run = Run(record.folder, previous=record)
    files.clean_up(record.folder)
    dropped = (*END_FACTS, "device") if any_device else END_FACTS
    kept = {key: value for key, value in record.facts.items() if key not in dropped}
    environment = {"versions": machine.versions(), "machine": machine.facts(), **machine.process()}
    resumed = [*(record.facts.get("resumed") or []), timestamp()]
    times = {"earlier_seconds": earlier, "resumed": resumed}
    run.save_json("run.json", {**kept, "status": "running", **times, **environment})
    run.save_json("config.json", {**record.config, **fields.as_dict(settings)})
    previous_versions = record.facts.get("versions") or {}
    for name in ("pw13", "tensorflow", "keras", "numpy"):
        version = machine.versions()[name]
        if previous_versions.get(name) != version:
            console.warning(f"{name} is now {version}; weights may differ from those of an uninterrupted run")
    return run


def _lock_unchanged(record: Record) -> None:
    """Lock a run that is as it was when `record` was read.

    Raises:
        UserError: another process has resumed it since, or holds the lock.
    """
    if not locks.acquire(record.folder):
        raise UserError(f"{record.name} is running in another process; stop it first")
    if read_json(record.folder / "run.json") != record.facts:
        locks.release(record.folder)
        raise UserError(f"{record.name} is running or was changed by another process since; look at it again")
