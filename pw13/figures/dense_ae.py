"""What a dense autoencoder does, as pictures."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from pw13.figures.grids import image_rows, one_per_class


def reconstructions(images: np.ndarray, outputs: np.ndarray, labels: np.ndarray, classes: Sequence[str]) -> Figure:
    """Handout 1e: one test image a class on top, its reconstruction below. `(n, height, width)` in [0, 1]."""
    rows = one_per_class(labels)[:20]
    return image_rows([images[rows], outputs[rows]], ["input", "output"], [classes[labels[row]] for row in rows])


def best_and_worst(
    images: np.ndarray, outputs: np.ndarray, errors: np.ndarray, labels: np.ndarray, classes: Sequence[str]
) -> Figure:
    """The five best and the five worst reconstructed images of the test set, with each one's MSE.

    Among the best, plain images come first; so the best of each class are taken, then the five best of those.
    """
    count = min(5, len(images) // 2)
    first_best = [rows[np.argmin(errors[rows])] for rows in _rows_by_class(labels)]
    best = sorted(first_best, key=lambda row: errors[row])[:count]
    worst = np.argsort(errors, kind="stable")[::-1][:count]
    rows = np.array([*best, *worst])
    titles = [f"{classes[labels[row]]}  {errors[row]:.4f}" for row in rows]
    heading = f"left: the best reconstruction of {len(best)} classes; right: the {len(worst)} worst of all (MSE)"
    return image_rows([images[rows], outputs[rows]], ["input", "output"], titles, heading=heading)


def code_map(points: np.ndarray, labels: np.ndarray, classes: Sequence[str]) -> Figure:
    """Codes in the plane, `(n, 2)`, a colour and a letter for each class."""
    figure = Figure(figsize=(7, 6), layout="constrained")
    axes = figure.subplots()
    cmap = "tab10" if len(classes) <= 10 else "tab20"
    from matplotlib import colormaps

    for label, name in enumerate(classes):
        chosen = points[labels == label]
        if not len(chosen):
            continue
        colour = colormaps[cmap](label % colormaps[cmap].N)
        axes.scatter(chosen[:, 0], chosen[:, 1], s=6, color=colour, alpha=0.6, linewidths=0, label=name)
        axes.annotate(
            name, np.median(chosen, axis=0), fontsize=14, weight="bold", ha="center", va="center",
            bbox={"boxstyle": "circle,pad=0.15", "fc": "white", "ec": colour, "alpha": 0.85},
        )  # fmt: skip
    axes.set(xticks=[], yticks=[], title=f"{len(points):,} test codes in the plane (t-SNE)")
    return figure


def unit_drawings(changes: np.ndarray) -> Figure:
    """What each code unit draws: `(units, height, width)`, the change of the output from low to high, in [-1, 1]."""
    shown = changes[:128]
    columns = min(8, len(shown))
    lines = -(-len(shown) // columns)
    figure = Figure(figsize=(1.05 * columns + 1, 1.15 * lines + 0.8), layout="constrained")
    grid = figure.subplots(lines, columns, squeeze=False)
    for unit, axes in enumerate(grid.flat):
        if unit >= len(shown):
            axes.set_axis_off()
            continue
        picture = axes.imshow(shown[unit], cmap="RdBu_r", vmin=-1, vmax=1, interpolation="nearest")
        axes.set(xticks=[], yticks=[])
        axes.set_title(str(unit), fontsize=8, pad=2)
    figure.colorbar(picture, ax=grid, shrink=0.7, label="change of the pixel")
    words = "Output for a code with the unit two deviations above its mean, minus below"
    figure.suptitle(words if columns > 5 else words.replace(" with", "\nwith"), fontsize=10)
    return figure


def _rows_by_class(labels: np.ndarray) -> list[np.ndarray]:
    return [np.flatnonzero(labels == label) for label in np.unique(labels)]
