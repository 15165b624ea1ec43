"""The run folder: create, write, close and reopen it.

    runs/2026-11-24_22-36-05_conv-dae/      local time; created atomically, with config.json and run.json
      config.json      every resolved option
      run.json         status, times, machine, versions, data
      history.csv      one row per epoch
      summary.txt      Keras summary()
      checkpoints/     resume state, model.keras, best.keras, ...
      figures/*.png, *.svg
      metrics.json     final metrics, written last

Every file is replaced atomically (`pw13.system.files`), so a folder can be read at any moment.
"""

import contextlib
import dataclasses
import os
import secrets
import shlex
import shutil
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pw13 import console
from pw13.config import fields
from pw13.errors import OptionError, ResumeError, UserError
from pw13.runs.record import Record, read_json
from pw13.system import files, locks, machine, signals
from pw13.system.signals import Interrupted

SCRATCH = ".new-"  # begins the name of a folder that is being created
SCRATCH_SECONDS = 60, 3600  # after which an unlocked one, and one whose lock cannot be asked, was left behind
NamedFigure = tuple[str, Any]  # the name of its file, and a matplotlib Figure

END_FACTS = ("ended", "error", "signal", "peak_memory_mib")  # written at the end of a run, dropped when it resumes

# One change of run.json at a time: on a forced exit the thread that watches for signals writes the status.
_run_json_lock = threading.RLock()


@dataclass
class Run:
    """A run folder open for writing.

    started_at: when the work started, by `time.monotonic`, if later than the process.
    previous: the record of the run before it was reopened.
    data_recorded: whether this process has recorded its data, from when on the run is worth keeping.
    printed: lines on data that are not printed again; runs of one process may share them.
    """

    folder: Path
    started_at: float | None = None
    previous: Record | None = None
    data_recorded: bool = False
    printed: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    def save_json(self, name: str, value: Any) -> None:
        files.write_json(self.folder / name, value)

    def save_text(self, name: str, text: str) -> None:
        files.write_atomic(self.folder / name, files.to_utf8(text))

    def save_figure(self, name: str, figure: Any) -> Path:
        """Save a matplotlib Figure as `figures/NAME.png`, and NAME.svg for the report; return the PNG."""
        from pw13.figures import to_files

        png, svg = to_files(figure)
        self._make_subfolder("figures")
        files.write_atomic(self.folder / "figures" / f"{name}.svg", svg)
        path = self.folder / "figures" / f"{name}.png"
        files.write_atomic(path, png)
        return path

    def save_figures(self, figures: Iterable[NamedFigure]) -> None:
        """Save matplotlib Figures by name."""
        console.message("drawing figures")
        for name, figure in figures:
            self.save_figure(name, figure)

    def save_model(self, name: str, model: Any) -> None:
        """Save a Keras model as `checkpoints/NAME.keras`, which Keras can load without pw13."""
        from keras.src.saving import saving_lib  # `model.save` takes only a path, and so a temporary file

        self._make_subfolder("checkpoints")
        files.write_with(self.checkpoints / f"{name}.keras", lambda file: saving_lib.save_model(model, file))

    def save_arrays(self, name: str, arrays: Mapping[str, Any]) -> None:
        """Save NumPy arrays as `checkpoints/NAME.npz`, without pickling."""
        import numpy as np

        self._make_subfolder("checkpoints")
        files.write_with(self.checkpoints / f"{name}.npz", lambda file: np.savez(file, allow_pickle=False, **arrays))

    def update(self, **facts: Any) -> None:
        """Set `facts` in run.json.

        Raises:
            UserError: another process has resumed the run since.
        """
        path = self.folder / "run.json"
        with _run_json_lock:
            files.write_json(path, {**self._read_own(), **facts})

    def _read_own(self) -> dict[str, Any]:
        """Return run.json, in which this process must be the one that works on the run."""
        facts = read_json(self.folder / "run.json")
        host = (facts.get("machine") or {}).get("host")
        if facts.get("pid") != os.getpid() or host != machine.facts()["host"]:
            raise UserError(f"{self.folder}: resumed by another process ({facts.get('pid')} on {host}); stopped here")
        return facts

    def record_data(self, source: Any, notes: Sequence[str] = (), **counts: Any) -> None:
        """Record the data in run.json and print one line about them, and one per note.

        Raises:
            UserError: the run was started with different data.
        """
        sizes = ", ".join(f"{value:,} {key}" for key, value in counts.items() if isinstance(value, int))
        for line in (f"data: {source.name} ({source.path}), {sizes}", *(f"note: {note}" for note in notes)):
            if line not in self.printed:
                console.message(line)
                self.printed.add(line)
        recorded = (read_json(self.folder / "run.json").get("data") or {}).get("sha256")
        if recorded not in (None, source.sha256):
            raise UserError(f"{source.path}: data changed since this run started (sha256 {str(recorded)[:12]}...)")
        self.data_recorded = True
        self.update(data={**dataclasses.asdict(source), "notes": list(notes), "counts": counts})

    def finish(self, metrics: dict[str, Any]) -> dict[str, Any]:
        """Write metrics.json, with the seconds since the work started, and mark the run completed."""
        began = self.started_at
        seconds = machine.seconds_since_start() if began is None else round(time.monotonic() - began, 3)
        metrics = {"seconds": seconds, **metrics}
        self._read_own()
        self.save_json("metrics.json", metrics)
        self.close("completed")
        return metrics

    def close(self, status: str, **facts: Any) -> None:
        self.update(status=status, ended=timestamp(), peak_memory_mib=round(machine.peak_memory_mib(), 1), **facts)

    def _make_subfolder(self, name: str) -> None:
        with contextlib.suppress(FileExistsError):
            files.file_ops.mkdir(self.folder / name)


