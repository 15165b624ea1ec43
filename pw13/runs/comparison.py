"""Runs beside each other: what they are, the settings in which they differ, their numbers. Reads run folders only."""

import difflib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pw13.errors import OptionError, UserError
from pw13.runs.record import DATA_PATH_KEYS, Record, read_run
from pw13.system import files

# The numbers that stand for a run in a table with others of its kind, the first one where there is room for one only.
PRIMARY_METRICS = {
    "dense-ae": ("test_mse", "val_mse", "test_psnr_db", "pca_test_mse"),
    "conv-dae": ("denoised_psnr_db", "test_mse", "noisy_psnr_db", "denoised_ssim"),
    "svm-eval": ("results.pixels-rbf.accuracy", "results.codes-rbf.accuracy", "results.pca-rbf.accuracy"),
    "charrnn": ("held_out_nats", "val_nats", "train_nats", "held_out_accuracy", "names.new"),
}
# What is read off validation data, for choosing between settings; lower is better in all.
VALIDATION = {"dense-ae": "val_mse", "charrnn": "val_nats"}
BEST_VAL_LOSS = "best_val_loss"


def expand_sweeps(records: Iterable[Record]) -> list[Record]:
    """The records, a sweep replaced by its points."""
    found: list[Record] = []
    for record in records:
        found += sweep_points(record.folder) if record.kind.startswith("sweep-") else [record]
    return found


def sweep_points(sweep: Path) -> list[Record]:
    """The points of a sweep that have a folder, in the order of their numbers."""
    folders = [path for path in sweep.iterdir() if path.name[0].isdigit() and path.is_dir()]
    return [read_run(folder) for folder in sorted(folders, key=lambda path: path.name)]


