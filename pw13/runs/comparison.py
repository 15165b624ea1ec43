"""Settings, metrics and history of runs by name, read from run folders only."""

import math
import sys
from collections.abc import Iterable, Mapping, Sequence, Sized
from datetime import datetime
from pathlib import Path
from typing import Any

from pw13.config import fields
from pw13.errors import OptionError, UserError
from pw13.runs.record import DATA_PATH_KEYS, RUN_NAME, Record, read_run, read_text

# The metric on validation data by which settings are chosen; lower is better.
VALIDATION_METRICS = {"dense-ae": "val_mse", "charrnn": "val_nats"}
BEST_VAL_LOSS = "best_val_loss"
# Settings that decide how hard the task is, or which examples are for validation, as split_seed does.
NOISE = ("noise_kind", "noise")
TASK = (*NOISE, "validation_share", "hold_out", "encoding", "fix_accents")
# Metrics that are curves of many points, which no table of single metrics has room for.
CURVES = ("rate_distortion", "reliability", "by_position")
# Settings that change a result by rounding at most.
WITHOUT_EFFECT = ("threads", "checkpoint_every", "tensorboard", "sample_every")
UNNAMED = ("run", "method")  # texts of a row that do not tell it from others


def expand_sweeps(records: Iterable[Record]) -> list[Record]:
    """Replace each sweep by its points."""
    expanded: list[Record] = []
    for record in records:
        expanded += sweep_points(record.folder) if record.is_sweep else [record]
    return expanded


def sweep_points(sweep: Path) -> list[Record]:
    """Return the points of a sweep that have a folder, in order; runs that were put into its folder are no points."""
    folders = [
        path
        for path in sweep.iterdir()
        if path.name[0].isdigit() and not RUN_NAME.fullmatch(path.name) and path.is_dir()
    ]
    return [read_run(folder) for folder in sorted(folders, key=lambda path: path.name)]


