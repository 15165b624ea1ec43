"""The run folder: made, filled, closed.

    runs/2026-11-24_22-36-05_conv-dae/      local time; appears whole, with config.json and run.json
      config.json      every resolved option
      run.json         status, times, machine, versions, data
      history.csv      one row an epoch
      summary.txt      Keras summary()
      checkpoints/     resume state, model.keras, best.keras, ...
      figures/*.png
      metrics.json     final numbers, written when all else is there

Every file is replaced whole (`pw13.files`), so a folder can be read at any moment.
"""

import contextlib
import dataclasses
import io
import os
import shlex
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pw13 import console
from pw13.config import fields
from pw13.errors import OptionError, UserError
from pw13.runs.record import Record, read_json
from pw13.system import files, machine
from pw13.system.signals import Interrupted

END_FACTS = ("ended", "error", "signal", "peak_memory_mib")  # facts of how a run ended, which one that goes on has not

# One change of run.json at a time: a process that is left at once notes it from the thread that hears signals.
_run_json_lock = threading.RLock()


@dataclass(frozen=True)
class Run:
    """One run folder, open for writing.

    started_at: when the work on it began (Unix time), if later than the process.
    previous: what it was when it was reopened.
    data_digests: the sha256 of the data that this process has looked at and found right.
    """

    folder: Path
    started_at: float | None = None
    previous: Record | None = None
    data_digests: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    def save_json(self, name: str, value: Any) -> None:
        files.write_json(self.folder / name, value)

    def save_text(self, name: str, text: str) -> None:
        files.write_atomic(self.folder / name, text.encode())

    def save_figure(self, name: str, figure: Any) -> None:
        """Put a matplotlib Figure into `figures/NAME.png`."""
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=120, metadata={"Software": None})
        self._sub("figures")
        files.write_atomic(self.folder / "figures" / f"{name}.png", buffer.getvalue())

    def save_model(self, name: str, model: Any) -> None:
        """Put a Keras model into `checkpoints/NAME.keras`, which plain Keras opens without pw13."""
        self._sub("checkpoints")
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch, "model.keras")
            try:
                model.save(path)
            except OSError as error:
                error.filename = error.filename or os.fspath(path)
                raise
            files.write_atomic(self.checkpoints / f"{name}.keras", path.read_bytes())

    def save_arrays(self, name: str, arrays: Mapping[str, Any]) -> None:
        """Put NumPy arrays into `checkpoints/NAME.npz`: plain ones, nothing pickled."""
        import numpy as np

        self._sub("checkpoints")
        files.write_with(self.checkpoints / f"{name}.npz", lambda file: np.savez(file, allow_pickle=False, **arrays))

    def update(self, **facts: Any) -> None:
        """Lay `facts` over run.json."""
        path = self.folder / "run.json"
        with _run_json_lock:
            files.write_json(path, {**read_json(path), **facts})

    def record_data(self, source: Any, notes: Sequence[str] = (), **counts: Any) -> None:
        """Record which data are used, and say so.

        Raises:
            UserError: the run began with other data.
        """
        described = ", ".join(f"{value:,} {key}" for key, value in counts.items() if isinstance(value, int))
        console.message(f"data: {source.name} ({source.path}), {described}")
        for note in notes:
            console.message(f"note: {note}")
        before = read_json(self.folder / "run.json").get("data", {}).get("sha256")
        if before not in (None, source.sha256):
            raise UserError(f"{source.path}: other data than this run began with (sha256 {before[:12]}...)")
        self.data_digests.append(source.sha256)
        self.update(data={**dataclasses.asdict(source), "notes": list(notes), "counts": counts})

    def finish(self, metrics: dict[str, Any]) -> dict[str, Any]:
        """Write metrics.json, with the seconds since the work began, and say that the run is complete."""
        seconds = machine.seconds_since_start() if self.started_at is None else round(time.time() - self.started_at, 3)
        full = {"seconds": seconds, **metrics}
        self.save_json("metrics.json", full)
        self.close("completed")
        return full

    def close(self, status: str, **facts: Any) -> None:
        self.update(status=status, ended=timestamp(), peak_memory_mib=round(machine.peak_memory_mib(), 1), **facts)

    def _sub(self, name: str) -> None:
        with contextlib.suppress(FileExistsError):
            files.file_ops.mkdir(self.folder / name)


def timestamp() -> str:
    return datetime.now().astimezone().isoformat(timespec="microseconds")


