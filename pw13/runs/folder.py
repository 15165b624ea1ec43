"""The run folder: what it holds, and writing it.

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
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pw13 import console
from pw13.data.source import Source
from pw13.errors import TakenOverError, UserError
from pw13.runs.record import Record, read_json
from pw13.system import files, machine

NamedFigure = tuple[str, Any]  # the name of its file, and a matplotlib Figure

END_FACTS = ("ended", "error", "signal", "peak_memory_mib")  # written at the end of a run, dropped when it resumes

# One change of run.json at a time: on a forced exit the thread that watches for signals writes the status.
run_json_lock = threading.RLock()


@dataclass
class Run:
    """A run folder open for writing.

    started_at: when the work started, by `time.monotonic`.
    earlier_seconds: of the work in earlier processes from which this one goes on.
    previous: the record of the run before it was reopened.
    data_recorded: whether this process has recorded its data, from when on the run is worth keeping.
    """

    folder: Path
    started_at: float = field(default_factory=time.monotonic)
    earlier_seconds: float = 0.0
    previous: Record | None = None
    data_recorded: bool = False

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
            TakenOverError: another process has resumed the run since.
        """
        path = self.folder / "run.json"
        with run_json_lock:
            files.write_json(path, {**self.read_own(), **facts})

    def read_own(self) -> dict[str, Any]:
        """Return run.json, in which this process must be the one that works on the run.

        Raises:
            TakenOverError: another process has resumed it since.
            UserError: run.json cannot be read.
        """
        facts = read_json(self.folder / "run.json")
        host = (facts.get("machine") or {}).get("host")
        if facts.get("pid") != os.getpid() or host != machine.facts()["host"]:
            other = f"{facts.get('pid')} on {host}"
            raise TakenOverError(f"{self.folder}: resumed by another process ({other}); stopped here")
        return facts

    def record_data(self, source: Source, notes: Sequence[str] = (), **counts: Any) -> None:
        """Record the data in run.json and print one line about them, and one per note.

        Raises:
            UserError: the run was started with different data.
        """
        print_data(source, notes, **counts)
        recorded = (read_json(self.folder / "run.json").get("data") or {}).get("sha256")
        if recorded not in (None, source.sha256):
            raise UserError(f"{source.path}: data changed since this run started (sha256 {str(recorded)[:12]}...)")
        self.data_recorded = True
        self.update(data={**dataclasses.asdict(source), "notes": list(notes), "counts": counts})

    def finish(self, metrics: dict[str, Any]) -> dict[str, Any]:
        """Write metrics.json, with the seconds of the work and of that before, and mark the run completed."""
        seconds = round(time.monotonic() - self.started_at + self.earlier_seconds, 3)
        metrics = {"seconds": seconds, **metrics}
        self.read_own()
        self.save_json("metrics.json", metrics)
        self.close("completed")
        return metrics

    def close(self, status: str, **facts: Any) -> None:
        self.update(status=status, ended=timestamp(), peak_memory_mib=round(machine.peak_memory_mib(), 1), **facts)

    def _make_subfolder(self, name: str) -> None:
        with contextlib.suppress(FileExistsError):
            files.file_ops.mkdir(self.folder / name)


def print_data(source: Source, notes: Sequence[str] = (), **counts: Any) -> None:
    """Print one line about data and their sizes, and one per note."""
    sizes = ", ".join(f"{value:,} {key}" for key, value in counts.items() if isinstance(value, int))
    for line in (f"data: {source.name} ({source.path}), {sizes}", *(f"note: {note}" for note in notes)):
        console.message(line)


def timestamp() -> str:
    return datetime.now().astimezone().isoformat(timespec="microseconds")
