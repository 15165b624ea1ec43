"""Contact sheet of a data set: sample images, one row per class."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from pw13.figures.text import plain

MAX_CLASSES = 40
MAX_COLUMNS = 12  # images per class
GAP = 2  # pixels between images
GAP_GREY = 128


def contact_sheet(sets: dict[str, tuple[np.ndarray, np.ndarray]], classes: Sequence[str], heading: str) -> Figure:
    """Draw the first images of each class, with the sets side by side; of more than 40 classes the first 40.

    sets: images `(n, height, width)` uint8 and labels `(n,)` by title. heading: above all; classes left out are noted.
    """
    largest_class = max(int(np.bincount(labels).max(initial=0)) for _, labels in sets.values())
    columns = max(1, min(MAX_COLUMNS, largest_class))
    if len(classes) > MAX_CLASSES:
        heading += f"\nfirst {MAX_CLASSES} of {len(classes)} classes"
    names = [plain(name) for name in classes[:MAX_CLASSES]]
    figure = Figure(figsize=(max(0.45 * columns * len(sets) + 1.2, 6), 0.48 * len(names) + 0.9), layout="constrained")
    for axes, (title, (images, labels)) in zip(
        figure.subplots(1, len(sets), squeeze=False)[0], sets.items(), strict=True
    ):
        axes.imshow(tile(images, labels, len(names), columns), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        step = images.shape[1] + GAP
        axes.set_yticks([step * row + step / 2 for row in range(len(names))], names)
        axes.set_xticks([])
        axes.tick_params(length=0)
        axes.set_title(title, fontsize=10)
        for spine in axes.spines.values():
            spine.set_visible(False)
    figure.suptitle("\n".join(map(plain, heading.split("\n"))), fontsize=10)
    return figure


def tile(images: np.ndarray, labels: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Tile the first `columns` images of the labels 0 to `rows` - 1, one row per label.

    Returns:
        `(rows * (height + 2) + 2, columns * (width + 2) + 2)` uint8.
    """
    height, width = images.shape[1:]
    canvas = np.full((rows * (height + GAP) + GAP, columns * (width + GAP) + GAP), GAP_GREY, np.uint8)
    for row in range(rows):
        top = GAP + row * (height + GAP)
        for column, image in enumerate(images[np.flatnonzero(labels == row)[:columns]]):
            left = GAP + column * (width + GAP)
            canvas[top : top + height, left : left + width] = image
    return canvas
