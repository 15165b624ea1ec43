"""A sheet of small images, a row for each class: what a data set looks like."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

MAX_CLASSES = 40
GAP = 2  # pixels between images
PAPER = 128  # grey of the gaps


def contact_sheet(
    parts: dict[str, tuple[np.ndarray, np.ndarray]], classes: Sequence[str], heading: str, *, columns: int = 12
) -> Figure:
    """The first images of each class of each part, side by side; of more than 40 classes the first 40.

    The heading says where classes are left out. parts: title -> images `(n, height, width)` uint8 and labels `(n,)`.
    """
    most = max(int(np.bincount(labels).max(initial=0)) for _, labels in parts.values())
    columns = max(1, min(columns, most))
    if len(classes) > MAX_CLASSES:
        heading += f"\nthe first {MAX_CLASSES} of {len(classes)} classes"
    names = [name.replace("$", r"\$") for name in classes[:MAX_CLASSES]]
    figure = Figure(figsize=(max(0.45 * columns * len(parts) + 1.2, 6), 0.48 * len(names) + 0.9), layout="constrained")
    for axes, (title, (images, labels)) in zip(
        figure.subplots(1, len(parts), squeeze=False)[0], parts.items(), strict=True
    ):
        axes.imshow(sheet(images, labels, len(names), columns), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        step = images.shape[1] + GAP
        axes.set_yticks([step * row + step / 2 for row in range(len(names))], names)
        axes.set_xticks([])
        axes.tick_params(length=0)
        axes.set_title(title, fontsize=10)
        for spine in axes.spines.values():
            spine.set_visible(False)
    figure.suptitle(heading.replace("$", r"\$"), fontsize=10)
    return figure


def sheet(images: np.ndarray, labels: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """One picture `(rows * (height + 2) + 2, columns * (width + 2) + 2)` uint8 of the first `columns` of each label."""
    height, width = images.shape[1:]
    paper = np.full((rows * (height + GAP) + GAP, columns * (width + GAP) + GAP), PAPER, np.uint8)
    for row in range(rows):
        top = GAP + row * (height + GAP)
        for column, image in enumerate(images[np.flatnonzero(labels == row)[:columns]]):
            left = GAP + column * (width + GAP)
            paper[top : top + height, left : left + width] = image
    return paper