def flatten(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Flatten nested metrics to names: `compression.png_bytes`, `results.pixels-rbf.accuracy`, `by_noise@0.5.noise`."""
    flat: dict[str, Any] = {}
    for key, item in value.items():
        if isinstance(item, dict):
            flat |= flatten(item, f"{prefix}{key}.")
        elif isinstance(item, list) and item and all(isinstance(row, dict) for row in item):
            for name, row in zip(_row_keys(item), item, strict=True):
                measured = {key: value for key, value in row.items() if key != "settings"}  # an encoder's
                flat |= flatten(measured, f"{prefix}{key}{'' if name[0] == '@' else '.'}{name}.")
        else:
            flat[f"{prefix}{key}"] = item
    return flat


def _row_keys(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a unique key per row: its first value if that is a number ("@0.5", of a temperature or a noise level).

    Else its texts ("pixels-rbf"), with its size where they are not unique, and its number among rows of several runs
    that are alike in both. Where that is not unique either, the number of the row.
    """
    first = [next(iter(row.values()), None) for row in rows]
    if all(map(is_number, first)) and len(set(keys := [f"@{value:g}" for value in first])) == len(rows):
        return keys
    keys = ["-".join(str(row[key]) for key in row if key not in UNNAMED and isinstance(row[key], str)) for row in rows]
    sized = [f"{key}-{row['size']}" if "size" in row else key for key, row in zip(keys, rows, strict=True)]
    keys = [other if keys.count(key) > 1 else key for key, other in zip(keys, sized, strict=True)]
    runs = [(key, row.get("run")) for key, row in zip(keys, rows, strict=True)]
    if len(set(runs)) == len(rows):
        keys = [f"{key}-{keys[: i + 1].count(key)}" if keys.count(key) > 1 else key for i, key in enumerate(keys)]
    return keys if all(keys) and len(set(keys)) == len(keys) else [str(number) for number in range(len(rows))]


def numbers(record: Record) -> dict[str, Any]:
    """Return the metrics of a run but for curves, by dotted names; without metrics.json, those in history.csv."""
    if record.metrics is not None or record.problem:
        try:
            return flatten({name: value for name, value in (record.metrics or {}).items() if name not in CURVES})
        except RecursionError:  # no metrics of pw13 are nested that deep
            return {}
    rows = history(record.folder)
    return {"epochs": len(rows), BEST_VAL_LOSS: best_val_loss(rows)} if rows else {}


def history(folder: Path) -> list[dict[str, float]]:
    """Return the rows of history.csv; none if it is missing or corrupt."""
    try:
        names, *lines = [line.split(",") for line in read_text(folder / "history.csv").split("\n") if line]
        return [dict(zip(names, map(float, line), strict=True)) for line in lines]
    except (ValueError, UserError):
        return []


def best_val_loss(rows: Sequence[Mapping[str, float]]) -> float | None:
    """Return the lowest validation loss of a history."""
    losses = [row["val_loss"] for row in rows if math.isfinite(row.get("val_loss", math.nan))]
    return min(losses, default=None)


def validation_metric(kind: str) -> str:
    """Return the metric, on validation data, that compares runs of a kind; lower is better."""
    return VALIDATION_METRICS.get(kind, BEST_VAL_LOSS)


def validation_loss(record: Record) -> float | None:
    """Return the metric on validation data that compares runs of a kind; lower is better.

    Of a run without it the best loss so far; None if there is none, or if it is another measure.
    """
    metric, metrics = VALIDATION_METRICS.get(record.kind), record.metrics or {}
    if metric in metrics:
        value = metrics[metric]
        return float(value) if is_number(value) and abs(value) <= sys.float_info.max else None
    return None if record.config.get("loss") == "bce" else best_val_loss(history(record.folder))


def seconds(record: Record) -> float | None:
    """Return the duration of a run: from its metrics, else of its processes, the last one to its end or to now.

    Of runs that older versions have resumed, that of the last process.
    """
    value: Any = (record.metrics or {}).get("seconds")
    if is_number(value):
        return float(value) if abs(value) <= sys.float_info.max else None  # edited by hand: NaN, infinite or larger
    try:
        started = datetime.fromisoformat((record.facts.get("resumed") or [record.facts["started"]])[-1])
        running = record.status == "running"
        ended = datetime.now().astimezone() if running else datetime.fromisoformat(record.facts["ended"])
        duration = (ended - started).total_seconds()
        # below 0: the clock was set back meanwhile
        return round(earlier_seconds(record.facts) + duration, 1) if duration >= 0 else None
    except (KeyError, ValueError, TypeError):
        return None


def earlier_seconds(facts: Mapping[str, Any]) -> float:
    """Return the duration of a run before it was last resumed, as far as run.json has it."""
    value: Any = facts.get("earlier_seconds")
    return float(value) if is_number(value) and 0 <= value <= sys.float_info.max else 0.0


def settings(record: Record) -> dict[str, Any]:
    """Return the settings in config.json, without kind and data paths; `init_from` only where there is one."""
    excluded = {"kind", *DATA_PATH_KEYS} - ({"init_from"} if record.config.get("init_from") else set())
    return {key: value for key, value in record.config.items() if key not in excluded}


def split_seed(record: Record) -> Any:
    """Return the seed of the split; pw13 0.1.0 had one for both."""
    return record.config.get("split_seed", record.config.get("seed"))


def is_ranked(axes: Mapping[str, Sized]) -> bool:
    """Return whether all points of a sweep over `axes` have one task, so that the lowest metric is the best."""
    return not any(len(axes.get(name, ())) > 1 for name in (*TASK, "split_seed"))


def task(record: Record) -> dict[str, Any]:
    """Return the settings by name that runs must share for their metrics on validation data to be ranked."""
    return {**{name: record.config.get(name) for name in TASK}, "split_seed": split_seed(record)}


def same_examples(records: Sequence[Record]) -> bool:
    """Return whether runs, those that have read data, were evaluated at the same task on the same data."""
    known = [record for record in records if record.data_sha256]
    return len({repr((r.data_sha256, task(r))) for r in known}) < 2


def can_rank(records: Sequence[Record], metric: str) -> bool:
    """Return whether the values of a metric can be ranked: on the same examples, losses by the same measure."""
    losses = {repr(record.config.get("loss")) for record in records if not record.problem}
    return same_examples(records) and (metric != BEST_VAL_LOSS or len(losses) < 2)


def differing_settings(records: Sequence[Record]) -> list[str]:
    """Return the names of the settings whose values differ between the runs."""
    names = dict.fromkeys(name for record in records for name in settings(record))
    return [name for name in names if len({repr(record.config.get(name)) for record in records}) > 1]


def as_json(record: Record) -> dict[str, Any]:
    """Return a run as `--json` prints it."""
    return {
        "name": record.name,
        "path": str(record.folder),
        "kind": record.kind,
        "status": record.status,
        "problem": record.problem,
        "started": record.facts.get("started"),
        "seconds": seconds(record),
        "config": record.config,
        "metrics": record.metrics,
    }


def sort_by_metric(records: list[Record], metric: str) -> list[Record]:
    """Sort runs by a metric, ascending; those without it come last.

    Raises:
        OptionError: no run has it.
    """
    values: list[tuple[Any, Record]] = [(numbers(record).get(metric), record) for record in records]
    measured = [(float(value), record) for value, record in values if is_number(value)]
    if records and not measured:
        raise OptionError(f"--sort: no run has the metric {metric!r}{_metric_hint(records, metric)}")
    ranked = [record for _, record in sorted(measured, key=lambda pair: pair[0])]
    return ranked + [record for value, record in values if not is_number(value)]


def _metric_hint(records: Sequence[Record], metric: str) -> str:
    known = sorted({name for record in records for name, value in numbers(record).items() if is_number(value)})
    available = f"; available: {', '.join(known[:8])}" if known else ""
    return fields.suggest(metric, known) or available


def is_number(value: Any) -> bool:
    """Return whether a value is a number, true and false excluded."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)
