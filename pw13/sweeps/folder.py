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

from pw13 import config
from pw13.config import fields
from pw13.errors import OptionError, UserError
from pw13.runs import comparison
from pw13.runs.folder import Run, create_run
from pw13.runs.record import Record, data_paths_of, list_runs, read_run, settings_of
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
    data_paths: dict[str, str]
    points: list[Point]


class PointStatus(NamedTuple):
    """How a point stands: "open" before it has a folder; `value` is its metric, or its best validation loss so far."""

    status: str
    epoch: int | None = None
    value: float | None = None
    seconds: float | None = None


def build_sweep(kind: str, base: Any, axes: dict[str, list[Any]], seeds: int, data_paths: dict[str, str]) -> Sweep:
    """The sweep with its points, every one of them checked.

    Raises:
        OptionError: from `grid.points`; a char-RNN without validation names, which there is nothing to compare by.
    """
    if 0 in (getattr(base, "hold_out", None), *axes.get("hold_out", ())):
        raise OptionError("--hold-out: a sweep compares on validation names; expected a share above 0, received 0")
    return Sweep(kind, base, axes, seeds, data_paths, grid.grid_points(base, axes, seeds))


def sweep_options(sweep: Sweep) -> dict[str, Any]:
    """What config.json of the sweep's folder holds beside the kind."""
    settings = fields.as_dict(sweep.base)
    return {**settings, **sweep.data_paths, "grid": sweep.axes, "seeds": sweep.seeds, "points": len(sweep.points)}


def create_sweep(sweep: Sweep, runs_dir: Path) -> Run:
    """A new folder for the sweep."""
    return create_run(runs_dir, PREFIX + sweep.kind, sweep_options(sweep))


def load_sweep(record: Record) -> Sweep:
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
    base = settings_of(dataclasses.replace(record, kind=kind, config=inner))
    data_paths = data_paths_of(dataclasses.replace(record, kind=kind, config={**inner, **_data_paths(record)}))
    if not all(isinstance(values, list) and values and name in own for name, values in axes.items()):
        raise UserError(f"{where}: damaged: 'grid' is not lists of values of settings")
    try:
        return build_sweep(kind, base, axes, seeds, data_paths)
    except (OptionError, TypeError) as error:
        raise UserError(f"{where}: {error}") from None


def _data_paths(record: Record) -> dict[str, Any]:
    return {key: value for key, value in record.config.items() if key in ("data", "corpus")}


def is_sweep(record: Record) -> bool:
    return record.kind.startswith(PREFIX)


def find_identical(sweep: Sweep, runs_dir: Path) -> Record | None:
    """The newest sweep in `runs_dir` with the same settings, grid, seeds and data; None if there is none."""
    wanted = {"kind": PREFIX + sweep.kind, **sweep_options(sweep)}
    found = [record for record in list_runs(runs_dir, PREFIX + sweep.kind) if record.config == wanted]
    return found[-1] if found else None


def primary_metric(kind: str) -> str:
    """What settings of a kind are compared by, on validation data, lower being better."""
    return comparison.VALIDATION.get(kind, comparison.BEST_VAL_LOSS)


def point_status(folder: Path, kind: str) -> PointStatus:
    """How the point in `folder` stands now."""
    if not folder.exists():
        return PointStatus("open")
    record = read_run(folder)
    rows = comparison.history(folder)
    value = (record.metrics or {}).get(primary_metric(kind)) if record.status == "completed" else None
    best = comparison.best_val_loss(rows) if value is None else value
    return PointStatus(record.status, len(rows) or None, best, comparison.seconds(record))
