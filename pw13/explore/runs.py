"""The view of runs: every run and sweep as a row, with its settings, metrics and history."""

import math
import os
from pathlib import Path
from typing import Any

from pw13.errors import UserError
from pw13.runs import comparison, tables
from pw13.runs.finding import list_runs
from pw13.runs.record import Record
from pw13.system import files

MAX_EPOCHS = 200  # points of a curve
MAX_SAMPLES = 20_000  # characters of samples.txt
MAX_NUMBER = 1e300  # a larger one, inf and nan are none of pw13's
MAX_TEXT = 200  # characters of one value
# Which way a metric is better, of those that have one.
BETTER = {**dict.fromkeys(tables.LOWER_IS_BETTER, "lower"), **dict.fromkeys(tables.HIGHER_IS_BETTER, "higher")}
METRICS = ("epochs", "parameters", "train_seconds", "throughput_per_second")


def rows(runs_dir: Path) -> list[dict[str, Any]]:
    """Return every run of a folder, newest first, the points of a sweep after it.

    Raises:
        UserError: the folder cannot be read.
    """
    found: list[dict[str, Any]] = []
    for record in reversed(list_runs(runs_dir)):
        found.append(row(record))
        if record.is_sweep and not record.problem:
            varied = [*grid(record), "seed"]
            found += [{**row(point), "description": place(point, varied)} for point in _points(record)]
    return found


def _points(record: Record) -> list[Record]:
    try:
        return comparison.sweep_points(record.folder)
    except OSError:  # deleted meanwhile
        return []


def row(record: Record) -> dict[str, Any]:
    """Return one run: what the table, the curves and the sweeps need of it."""
    measured, epochs = comparison.numbers(record), comparison.history(record.folder)
    names = [
        *METRICS,
        *tables.matching(tables.PRIMARY_METRICS.get(record.kind, ()), measured),
        comparison.BEST_VAL_LOSS,
    ]
    try:
        result = tables.headline(record, measured)
    except OSError:  # a sweep that is being deleted
        result = "-"
    return {
        "name": record.name,
        "sweep": record.sweep,
        "kind": record.kind,
        "status": record.status,
        "problem": _without_paths(record.problem, record),
        "started": str(record.facts.get("started", ""))[:19],
        "seconds": comparison.seconds(record),
        "description": _plain(tables.description(record)),
        "result": result,
        "settings": {str(name): _plain(value) for name, value in comparison.settings(record).items() if name != "grid"},
        "metrics": {name: measured[name] for name in names if _is_number(measured.get(name))},
        "history": history(epochs),
        "epochs": len(epochs),
        "best": best(epochs),
        "grid": (axes := grid(record)),
        "ranked": comparison.is_ranked(axes),
    }


def history(epochs: list[dict[str, float]]) -> dict[str, list[float | None]]:
    """Return the losses of each epoch, thinned out to `MAX_EPOCHS`, the last one kept."""
    step = math.ceil(len(epochs) / MAX_EPOCHS) or 1
    kept = epochs[::-step][::-1]
    names = [name for name in ("epoch", "loss", "val_loss") if all(name in epoch for epoch in kept)]
    return {name: [_short(epoch[name]) for epoch in kept] for name in names} if kept else {}


def best(epochs: list[dict[str, float]]) -> dict[str, float] | None:
    """Return the first epoch with the lowest validation loss, of all epochs; None if none has a finite one."""
    lowest = comparison.best_val_loss(epochs)
    if lowest is None:
        return None
    return {"epoch": next(n for n, row in enumerate(epochs, 1) if row["val_loss"] == lowest), "val_loss": lowest}


def grid(record: Record) -> dict[str, list[Any]]:
    """Return the settings that a sweep varies, with their values."""
    axes = record.config.get("grid") if record.is_sweep else None
    if not isinstance(axes, dict):
        return {}
    return {str(name): [_plain(v) for v in values] for name, values in axes.items() if isinstance(values, list)}


def place(point: Record, varied: list[str]) -> str:
    """Return the varied settings of a sweep's point, which are what tells it from the others."""
    values = comparison.settings(point)
    return ", ".join(f"{name} {_plain(values[name])}" for name in dict.fromkeys(varied) if name in values)


def details(record: Record) -> dict[str, Any]:
    """Return what a click on a run shows besides its row: every metric, samples and the names of its figures."""
    measured = comparison.numbers(record)
    return {
        "name": record.reference,
        "metrics": {name: _plain(value) for name, value in measured.items() if _plain(value) is not None},
        "samples": _samples(record),
        "figures": figures(record),
    }


def figures(record: Record) -> list[str]:
    """Return the names of a run's figures."""
    try:
        files.check_inside(record.folder / "figures")
        return sorted(path.stem for path in (record.folder / "figures").glob("*.png"))
    except (OSError, UserError):
        return []


def _samples(record: Record) -> str:
    path = record.folder / "samples.txt"
    try:
        files.check_inside(path)
        with open(path, encoding="utf-8") as file:
            return file.read(MAX_SAMPLES)
    except (OSError, ValueError, UserError):
        return ""


def _plain(value: Any) -> Any:
    """Return a value for the page: a path of this machine shows its last part only."""
    if isinstance(value, str):
        absolute = os.path.isabs(value)  # noqa: PTH117  a Path takes 20 times as long, for every value of every run
        return (Path(value).name if absolute else value)[:MAX_TEXT]
    if isinstance(value, list) and all(isinstance(item, str | int | float) for item in value):
        return [_plain(item) for item in value[:MAX_TEXT]]
    return value if isinstance(value, bool) or _is_number(value) else None


def _without_paths(problem: str | None, record: Record) -> str | None:
    return (
        problem and problem.replace(f"{record.folder}{os.sep}", "").replace(str(record.folder), record.name)[:MAX_TEXT]
    )


def _short(value: float) -> float | None:
    return float(f"{value:.5g}") if math.isfinite(value) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MAX_NUMBER
