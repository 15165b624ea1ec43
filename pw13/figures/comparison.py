"""Runs beside each other: their validation losses against epoch, their chief numbers as bars."""

from collections.abc import Mapping, Sequence

from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pw13.figures.curves import BLUE

LEGEND = 12  # more lines than this have no legend


def compared(
    histories: Mapping[str, Sequence[Mapping[str, float]]],
    labels: Sequence[str],
    values: Mapping[str, Sequence[float | None]],
) -> Figure:
    """A panel with each run's validation loss, where they have histories, and one with bars for each of `values`."""
    curves = {label: rows for label, rows in histories.items() if rows and "val_loss" in rows[0]}
    panels = bool(curves) + len(values)
    height = 1.2 + 0.28 * len(labels)
    figure = Figure(figsize=(7.5, (4 if curves else 0) + height * len(values) or 2), layout="constrained")
    ratios = ([4.0] if curves else []) + [height] * len(values)
    axes = figure.subplots(max(panels, 1), squeeze=False, height_ratios=ratios or [1])[:, 0]
    if curves:
        _lines(axes[0], curves)
    for place, (name, numbers) in zip(axes[bool(curves) :], values.items(), strict=True):
        _bars(place, name, labels, numbers)
    return figure


def _lines(axes: Axes, curves: Mapping[str, Sequence[Mapping[str, float]]]) -> None:
    colors = colormaps["viridis"]
    for number, (label, rows) in enumerate(curves.items()):
        color = colors(number / max(len(curves) - 1, 1) * 0.9)
        marker = "o" if len(rows) < 3 else None
        axes.plot([r["epoch"] for r in rows], [r["val_loss"] for r in rows], color=color, label=label, marker=marker)
    axes.set(xlabel="epoch", ylabel="validation loss")
    axes.grid(alpha=0.3)
    if len(curves) <= LEGEND:
        axes.legend(fontsize="small")


def _bars(axes: Axes, name: str, labels: Sequence[str], numbers: Sequence[float | None]) -> None:
    places = range(len(labels))
    bars = axes.barh(places, [number or 0 for number in numbers], color=BLUE)
    axes.bar_label(
        bars, ["-" if number is None else f"{number:.4g}" for number in numbers], padding=3, fontsize="small"
    )
    axes.set_yticks(places, labels, fontsize="small")
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.set_xlabel(name)
