"""Grids of small grey images with a label per row and a title per column."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from pw13.figures.text import plain


def image_grid(
    rows: Sequence[np.ndarray],
    labels: Sequence[str],
    titles: Sequence[str],
    *,
    heading: str | None = None,
) -> Figure:
    """Draw each of `rows`, `(columns, height, width)` in [0, 1], as a row of images; rows may differ in length.

    labels: one per row, at its left. titles: one per column of the first row, above it.
    """
    columns = max(map(len, rows))
    figure = Figure(figsize=(0.9 * columns + 1.3, 0.95 * len(rows) + 0.6), layout="constrained")
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for row, (images, label) in enumerate(zip(rows, labels, strict=True)):
        for axes in grid[row, len(images) :]:
            axes.set_axis_off()
        for column, image in enumerate(images):
            axes = grid[row, column]
            axes.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            axes.set(xticks=[], yticks=[])
            if row == 0:
                axes.set_title(plain(titles[column]), fontsize=9)
        grid[row, 0].set_ylabel(label, rotation=0, ha="right", va="center", fontsize=9)
    if heading:
        figure.suptitle(heading, fontsize=10)
    return figure


def one_per_class(labels: np.ndarray) -> np.ndarray:
    """Return the index of the first image of each class, `(classes,)` int64."""
    return np.unique(labels, return_index=True)[1]
