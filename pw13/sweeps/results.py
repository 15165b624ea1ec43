"""The results of a sweep as tables."""

from typing import Any

import pandas as pd

from pw13.runs import comparison
from pw13.runs.folder import Run
from pw13.runs.record import read_run
from pw13.sweeps.folder import SUMMARY_COLUMNS, Sweep


def results_table(sweep: Sweep, run: Run) -> pd.DataFrame:
    """Return a row per completed point: its values, and all its metrics by dotted names."""
    rows = []
    for point in sweep.points:
        record = read_run(run.folder / point.name)
        if record.status == "completed":
            best = comparison.best_val_loss(comparison.history(record.folder))
            metrics = {**comparison.numbers(record), comparison.BEST_VAL_LOSS: best}
            rows.append({"point": point.name, **metrics, **point.values})
    if not rows:
        return pd.DataFrame(columns=["point", *sweep.points[0].values])
    first = ["point", *sweep.points[0].values, comparison.validation_metric(sweep.kind)]
    return pd.DataFrame(rows, columns=list(dict.fromkeys([*first, *(name for row in rows for name in row)])))


def summary(frame: pd.DataFrame, sweep: Sweep) -> list[dict[str, Any]]:
    """Return the metric over the seeds of each combination: mean, low, high, number of runs; the lowest mean first."""
    metric, axes = comparison.validation_metric(sweep.kind), list(sweep.axes)
    frame = frame.dropna(subset=[metric]) if metric in frame else frame[:0]  # a tiny corpus has no validation names
    if frame.empty:
        return []
    grouped = frame.groupby(axes, dropna=False)[metric] if axes else frame.groupby(lambda _: "all")[metric]
    table = grouped.agg(mean="mean", low="min", high="max", runs="count").reset_index().sort_values("mean")
    rows: list[dict[str, Any]] = table[[*axes, *SUMMARY_COLUMNS]].to_dict("records")
    return rows
