"""Comparison of runs: validation loss against epoch, metrics as bars."""

from collections.abc import Mapping, Sequence

from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pw13.figures.loss_curves import BLUE

MAX_LEGEND = 12  # lines; above it there is no legend


def run_comparison(
    histories: Mapping[str, Sequence[Mapping[str, float]]],
    labels: Sequence[str],
    values: Mapping[str, Sequence[float | None]],
) -> Figure:
    """Plot the validation losses of runs in one panel and each metric as bars in a panel of its own.

    histories: rows of history.csv by label; runs without `val_loss` are left out. labels: one per run. values: one
    value per run by metric, None where a run lacks it.
    """
    curves = {label: rows for label, rows in histories.items() if rows and "val_loss" in rows[0]}
    panels = bool(curves) + len(values)
    height = 1.2 + 0.28 * len(labels)
    figure = Figure(figsize=(7.5, (4 if curves else 0) + height * len(values) or 2), layout="constrained")
    ratios = ([4.0] if curves else []) + [height] * len(values)
    axes = figure.subplots(max(panels, 1), squeeze=False, height_ratios=ratios or [1])[:, 0]
    if curves:
        _lines(axes[0], curves)
    for panel, (metric, numbers) in zip(axes[bool(curves) :], values.items(), strict=True):
        _bars(panel, metric, labels, numbers)
    return figure


def _lines(axes: Axes, curves: Mapping[str, Sequence[Mapping[str, float]]]) -> None:
    colors = colormaps["viridis"]
    for index, (label, rows) in enumerate(curves.items()):
        color = colors(index / max(len(curves) - 1, 1) * 0.9)
        marker = "o" if len(rows) < 3 else None
        axes.plot([r["epoch"] for r in rows], [r["val_loss"] for r in rows], color=color, label=label, marker=marker)
    axes.set(xlabel="epoch", ylabel="validation loss")
    axes.grid(alpha=0.3)
    if len(curves) <= MAX_LEGEND:
        axes.legend(fontsize="small")


def _bars(axes: Axes, metric: str, labels: Sequence[str], numbers: Sequence[float | None]) -> None:
    positions = range(len(labels))
    bars = axes.barh(positions, [value or 0 for value in numbers], color=BLUE)
    axes.bar_label(bars, ["-" if value is None else f"{value:.4g}" for value in numbers], padding=3, fontsize="small")
    axes.set_yticks(positions, labels, fontsize="small")
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.set_xlabel(metric)
