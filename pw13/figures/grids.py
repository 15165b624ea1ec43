"""Rows of small grey images with a word at each row and column."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure


def image_rows(
    rows: Sequence[np.ndarray],
    labels: Sequence[str],
    titles: Sequence[str],
    *,
    heading: str | None = None,
    cmap: str = "gray",
    limits: tuple[float, float] = (0, 1),
) -> Figure:
    """Each of `rows`, `(columns, height, width)` in [0, 1], as a line of images with its label at the left.

    `titles` stand above the first row, one a column.
    """
    columns = len(rows[0])
    figure = Figure(figsize=(0.9 * columns + 1.3, 0.95 * len(rows) + 0.6), layout="constrained")
    grid = np.atleast_2d(figure.subplots(len(rows), columns, squeeze=False))
    for line, (images, label) in enumerate(zip(rows, labels, strict=True)):
        for column, image in enumerate(images):
            axes = grid[line, column]
            axes.imshow(image, cmap=cmap, vmin=limits[0], vmax=limits[1], interpolation="nearest")
            axes.set(xticks=[], yticks=[])
            if line == 0:
                axes.set_title(titles[column], fontsize=9)
        grid[line, 0].set_ylabel(label, rotation=0, ha="right", va="center", fontsize=9)
    if heading:
        figure.suptitle(heading, fontsize=10)
    return figure


def one_per_class(labels: np.ndarray) -> np.ndarray:
    """The row number of the first image of each class, `(classes,)` int64."""
    return np.unique(labels, return_index=True)[1]