def flatten(value: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Nested numbers by dotted names: `compression.png_bytes`, `results.pixels-rbf.accuracy`, `by_noise.0.noise`."""
    found: dict[str, Any] = {}
    for key, item in value.items():
        if isinstance(item, dict):
            found |= flatten(item, f"{before}{key}.")
        elif isinstance(item, list) and item and all(isinstance(part, dict) for part in item):
            found |= flatten({_label(part, number): part for number, part in enumerate(item)}, f"{before}{key}.")
        else:
            found[f"{before}{key}"] = item
    return found


def _label(part: Mapping[str, Any], number: int) -> str:
    return "-".join(text for text in part.values() if isinstance(text, str)) or str(number)


def numbers(record: Record) -> dict[str, Any]:
    """The run's metrics by dotted names; of a run without any, what its history tells."""
    if record.metrics is not None or record.problem:
        try:
            return flatten(record.metrics or {})
        except RecursionError:  # no numbers of ours lie that deep
            return {}
    rows = history(record.folder)
    return {"epochs": len(rows), BEST_VAL_LOSS: best_val_loss(rows)} if rows else {}


def history(folder: Path) -> list[dict[str, float]]:
    """The rows of history.csv; none if there is no such file or it is not one."""
    try:
        files.check_inside(folder / "history.csv")
        names, *lines = [line.split(",") for line in (folder / "history.csv").read_text("utf-8").split("\n") if line]
        return [dict(zip(names, map(float, line), strict=True)) for line in lines]
    except (OSError, ValueError, UserError):
        return []


def best_val_loss(rows: Sequence[Mapping[str, float]]) -> float | None:
    """The lowest validation loss of a history."""
    losses = [row["val_loss"] for row in rows if math.isfinite(row.get("val_loss", math.nan))]
    return min(losses, default=None)


def seconds(record: Record) -> float | None:
    """How long the run took: by its metrics, else from start to end."""
    if record.metrics and _is_number(record.metrics.get("seconds")):
        return record.metrics["seconds"]
    try:
        began, ended = (datetime.fromisoformat(record.facts[key]) for key in ("started", "ended"))
        return round((ended - began).total_seconds(), 1)
    except (KeyError, ValueError, TypeError):
        return None


def settings(record: Record) -> dict[str, Any]:
    """The settings in config.json, without kind and places."""
    return {key: value for key, value in record.config.items() if key != "kind" and key not in DATA_PATH_KEYS}


def differing_settings(records: Sequence[Record]) -> list[str]:
    """The settings that do not have the same value in all the runs."""
    names = dict.fromkeys(name for record in records for name in settings(record))
    return [name for name in names if len({repr(record.config.get(name)) for record in records}) > 1]


def as_json(record: Record) -> dict[str, Any]:
    """A run as `--json` prints it."""
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
    """The runs by a metric, the lowest first; those without it at the end.

    Raises:
        OptionError: no run has it.
    """
    values: list[tuple[Any, Record]] = [(numbers(record).get(metric), record) for record in records]
    found = [(float(value), record) for value, record in values if _is_number(value)]
    if records and not found:
        known = sorted({name for record in records for name, value in numbers(record).items() if _is_number(value)})
        near = difflib.get_close_matches(metric, known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(known[:8])}" if known else ""
        raise OptionError(f"--sort: no run has the metric {metric!r}{hint}")
    having = [record for _, record in sorted(found, key=lambda pair: pair[0])]
    return having + [record for value, record in values if not _is_number(value)]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def result(record: Record, found: Mapping[str, Any]) -> str:
    """The one number that stands for the run, with its name; empty where there is none."""
    for name in (*PRIMARY_METRICS.get(record.kind, ()), BEST_VAL_LOSS):
        if _is_number(found.get(name)):
            return f"{name} {found[name]:.4g}"
    if record.kind.startswith("sweep-") and not record.problem:
        done = found.get("completed", sum(point.status == "completed" for point in sweep_points(record.folder)))
        return f"{done} of {record.config.get('points', '?')} points"
    return ""


def list_table(records: Sequence[Record], kind: str | None, metric: str | None) -> tuple[list[str], Iterator[Any]]:
    """Columns and rows of `runs list`: with a kind its settings that differ and its numbers, else one number a run."""
    extra = [metric] if metric else []
    having = [(record, numbers(record)) for record in records]
    if kind is None:
        names = ["epochs", *extra]
        rows = ([r.name, r.kind, r.status, *map(found.get, names), result(r, found), seconds(r)] for r, found in having)
        return ["run", "kind", "status", *names, "result", "seconds"], rows
    differ = [
        name for name in differing_settings([record for record in records if not record.problem]) if name != "epochs"
    ]
    names = list(dict.fromkeys([*extra, "epochs", *primary_metrics(records)]))
    rows = ([r.name, r.status, *map(r.config.get, differ), *map(found.get, names), seconds(r)] for r, found in having)
    return ["run", "status", *differ, *names, "seconds"], rows


def primary_metrics(records: Iterable[Record]) -> list[str]:
    """The chief numbers of the kinds among the runs, as far as any run has them."""
    records = list(records)
    names = dict.fromkeys(name for record in records for name in PRIMARY_METRICS.get(record.kind, ()))
    found = [numbers(record) for record in records]
    return [name for name in (*names, BEST_VAL_LOSS) if any(metrics.get(name) is not None for metrics in found)]


def side_by_side(records: Sequence[Record]) -> tuple[list[str], list[list[Any]]]:
    """Columns and rows that compare a few runs: a column a run; first the settings that differ, then every number."""
    found = [numbers(record) for record in records]
    rows: list[list[Any]] = [["kind", *(r.kind for r in records)], ["status", *(r.status for r in records)]]
    rows += [
        [f"--{name.replace('_', '-')}", *(r.config.get(name) for r in records)] for name in differing_settings(records)
    ]
    for name in dict.fromkeys(name for metrics in found for name in metrics):
        if any(_is_number(metrics.get(name)) for metrics in found):
            rows.append([name, *(metrics.get(name) for metrics in found)])
    return ["", *(record.name for record in records)], rows


def one_per_line(records: Sequence[Record]) -> tuple[list[str], list[list[Any]]]:
    """Columns and rows that compare many runs: a line a run with the settings that differ and the chief numbers."""
    differ, chief = differing_settings(records), primary_metrics(records)
    rows = [[r.name, r.status, *map(r.config.get, differ), *map(numbers(r).get, chief)] for r in records]
    return ["run", "status", *differ, *chief], rows


def labels(records: Sequence[Record]) -> list[str]:
    """A short text for each run: the settings that differ, or its name where they do not tell it from the others."""
    differ = differing_settings(records)
    texts = [", ".join(f"{name} {record.config.get(name)}" for name in differ) for record in records]
    return [text if text and texts.count(text) == 1 else r.name for text, r in zip(texts, records, strict=True)]
