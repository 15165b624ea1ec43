"""A sweep on disk: one folder with its settings, and in it an ordinary run folder per point.

runs/2026-11-24_22-36-05_sweep-charrnn/
  config.json      the base settings, the grid, the number of seeds
  run.json         status, times, data
  sweep.json       every point: its values, status and metric
  results.csv      the same as a table
  01_units=32_seed=0/   the run folder of a point
"""

import dataclasses
from pathlib import Path
from typing import Any, NamedTuple

from pw13 import __version__, config
from pw13.config import fields
from pw13.errors import OptionError, UserError
from pw13.runs import comparison
from pw13.runs.finding import list_runs
from pw13.runs.folder import Run
from pw13.runs.opening import create_run
from pw13.runs.record import SWEEP, Record, data_paths_of, read_run, settings_of
from pw13.sweeps import grid
from pw13.sweeps.grid import Point

SUMMARY_COLUMNS = ("mean", "low", "high", "runs")  # of each combination, after its values
KINDS = ("dense-ae", "conv-dae", "charrnn")  # the kinds that can be swept


class Sweep(NamedTuple):
    """A grid over the settings of one kind of run; `base`: all other settings."""

    kind: str
    base: Any
    axes: dict[str, list[Any]]
    seeds: int
    data_paths: dict[str, str]
    points: list[Point]


class PointStatus(NamedTuple):
    """The status of a point, "open" before it has a folder.

    value: its metric; of a run that is not completed the best so far, None if its validation loss is another measure.
    """

    status: str
    epoch: int | None = None
    value: float | None = None
    seconds: float | None = None


def build_sweep(kind: str, base: Any, axes: dict[str, list[Any]], seeds: int, data_paths: dict[str, str]) -> Sweep:
    """Return the sweep with its points, all of them checked.

    Raises:
        OptionError: from `grid_points`; a char-RNN without validation names, so without a metric to compare.
    """
    if 0 in axes.get("hold_out", (getattr(base, "hold_out", None),)):
        raise OptionError(
            "--hold-out: a sweep compares runs on validation names; expected a fraction above 0, received 0"
        )
    return Sweep(kind, base, axes, seeds, data_paths, grid.grid_points(base, axes, seeds))


def sweep_options(sweep: Sweep) -> dict[str, Any]:
    """Return what config.json of the sweep holds besides the kind."""
    settings = fields.as_dict(sweep.base)
    return {**settings, **sweep.data_paths, "grid": sweep.axes, "seeds": sweep.seeds, "points": len(sweep.points)}


def create_sweep(sweep: Sweep, runs_dir: Path) -> Run:
    """Create the folder of the sweep."""
    return create_run(runs_dir, SWEEP + sweep.kind, sweep_options(sweep))


def load_sweep(record: Record) -> Sweep:
    """Return the sweep that a folder holds.

    Raises:
        UserError: not a sweep, or one whose config.json does not fit this version.
    """
    where = record.folder / "config.json"
    kind = record.kind.removeprefix(SWEEP)
    axes, seeds = record.config.get("grid"), record.config.get("seeds")
    if not record.is_sweep or kind not in KINDS or not isinstance(axes, dict) or not isinstance(seeds, int):
        raise UserError(f"{where}: not a sweep")
    names = {spec.name for spec in dataclasses.fields(config.KINDS[kind])}
    settings = {key: value for key, value in record.config.items() if key in names}
    base = settings_of(dataclasses.replace(record, kind=kind, config=settings))
    data_paths = data_paths_of(dataclasses.replace(record, kind=kind, config={**settings, **_data_paths(record)}))
    if not all(isinstance(values, list) and values and name in names for name, values in axes.items()):
        raise UserError(f"{where}: corrupt: grid: expected lists of values of settings")
    try:
        return build_sweep(kind, base, axes, seeds, data_paths)
    except (OptionError, TypeError) as error:
        raise UserError(f"{where}: {error}") from None


def _data_paths(record: Record) -> dict[str, Any]:
    return {key: value for key, value in record.config.items() if key in ("data", "corpus")}


def executor_options(record: Record) -> tuple[int | None, str | None]:
    """Return `(jobs, dask)` of a sweep, as it was last run.

    Raises:
        UserError: run.json holds something else.
    """
    options = record.facts.get("crew") or {}
    if isinstance(options, dict) and options.keys() <= {"jobs", "dask"}:
        jobs, dask = options.get("jobs"), options.get("dask")
        if (jobs is None or type(jobs) is int) and (dask is None or isinstance(dask, str)):
            return jobs, dask
    raise UserError(
        f"{record.folder / 'run.json'}: corrupt: crew: expected jobs and dask, received {fields.abbreviate(options)}"
    )


def completed_metrics(record: Record, sweep: Sweep) -> dict[str, Any]:
    """Return the metrics of a completed sweep, checked for what is shown of them.

    Raises:
        UserError: metrics.json holds something else.
    """
    metrics = record.metrics or {}
    columns, rows = {*sweep.axes, *SUMMARY_COLUMNS}, metrics.get("summary")
    valid_rows = isinstance(rows, list) and all(isinstance(row, dict) and row.keys() == columns for row in rows)
    if valid_rows and {"metric", "points"} <= metrics.keys():
        return metrics
    raise UserError(f"{record.folder / 'metrics.json'}: corrupt: expected metric, points and a summary of the grid")


def refuse_other_version(record: Record, sweep: Sweep) -> None:
    """Refuse to train further points of a sweep of a version that draws other random numbers, such as 0.1.0.

    Raises:
        UserError: points are not complete, and those that are cannot be compared with what this version would train.
    """
    made_by = str((record.facts.get("versions") or {}).get("pw13"))
    if made_by.split(".")[:2] == __version__.split(".")[:2]:
        return
    points = [point_status(record.folder / point.name).status for point in sweep.points]
    if missing := sum(status != "completed" for status in points):
        raise UserError(
            f"{record.folder}: {missing} of {len(points)} points are not complete, and were begun by pw13 {made_by}, "
            f"whose random numbers {__version__} does not draw; start the sweep anew"
        )


def find_identical(sweep: Sweep, runs_dir: Path) -> Record | None:
    """Return the newest sweep in `runs_dir` with the same settings, grid, seeds and data; None if there is none."""
    options = {"kind": SWEEP + sweep.kind, **sweep_options(sweep)}
    identical = [record for record in list_runs(runs_dir, SWEEP + sweep.kind) if record.config == options]
    return identical[-1] if identical else None


def point_status(folder: Path) -> PointStatus:
    """Read the status of the point in `folder`."""
    if not folder.exists():
        return PointStatus("open")
    record = read_run(folder)
    epoch, value = len(comparison.history(folder)) or None, comparison.validation_loss(record)
    return PointStatus(record.status, epoch, value, comparison.seconds(record))
