"""Labels at the ends of lines, in place of a legend: readable in grey and by the colour-blind."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

SIZE = 8  # points
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*")


class LineEnd(NamedTuple):
    """The last point of a line in data coordinates, its label and colour."""

    x: float
    y: float
    text: str
    color: str


def label_lines(axes: Axes, ends: Sequence[LineEnd]) -> None:
    """Write each label right of the axes at the height of its line, moved apart where they would overlap."""
    if not ends:
        return
    low, high = axes.get_ylim()
    scale = axes.yaxis.get_transform().transform
    bottom, top, *ys = scale(np.array([low, high, *(end.y for end in ends)]))
    wanted = [min(max((y - bottom) / (top - bottom), 0.0), 1.0) for y in ys]
    figure = axes.get_figure(root=True)
    inches = axes.get_window_extent().height / figure.dpi if figure else 1.0
    for end, y, place in zip(ends, wanted, spread(wanted, 1.3 * SIZE / 72 / inches), strict=True):
        axes.annotate(
            end.text,
            xy=(1, y),
            xytext=(1.03, place),
            xycoords="axes fraction",
            textcoords="axes fraction",
            color=end.color,
            fontsize=SIZE,
            va="center",
            arrowprops={
                "arrowstyle": "-", "color": end.color, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 0, "relpos": (0, 0.5)
            },
        )  # fmt: skip


def spread(positions: Sequence[float], gap: float) -> list[float]:
    """Return positions at least `gap` apart, in the same order, nearest to the given ones in the least-squares sense.

    They are moved into the range from 0 to 1 if they fit. Isotonic regression of the positions without their gaps, by
    pooling adjacent violators (Barlow et al. 1972).
    """
    order = sorted(range(len(positions)), key=lambda index: positions[index])
    pools: list[tuple[float, int]] = []  # mean, number
    for rank, index in enumerate(order):
        mean, count = positions[index] - rank * gap, 1
        while pools and pools[-1][0] > mean:
            other, number = pools.pop()
            mean, count = (mean * count + other * number) / (count + number), count + number
        pools.append((mean, count))
    free = [mean for mean, count in pools for _ in range(count)]
    placed = [value + rank * gap for rank, value in enumerate(free)]
    shift = min(0.0, 1 - placed[-1]) or max(0.0, -placed[0]) if placed else 0.0
    result = [0.0] * len(positions)
    for index, value in zip(order, placed, strict=True):
        result[index] = value + shift
    return result