def create_run(runs_dir: Path, kind: str, options: dict[str, Any], *, name: str | None = None, **facts: Any) -> Run:
    """A new run folder, made beside and renamed into place, so that no two starts can get the same one.

    name: of the folder, where it is not to be the time and the kind; it must be free.

    Raises:
        UserError: the folder cannot be made.
    """
    begun = datetime.now().astimezone()
    try:
        runs_dir.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".new-", dir=runs_dir))
        scratch.chmod(0o755)
        files.write_json(scratch / "config.json", {"kind": kind, **options})
        files.write_json(scratch / "run.json", {**_start_facts(begun, options), **facts})
        if name is not None:
            return Run(_rename_unique(scratch, runs_dir, name, most=1))
        return Run(_rename_unique(scratch, runs_dir, f"{begun:%Y-%m-%d_%H-%M-%S}_{kind}"))
    except OSError as error:
        raise UserError(f"{runs_dir}: cannot make a run folder: {error.strerror or error}") from None


def _start_facts(begun: datetime, options: dict[str, Any]) -> dict[str, Any]:
    return {
        "status": "running",
        "started": begun.isoformat(timespec="microseconds"),
        "command": sys.argv,
        "seed": options.get("seed"),
        "threads": options.get("threads"),
        "versions": machine.versions(),
        "git_commit": machine.git_commit(),
        "machine": machine.facts(),
        **machine.process(),
    }


def _rename_unique(scratch: Path, runs_dir: Path, name: str, most: int = 10_000) -> Path:
    """Rename `scratch` to the first free one of NAME, NAME_2, ...; a taken name cannot be renamed onto."""
    for number in range(1, most + 1):
        target = runs_dir / (name if number == 1 else f"{name}_{number}")
        try:
            if not target.exists():
                files.file_ops.rename(scratch, target)
                files.sync_folder(runs_dir)
                return target
        except OSError:
            if not target.exists():
                shutil.rmtree(scratch, ignore_errors=True)
                raise
    shutil.rmtree(scratch, ignore_errors=True)
    raise UserError(f"{runs_dir / name}: exists" if most == 1 else f"{runs_dir}: ten thousand runs in one second")


def reopen_run(record: Record, settings: Any) -> Run:
    """The run of `record`, marked as running again, with `settings` (more epochs, perhaps) in its config.json.

    Raises:
        UserError: a link leads out of the folder.
    """
    run = Run(record.folder, previous=record)
    for inner in ("checkpoints", "figures"):
        files.check_inside(record.folder / inner)
    for leftover in record.folder.rglob(".*.tmp"):  # of writes that a kill cut off
        leftover.unlink(missing_ok=True)
    earlier = {key: value for key, value in record.facts.items() if key not in END_FACTS}
    here = {"versions": machine.versions(), "machine": machine.facts(), **machine.process()}
    resumed = [*record.facts.get("resumed", []), timestamp()]
    run.save_json("run.json", {**earlier, "status": "running", "resumed": resumed, **here})
    run.save_json("config.json", {**record.config, **fields.as_dict(settings)})
    for name, version in machine.versions().items():
        if record.facts.get("versions", {}).get(name) != version and name in ("tensorflow", "keras", "numpy"):
            console.warning(f"{name} is {version} now; the weights may differ from an unbroken run's")
    return run


@contextlib.contextmanager
def track_status(run: Run) -> Iterator[Run]:
    """Write into run.json how the work inside ended, if it did not complete.

    A run that was refused before its data were read leaves no folder behind; one that was reopened stays as it was.
    """
    from pw13.system import signals

    signals.on_forced_exit(lambda: _on_forced_exit(run))
    try:
        yield run
    except Interrupted as stop:
        run.close("interrupted", signal=stop.number)
        stop.run = cli_name(run.folder)
        raise
    except BaseException as error:
        if isinstance(error, (UserError, OptionError)) and _discard_rejected(run):
            raise
        with contextlib.suppress(OSError):
            run.close("failed", error=f"{error}"[:2000] or type(error).__name__)
        raise
    finally:
        signals.clear_exit_hooks()


def _discard_rejected(run: Run) -> bool:
    """Whether the run was refused before any work on it; then what was made for it is undone."""
    if run.data_digests:
        return False
    if run.previous is not None:
        run.save_json("config.json", run.previous.config)
        run.save_json("run.json", run.previous.facts)
        return True
    if "data" in read_json(run.folder / "run.json"):  # a point of a sweep, which is told of in its folder
        return False
    shutil.rmtree(run.folder, ignore_errors=True)
    return True


def cli_name(folder: Path) -> str:
    """How to name a run on the command line: by its name in `runs`, else by its path; quoted where a shell needs it."""
    usual = folder.parent.absolute() == Path("runs").absolute()
    return shlex.quote(folder.name if usual else os.fspath(folder))


def _on_forced_exit(run: Run) -> None:
    _run_json_lock.acquire(timeout=2)  # and never let go: what the work writes from now on would undo the status
    run.close("interrupted")
    console.warning(f"interrupted; what was finished is kept. Go on with: pw13 resume {cli_name(run.folder)}")
