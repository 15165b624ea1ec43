"""A sweep as it lies on disk: one folder with a plan, and below it an ordinary run folder for each point.

runs/2026-11-24_22-36-05_sweep-charrnn/
  config.json      the settings under the grid, the grid, the number of seeds
  run.json         status, times, data
  sweep.json       every point: its values, how it ended, its numbers
  results.csv      the same as a table
  01_units=32_seed=0/   the run folder of a point
"""

import dataclasses
from pathlib import Path
from typing import Any, NamedTuple

from pw13.config import fields
from pw13.config import settings as config
from pw13.errors import OptionError, UserError
from pw13.runs import comparison
from pw13.runs import folder as runs
from pw13.runs import record as records
from pw13.runs.folder import Run
from pw13.runs.record import Record
from pw13.sweeps import grid
from pw13.sweeps.grid import Point

PREFIX = "sweep-"
KINDS = ("dense-ae", "conv-dae", "charrnn")  # what can be swept: the trainers


class Sweep(NamedTuple):
    """What is to be run: a grid over the settings of one kind of trainer; `places`: where the data are."""

    kind: str
    base: Any
    axes: dict[str, list[Any]]
    seeds: int
    places: dict[str, str]
    points: list[Point]


class State(NamedTuple):
    """How a point stands: "open" before it has a folder; `value` is its metric, or its best validation loss so far."""

    status: str
    epoch: int | None = None
    value: float | None = None
    seconds: float | None = None


def plan(kind: str, base: Any, axes: dict[str, list[Any]], seeds: int, places: dict[str, str]) -> Sweep:
    """The sweep with its points, every one of them checked.

    Raises:
        OptionError: from `grid.points`; a char-RNN without validation names, which there is nothing to compare by.
    """
    if 0 in (getattr(base, "hold_out", None), *axes.get("hold_out", ())):
        raise OptionError("--hold-out: a sweep compares on validation names; expected a share above 0, received 0")
    return Sweep(kind, base, axes, seeds, places, grid.points(base, axes, seeds))


def options(sweep: Sweep) -> dict[str, Any]:
    """What config.json of the sweep's folder holds beside the kind."""
    settings = fields.as_dict(sweep.base)
    return {**settings, **sweep.places, "grid": sweep.axes, "seeds": sweep.seeds, "points": len(sweep.points)}


def begin(sweep: Sweep, runs_dir: Path) -> Run:
    """A new folder for the sweep."""
    return runs.create(runs_dir, PREFIX + sweep.kind, options(sweep))


def of_record(record: Record) -> Sweep:
    """The sweep that lies in a folder.

    Raises:
        UserError: not a sweep, or one whose config.json does not fit this version.
    """
    where = record.folder / "config.json"
    kind = record.kind.removeprefix(PREFIX)
    axes, seeds = record.config.get("grid"), record.config.get("seeds")
    if not is_sweep(record) or kind not in config.KINDS or not isinstance(axes, dict) or not isinstance(seeds, int):
        raise UserError(f"{where}: not the plan of a sweep")
    own = {spec.name for spec in dataclasses.fields(config.KINDS[kind])}
    inner = {key: value for key, value in record.config.items() if key in own}
    base = records.settings_of(dataclasses.replace(record, kind=kind, config=inner))
    places = records.places_of(dataclasses.replace(record, kind=kind, config={**inner, **_places(record)}))
    if not all(isinstance(values, list) and values and name in own for name, values in axes.items()):
        raise UserError(f"{where}: damaged: 'grid' is not lists of values of settings")
    try:
        return plan(kind, base, axes, seeds, places)
    except (OptionError, TypeError) as error:
        raise UserError(f"{where}: {error}") from None


def _places(record: Record) -> dict[str, Any]:
    return {key: value for key, value in record.config.items() if key in ("data", "corpus")}


def is_sweep(record: Record) -> bool:
    return record.kind.startswith(PREFIX)


def same(sweep: Sweep, runs_dir: Path) -> Record | None:
    """The newest sweep in `runs_dir` with the same settings, grid, seeds and data; None if there is none."""
    wanted = {"kind": PREFIX + sweep.kind, **options(sweep)}
    found = [record for record in records.listing(runs_dir, PREFIX + sweep.kind) if record.config == wanted]
    return found[-1] if found else None


def metric(kind: str) -> str:
    """What settings of a kind are compared by, on validation data, lower being better."""
    return comparison.VALIDATION.get(kind, comparison.BEST_VAL_LOSS)


def state(folder: Path, kind: str) -> State:
    """How the point in `folder` stands now."""
    if not folder.exists():
        return State("open")
    record = records.read(folder)
    rows = comparison.history(folder)
    value = (record.metrics or {}).get(metric(kind)) if record.status == "completed" else None
    best = comparison.best_val_loss(rows) if value is None else value
    return State(record.status, len(rows) or None, best, comparison.seconds(record))
