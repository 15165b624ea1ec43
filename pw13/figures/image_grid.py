"""Grids of small images, each grid in one pair of axes: matplotlib takes about 30 ms for each further pair."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from pw13.figures.text import plain

COLUMN_GAP, ROW_GAP = 0.16, 0.22  # between images, as fractions of an image
TITLE_GAP = 0.3  # between rows where each image has a title


def image_grid(
    rows: Sequence[np.ndarray],
    labels: Sequence[str],
    titles: Sequence[str],
    *,
    heading: str | None = None,
) -> Figure:
    """Draw each of `rows`, `(columns, height, width)` in [0, 1], as a row of grey images; rows may differ in length.

    labels: one per row, at its left. titles: one per column of the first row, above it.
    """
    columns = max(map(len, rows))
    figure = Figure(figsize=(0.9 * columns + 1.3, 0.95 * len(rows) + 0.6), layout="constrained")
    draw_images(figure.subplots(), rows, [titles[: len(rows[0])]], labels, cmap="gray", vmin=0, vmax=1)
    if heading:
        figure.suptitle(heading, fontsize=10)
    return figure


def draw_images(
    axes: Any,
    rows: Sequence[Sequence[np.ndarray] | np.ndarray],
    titles: Sequence[Sequence[str]],
    labels: Sequence[str] = (),
    *,
    room: tuple[int, int] = (1, 1),
    row_gap: float = ROW_GAP,
    fontsize: float = 9,
    **style: Any,
) -> Any:
    """Draw rows of images, `(height, width)` each and all of one shape, with a frame around and a title above each.

    titles: of the images of as many rows as have titles. labels: of the rows, at their left. room: the least rows and
    columns that the axes have room for. row_gap: as a fraction of an image's height. style: arguments of `imshow`. On
    the axes an image is 1 wide and 1 high. Returns the drawn picture, for a colour bar.
    """
    height, width = next(image for row in rows for image in row).shape
    canvas, places = _tile(rows, room, row_gap)
    extent = (0, canvas.shape[1] / width, canvas.shape[0] / height, 0)
    picture = axes.imshow(canvas, extent=extent, aspect=height / width, interpolation="nearest", **style)
    frames = [Rectangle((x, y), 1, 1) for row in places for x, y in row]
    axes.add_collection(PatchCollection(frames, facecolor="none", edgecolor="black", linewidth=0.8))
    for row, texts in zip(places, titles, strict=False):
        for (x, y), text in zip(row, texts, strict=True):
            axes.annotate(plain(text), (x + 0.5, y), (0, 3), textcoords="offset points", ha="center", fontsize=fontsize)
    axes.set(xticks=[], frame_on=False, xlim=extent[:2], ylim=extent[2:])
    axes.set_yticks([places[row][0][1] + 0.5 for row in range(len(labels))], labels, fontsize=9)
    axes.tick_params(length=0)
    return picture


def _tile(
    rows: Sequence[Sequence[np.ndarray] | np.ndarray], room: tuple[int, int], row_gap: float
) -> tuple[np.ndarray, list[list[tuple[float, float]]]]:
    """Return the images on one canvas, float32, NaN between them, and the place (x, y) of each, in images."""
    height, width = next(image for row in rows for image in row).shape
    down, right = height + max(1, round(row_gap * height)), width + max(1, round(COLUMN_GAP * width))
    shape = max(room[0], len(rows)), max(room[1], *map(len, rows))
    canvas = np.full(((shape[0] - 1) * down + height, (shape[1] - 1) * right + width), np.nan, np.float32)
    for row, images in enumerate(rows):
        for column, image in enumerate(images):
            canvas[row * down : row * down + height, column * right : column * right + width] = image
    return canvas, [
        [(column * right / width, row * down / height) for column in range(len(images))]
        for row, images in enumerate(rows)
    ]


def one_per_class(labels: np.ndarray) -> np.ndarray:
    """Return the index of the first image of each class, `(classes,)` int64."""
    return np.unique(labels, return_index=True)[1]
