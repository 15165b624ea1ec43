"""Figures of a sweep."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pw13.figures.direct_labels import MARKERS, LineEnd, label_lines
from pw13.figures.loss_curves import BLUE, GREY

MAX_LABELLED = 8  # combinations; above it only the best one is labelled


def metric_by_axis(
    rows: Sequence[Mapping[str, Any]],
    axes: Mapping[str, Sequence[Any]],
    metric: str,
    best: Mapping[str, Any] | None,
) -> Figure:
    """Plot a metric against each swept setting, a panel each, with a line per combination of the other settings.

    rows: one per combination, with its settings and the `mean`, `low` and `high` of the metric over seeds; error bars
    go from `low` to `high`. axes: swept values by setting. best: the row whose lines are coloured, None if no row is.
    """
    swept = [name for name, values in axes.items() if len(values) > 1] or list(axes)[:1]
    panels = max(len(swept), 1)
    figure = Figure(figsize=(1.5 + 5 * panels, 4), layout="constrained")
    grid = figure.subplots(1, panels, squeeze=False, sharey=True)[0]
    for panel, name in zip(grid, swept, strict=False):
        _panel(panel, rows, name, list(axes[name]), [other for other in swept if other != name], best)
    if not swept:
        _error_bars(grid[0], [0], list(rows), color=BLUE)
        grid[0].set_xticks([0], ["all seeds"])
    grid[0].set_ylabel(metric)
    if any(row["high"] > row["low"] for row in rows):
        grid[0].set_title("bars: range over seeds", fontsize="small", loc="left")
    return figure


def _panel(
    axes: Axes,
    rows: Sequence[Mapping[str, Any]],
    name: str,
    values: list[Any],
    others: list[str],
    best_row: Mapping[str, Any] | None,
) -> None:
    """Draw a line per combination of the other settings, labelled at its end; the best one in blue, all others grey."""
    combinations = dict.fromkeys(tuple(row[other] for other in others) for row in rows)
    best = tuple(best_row[other] for other in others) if best_row else None
    ends = []
    for index, combination in enumerate(combinations):
        chosen = [row for row in rows if tuple(row[other] for other in others) == combination]
        chosen.sort(key=lambda row: values.index(row[name]))
        x = [row[name] if _numeric(values) else values.index(row[name]) for row in chosen]
        label = ", ".join(f"{other} {value}" for other, value in zip(others, combination, strict=True))
        few, color = len(combinations) <= MAX_LABELLED, BLUE if combination == best else GREY
        marker = MARKERS[index % len(MARKERS)] if few else "o"
        _error_bars(axes, x, chosen, color=color, marker=marker, faint=not few and color == GREY)
        if few or combination == best:
            ends.append(LineEnd(x[-1], chosen[-1]["mean"], label if few else f"best: {label}", color))
    _scale(axes, name, values)
    if others:
        label_lines(axes, ends)


def _error_bars(
    axes: Axes, x: list[float], rows: list[Any], *, color: str, marker: str = "o", faint: bool = False
) -> None:
    means = [row["mean"] for row in rows]
    spread = [[row["mean"] - row["low"] for row in rows], [row["high"] - row["mean"] for row in rows]]
    style = {"alpha": 0.4, "linewidth": 1, "zorder": 1} if faint else {"zorder": 2}
    several = any(row["high"] > row["low"] for row in rows)  # one seed has no spread to draw
    axes.errorbar(
        x,
        means,
        yerr=spread if several else None,
        color=color,
        marker=marker,
        markersize=4,
        capsize=3,
        **style,
    )


def _scale(axes: Axes, name: str, values: list[Any]) -> None:
    axes.set_xlabel(name)
    axes.grid(alpha=0.3)
    if not _numeric(values):
        axes.set_xticks(range(len(values)), [str(value) for value in values])
        return
    if min(values) > 0 and max(values) >= 8 * min(values):
        axes.set_xscale("log")
    axes.set_xticks(values, [f"{value:g}" for value in values])
    axes.set_xticks([], minor=True)


def _numeric(values: Sequence[Any]) -> bool:
    return all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)
