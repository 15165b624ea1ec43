"""Compare runs: their differing settings and their metrics, read from run folders only."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pw13.config import fields
from pw13.errors import OptionError, UserError
from pw13.runs.record import DATA_PATH_KEYS, Record, read_run
from pw13.system import files

# The columns of each kind in a table of runs; the first that a run has is its headline metric.
PRIMARY_METRICS = {
    "dense-ae": ("test_mse", "val_mse", "test_psnr_db", "pca_test_mse"),
    "conv-dae": ("denoised_psnr_db", "test_mse", "noisy_psnr_db", "denoised_ssim"),
    "svm-eval": ("results.pixels-rbf.accuracy", "results.codes-rbf.accuracy", "results.pca-rbf.accuracy"),
    "charrnn": ("held_out_nats", "val_nats", "train_nats", "held_out_accuracy", "names.new"),
}
# The metric on validation data by which settings are chosen; lower is better.
VALIDATION_METRICS = {"dense-ae": "val_mse", "charrnn": "val_nats"}
BEST_VAL_LOSS = "best_val_loss"
# Metrics that are curves of many points, which no table of single metrics has room for.
CURVES = ("rate_distortion",)


def expand_sweeps(records: Iterable[Record]) -> list[Record]:
    """Replace each sweep by its points."""
    expanded: list[Record] = []
    for record in records:
        expanded += sweep_points(record.folder) if record.kind.startswith("sweep-") else [record]
    return expanded


def sweep_points(sweep: Path) -> list[Record]:
    """Return the points of a sweep that have a folder, in order."""
    folders = [path for path in sweep.iterdir() if path.name[0].isdigit() and path.is_dir()]
    return [read_run(folder) for folder in sorted(folders, key=lambda path: path.name)]


def flatten(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Flatten nested metrics to dotted names such as `compression.png_bytes` or `results.pixels-rbf.accuracy`."""
    flat: dict[str, Any] = {}
    for key, item in value.items():
        if isinstance(item, dict):
            flat |= flatten(item, f"{prefix}{key}.")
        elif isinstance(item, list) and item and all(isinstance(row, dict) for row in item):
            flat |= flatten({_row_key(row, number): row for number, row in enumerate(item)}, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = item
    return flat


def _row_key(row: Mapping[str, Any], number: int) -> str:
    return "-".join(text for text in row.values() if isinstance(text, str)) or str(number)


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
        files.check_inside(folder / "history.csv")
        names, *lines = [line.split(",") for line in (folder / "history.csv").read_text("utf-8").split("\n") if line]
        return [dict(zip(names, map(float, line), strict=True)) for line in lines]
    except (OSError, ValueError, UserError):
        return []


def best_val_loss(rows: Sequence[Mapping[str, float]]) -> float | None:
    """Return the lowest validation loss of a history."""
    losses = [row["val_loss"] for row in rows if math.isfinite(row.get("val_loss", math.nan))]
    return min(losses, default=None)


def seconds(record: Record) -> float | None:
    """Return the duration of a run: from its metrics, else from start to end."""
    if record.metrics and _is_number(record.metrics.get("seconds")):
        return float(record.metrics["seconds"])
    try:
        started, ended = (datetime.fromisoformat(record.facts[key]) for key in ("started", "ended"))
        return round((ended - started).total_seconds(), 1)
    except (KeyError, ValueError, TypeError):
        return None


def settings(record: Record) -> dict[str, Any]:
    """Return the settings in config.json, without kind and data paths."""
    return {key: value for key, value in record.config.items() if key != "kind" and key not in DATA_PATH_KEYS}


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
    measured = [(float(value), record) for value, record in values if _is_number(value)]
    if records and not measured:
        raise OptionError(f"--sort: no run has the metric {metric!r}{_metric_hint(records, metric)}")
    ranked = [record for _, record in sorted(measured, key=lambda pair: pair[0])]
    return ranked + [record for value, record in values if not _is_number(value)]


def _metric_hint(records: Sequence[Record], metric: str) -> str:
    known = sorted({name for record in records for name, value in numbers(record).items() if _is_number(value)})
    available = f"; available: {', '.join(known[:8])}" if known else ""
    return fields.suggest(metric, known) or available


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def headline(record: Record, metrics: Mapping[str, Any]) -> str:
    """Return the headline metric of a run, with its name; empty if it has none."""
    for name in (*PRIMARY_METRICS.get(record.kind, ()), BEST_VAL_LOSS):
        if _is_number(metrics.get(name)):
            return f"{name} {metrics[name]:.4g}"
    if record.kind.startswith("sweep-") and not record.problem:
        done = metrics.get("completed", sum(point.status == "completed" for point in sweep_points(record.folder)))
        return f"{done} of {record.config.get('points', '?')} points"
    return ""


def list_table(records: Sequence[Record], kind: str | None, metric: str | None) -> tuple[list[str], Iterator[Any]]:
    """Return columns and rows of `runs list`: one metric per run, or with a kind its settings that differ and more."""
    extra = [metric] if metric else []
    measured = [(record, numbers(record)) for record in records]
    if kind is None:
        names = ["epochs", *extra]
        rows = ([r.name, r.kind, r.status, *map(m.get, names), headline(r, m), seconds(r)] for r, m in measured)
        return ["run", "kind", "status", *names, "result", "seconds"], rows
    usable = [record for record in records if not record.problem]
    differing = [name for name in differing_settings(usable) if name != "epochs"]
    names = list(dict.fromkeys([*extra, "epochs", *primary_metrics(records)]))
    rows = ([r.name, r.status, *map(r.config.get, differing), *map(m.get, names), seconds(r)] for r, m in measured)
    return ["run", "status", *differing, *names, "seconds"], rows


def primary_metrics(records: Iterable[Record]) -> list[str]:
    """Return the primary metrics of the kinds of the runs that at least one run has."""
    records = list(records)
    names = dict.fromkeys(name for record in records for name in PRIMARY_METRICS.get(record.kind, ()))
    measured = [numbers(record) for record in records]
    return [name for name in (*names, BEST_VAL_LOSS) if any(metrics.get(name) is not None for metrics in measured)]


def side_by_side(records: Sequence[Record]) -> tuple[list[str], list[list[Any]]]:
    """Return columns and rows that compare a few runs, a column per run: differing settings, then every metric."""
    measured = [numbers(record) for record in records]
    rows: list[list[Any]] = [["kind", *(r.kind for r in records)], ["status", *(r.status for r in records)]]
    rows += [
        [f"--{name.replace('_', '-')}", *(r.config.get(name) for r in records)] for name in differing_settings(records)
    ]
    for name in dict.fromkeys(name for metrics in measured for name in metrics):
        if any(_is_number(metrics.get(name)) for metrics in measured):
            rows.append([name, *(metrics.get(name) for metrics in measured)])
    return ["", *(record.name for record in records)], rows


def one_per_line(records: Sequence[Record]) -> tuple[list[str], list[list[Any]]]:
    """Return columns and rows that compare many runs, a row per run: differing settings and primary metrics."""
    differing, names = differing_settings(records), primary_metrics(records)
    rows = [[r.name, r.status, *map(r.config.get, differing), *map(numbers(r).get, names)] for r in records]
    return ["run", "status", *differing, *names], rows


def labels(records: Sequence[Record]) -> list[str]:
    """Return a short label per run: its differing settings, or its name where those are not unique."""
    differing = differing_settings(records)
    texts = [", ".join(f"{name} {record.config.get(name)}" for name in differing) for record in records]
    return [text if text and texts.count(text) == 1 else r.name for text, r in zip(texts, records, strict=True)]