def timestamp() -> str:
    return datetime.now().astimezone().isoformat(timespec="microseconds")


def create_run(runs_dir: Path, kind: str, options: dict[str, Any], *, name: str | None = None, **facts: Any) -> Run:
    """Create a run folder, under a temporary name and then renamed, so that no two processes get the same one.

    The folder is locked for this process until `track_status` ends. name: of the folder, instead of time and kind; must
    not exist.

    Raises:
        UserError: the folder cannot be created.
    """
    started = datetime.now().astimezone()
    facts = {**_start_facts(started, options), **facts}
    try:
        runs_dir.mkdir(parents=True, exist_ok=True)
        with _scratch_folder(runs_dir) as scratch:
            locks.acquire(scratch)
            files.write_json(scratch / "config.json", {"kind": kind, **options})
            files.write_json(scratch / "run.json", facts)
            if name is not None:
                return Run(_rename_unique(scratch, runs_dir, name, attempts=1))
            return Run(_rename_unique(scratch, runs_dir, f"{started:%Y-%m-%d_%H-%M-%S}_{kind}"))
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
    for name in ("checkpoints", "figures"):
        files.check_inside(record.folder / name)
    _lock_unchanged(record)
    run = Run(record.folder, previous=record)
    for leftover in record.folder.rglob(".*.tmp"):  # of writes cut off by a kill
        leftover.unlink(missing_ok=True)
    dropped = (*END_FACTS, "device") if any_device else END_FACTS
    kept = {key: value for key, value in record.facts.items() if key not in dropped}
    environment = {"versions": machine.versions(), "machine": machine.facts(), **machine.process()}
    resumed = [*(record.facts.get("resumed") or []), timestamp()]
    run.save_json("run.json", {**kept, "status": "running", "resumed": resumed, **environment})
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


@contextlib.contextmanager
def track_status(run: Run) -> Iterator[Run]:
    """Write to run.json how the work in this context ended, if it did not complete.

    A new run rejected before its data were recorded is deleted; a reopened one that is rejected, or that cannot be
    resumed, is restored. The lock of the folder is released.
    """
    signals.on_forced_exit(lambda: _on_forced_exit(run))
    try:
        yield run
    except Interrupted as stop:
        run.close("interrupted", signal=stop.number)
        stop.run = cli_name(run.folder)
        raise
    except BaseException as error:
        if isinstance(error, (UserError, OptionError)) and _discard_rejected(run, error):
            raise
        with contextlib.suppress(OSError):
            run.close("failed", error=f"{error}"[:2000] or type(error).__name__)
        raise
    finally:
        signals.clear_exit_hooks()
        locks.release(run.folder)


def _discard_rejected(run: Run, error: UserError | OptionError) -> bool:
    """Undo a run that was rejected before any work on it; return whether it was."""
    if run.data_recorded and not (run.previous is not None and isinstance(error, ResumeError)):
        return False
    if run.previous is not None:
        run.save_json("config.json", run.previous.config)
        run.save_json("run.json", run.previous.facts)
        return True
    if "data" in read_json(run.folder / "run.json"):  # a point of a sweep: its folder records the failure
        return False
    locks.release(run.folder)
    shutil.rmtree(run.folder, ignore_errors=True)
    return True


def cli_name(folder: Path) -> str:
    """Return a run's name on the command line: its folder name in `runs`, else its path; quoted for a shell."""
    in_runs = folder.parent.absolute() == Path("runs").absolute()
    return shlex.quote(folder.name if in_runs else os.fspath(folder))


def _on_forced_exit(run: Run) -> None:
    _run_json_lock.acquire(timeout=2)  # never released: a later write would overwrite the status
    run.close("interrupted")
    console.warning(f"interrupted; progress saved. Resume with: pw13 resume {cli_name(run.folder)}")
