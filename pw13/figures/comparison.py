"""Comparison of runs: validation loss against epoch, metrics as dots."""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pw13.figures.direct_labels import LineEnd, label_lines
from pw13.figures.loss_curves import BLUE, GREY

Curve = Sequence[Mapping[str, float]]  # rows of history.csv

MAX_LABELLED = 8  # curves labelled; of more, the best ones
MAX_PANELS = 4  # metrics side by side
ROW = 0.2  # inches per run


def run_comparison(
    curves: Mapping[str, Sequence[Curve]],
    values: Mapping[str, Mapping[str, Sequence[float | None]]],
    *,
    ranked: bool = True,
) -> Figure:
    """Plot validation losses, a line per group of runs with a band over its seeds, and each metric as dots.

    curves: histories of the seeds by group; those without `val_loss` are left out. values: of each seed by metric and
    group, None where a run lacks it. ranked: whether the lowest validation loss is the best, and coloured.
    """
    known = {label: rows for label, runs in curves.items() if (rows := _losses(runs))}
    metrics = list(values)[:MAX_PANELS]
    rows_height = 1.0 + ROW * len(curves)
    ratios = ([3.6] if known else []) + ([rows_height] if metrics else [])
    figure = Figure(figsize=(7.5 if len(metrics) < 3 else 10, sum(ratios) or 2), layout="constrained")
    parts = figure.subfigures(max(len(ratios), 1), 1, squeeze=False, height_ratios=ratios or [1])[:, 0]
    if known:
        _draw_curves(parts[0].subplots(), known, {label: _lowest(curves[label]) for label in known}, ranked)
    if metrics:
        grid = parts[-1].subplots(1, len(metrics), sharey=True, squeeze=False)[0]
        for axes, metric in zip(grid, metrics, strict=True):
            _draw_dots(axes, metric, list(curves), values[metric])
    return figure


def _losses(runs: Sequence[Curve]) -> dict[int, list[float]]:
    """Return the validation losses of the seeds by epoch, as far as all went: a mean of those left would jump."""
    losses: dict[int, list[float]] = {}
    for rows in runs:
        for row in rows:
            if math.isfinite(row.get("val_loss", math.nan)):
                losses.setdefault(int(row["epoch"]), []).append(row["val_loss"])
    seeds = max(map(len, losses.values()), default=0)
    return {epoch: values for epoch, values in losses.items() if len(values) == seeds}


def _lowest(runs: Sequence[Curve]) -> float:
    """Return the mean over seeds of the lowest validation loss of each."""
    losses = [[row["val_loss"] for row in rows if math.isfinite(row.get("val_loss", math.nan))] for rows in runs]
    return fmean(min(each) for each in losses if each)


def _draw_curves(
    axes: Axes, known: Mapping[str, Mapping[int, Sequence[float]]], lowest: Mapping[str, float], ranked: bool
) -> None:
    means = {label: [sum(v) / len(v) for v in rows.values()] for label, rows in known.items()}
    order = sorted(means, key=lowest.__getitem__)
    ends = []
    for label in reversed(order):  # the lowest one on top
        epochs, color = list(known[label]), BLUE if ranked and label == order[0] else GREY
        axes.plot(epochs, means[label], color=color, linewidth=2 if color == BLUE else 1, marker="o", markersize=3)
        if any(len(seeds) > 1 for seeds in known[label].values()):
            low, high = ([pick(seeds) for seeds in known[label].values()] for pick in (min, max))
            axes.fill_between(epochs, low, high, color=color, alpha=0.2, linewidth=0)
        if label in order[:MAX_LABELLED]:
            ends.append(LineEnd(epochs[-1], means[label][-1], label, color))
    axes.set(xlabel="epoch", ylabel="validation loss")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    bands = any(len(seeds) > 1 for rows in known.values() for seeds in rows.values())
    notes = [
        "lowest in blue" * ranked,
        f"the {MAX_LABELLED} lowest labelled" * (len(order) > MAX_LABELLED),
        "line: mean over seeds while all train, band: their range" * bands,
    ]
    axes.set_title("; ".join(filter(None, notes)), fontsize="small", loc="left")
    label_lines(axes, ends)


def _draw_dots(axes: Axes, metric: str, labels: Sequence[str], values: Mapping[str, Sequence[float | None]]) -> None:
    """Draw a row of dots per group: each seed small, their mean large with its value beside it."""
    for row, label in enumerate(labels):
        seeds = [value for value in values.get(label, ()) if value is not None]
        if not seeds:
            axes.annotate("-", (0.02, row), xycoords=("axes fraction", "data"), va="center", fontsize="small")
            continue
        mean = sum(seeds) / len(seeds)
        if len(seeds) > 1:
            axes.plot(seeds, [row] * len(seeds), "|", color=GREY, markersize=7)
        axes.plot(mean, row, "o", color=BLUE, markersize=4)
        axes.annotate(f"{mean:.4g}", (max(seeds), row), (5, 0), textcoords="offset points", va="center", fontsize=7)
    axes.set_yticks(range(len(labels)), labels, fontsize="small" if len(labels) <= 30 else 7)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.margins(x=0.45)
    axes.set_xlabel(metric.removeprefix("results."), fontsize="small")
    axes.tick_params(axis="x", labelsize=7)
    axes.locator_params(axis="x", nbins=4)
    axes.grid(axis="y", alpha=0.3)
