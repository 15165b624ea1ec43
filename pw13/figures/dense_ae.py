"""Figures of the dense autoencoder."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from pw13.figures.direct_labels import MARKERS
from pw13.figures.image_grid import TITLE_GAP, draw_images, image_grid, one_per_class
from pw13.figures.loss_curves import BLUE, GREEN, GREY, ORANGE, PURPLE, YELLOW
from pw13.figures.text import plain
from pw13.metrics.rate_distortion import Point, lower_envelope

CLASS_COLORS = (BLUE, ORANGE, GREEN, PURPLE, YELLOW, "#56b4e9", GREY)  # classes beyond them share, so letters tell
MAX_UNITS = 128  # whose effects are drawn
LABEL_ROOM = 2.5  # factor of the axis of bytes, for the labels at the ends of the lines

# Label, colour and marker. The colours differ for any colour vision (Okabe and Ito, 2008).
METHODS = {
    "autoencoder": ("autoencoder", "#d55e00", "o"),
    "pca": ("PCA", "#0072b2", "s"),
    "webp": ("WebP files", "#009e73", "^"),
    "jpeg": ("JPEG files", "#8a5a83", "D"),
}
# The lines of codes meet at their ends, so they are labelled at their starts: point, offset, vertical alignment.
LABEL_PLACES = {"autoencoder": (0, (4, 6), "bottom"), "pca": (0, (-4, -7), "top")}
LABEL_AT_END = (-1, (6, 0), "center")


def reconstructions(images: np.ndarray, outputs: np.ndarray, labels: np.ndarray, classes: Sequence[str]) -> Figure:
    """Draw one test image per class above its reconstruction, both `(n, height, width)` in [0, 1] (handout 1e)."""
    rows = one_per_class(labels)[:20]
    return image_grid([images[rows], outputs[rows]], ["input", "output"], [classes[labels[row]] for row in rows])


def best_and_worst(
    images: np.ndarray, outputs: np.ndarray, errors: np.ndarray, labels: np.ndarray, classes: Sequence[str]
) -> Figure:
    """Draw the five best and the five worst reconstructions of the test set, with the MSE of each, `errors` `(n,)`.

    Plain images, often of one class, reconstruct best; so the best of each class compete for the five best.
    """
    count = min(5, max(len(images) // 2, 1))
    best_per_class = [rows[np.argmin(errors[rows])] for rows in _rows_by_class(labels)]
    best = sorted(best_per_class, key=lambda row: errors[row])[:count]
    worst = np.argsort(errors, kind="stable")[::-1][:count]
    rows = np.array([*best, *worst])
    titles = [f"{classes[labels[row]]}  {errors[row]:.4f}" for row in rows]
    heading = f"left: best reconstruction of {len(best)} classes; right: {len(worst)} worst overall (MSE)"
    return image_grid([images[rows], outputs[rows]], ["input", "output"], titles, heading=heading)


def code_map(tsne: np.ndarray, principal: np.ndarray, labels: np.ndarray, classes: Sequence[str]) -> Figure:
    """Plot codes in two dimensions, `(n, 2)` each: by t-SNE and by PCA, with a colour and a label per class."""
    figure = Figure(figsize=(11, 5.4), layout="constrained")
    count = f"{len(labels):,} test codes"
    several = tsne[:, 1].any()  # a single code unit is drawn on a line
    titles = (f"t-SNE of {count}", f"first two principal components of {count}") if several else (count, count)
    for axes, points, title in zip(figure.subplots(1, 2), (tsne, principal), titles, strict=True):
        _scatter(axes, points, labels, classes)
        axes.set(xticks=[], yticks=[], title=title)
    return figure


def _scatter(axes: Any, points: np.ndarray, labels: np.ndarray, classes: Sequence[str]) -> None:
    """Draw a point per code, as the letter of its class if that is one, and the class at the median of its codes."""
    for label, name in enumerate(map(plain, classes)):
        chosen = points[labels == label]
        if not len(chosen):
            continue
        color, letter = CLASS_COLORS[label % len(CLASS_COLORS)], len(name) == 1 and name.isascii() and name.isalnum()
        marker, size = (f"$\\mathbf{{{name}}}$", 24) if letter else (MARKERS[label % len(MARKERS)], 8)
        axes.scatter(*chosen.T, s=size, marker=marker, color=color, alpha=0.7, linewidths=0.2, label=name)
        axes.annotate(
            name, np.median(chosen, axis=0), fontsize=12, weight="bold", ha="center", va="center",
            bbox={"boxstyle": "circle,pad=0.15", "fc": "white", "ec": color, "alpha": 0.85},
        )  # fmt: skip


def code_space(means: np.ndarray, path: np.ndarray, random: np.ndarray, classes: Sequence[str]) -> Figure:
    """Draw what the decoder makes of codes that belong to no image, each `(n, height, width)` in [0, 1].

    means: of the mean code of each of `classes`. path: of codes on the straight line between two letters. random: of
    codes drawn from a normal distribution with mean and covariance of the training codes.
    """
    labels = ["mean code\nof a class", "between\ntwo letters", "random\ncodes"]
    return image_grid([means, path, random], labels, classes)


def unit_effects(changes: np.ndarray) -> Figure:
    """Draw the effect of each code unit on the output, `(units, height, width)` in [-1, 1]; the first `MAX_UNITS`."""
    shown = changes[:MAX_UNITS]
    columns = min(8, len(shown))
    rows = [shown[start : start + columns] for start in range(0, len(shown), columns)]
    titles = [[str(unit) for unit in range(start, start + columns)] for start in range(0, len(shown), columns)]
    titles[-1] = titles[-1][: len(rows[-1])]
    figure = Figure(figsize=(1.05 * columns + 1, 1.15 * len(rows) + 0.8), layout="constrained")
    axes = figure.subplots()
    picture = draw_images(axes, rows, titles, row_gap=TITLE_GAP, fontsize=8, cmap="RdBu_r", vmin=-1, vmax=1)
    figure.colorbar(picture, ax=axes, shrink=0.7, label="change in pixel value")
    separator = " " if columns > 5 else "\n"
    title = ("Effect of each code unit:", "output at mean + 2 SD minus output at mean - 2 SD")
    figure.suptitle(separator.join(title), fontsize=10)
    return figure


def rate_distortion(points: Mapping[str, Sequence[Point]], code_sizes: str) -> Figure:
    """Plot bytes per image against MSE by method, the lower envelope as a line.

    points: by method, keys as in `METHODS`. code_sizes: those of the autoencoder, for the title.
    """
    figure = Figure(figsize=(7.5, 5), layout="constrained")
    axes = figure.subplots()
    for method, (label, color, marker) in METHODS.items():
        shown = [point for point in points.get(method, ()) if point.bytes > 0 and point.mse > 0]  # the axes lack 0
        envelope = lower_envelope(shown)
        if not envelope:
            continue
        best = [p.bytes for p in envelope], [p.mse for p in envelope]
        sizes = np.geomspace(best[0][0], best[0][-1], 200)  # a straight line is curved on these axes
        axes.plot(sizes, np.interp(sizes, *best), color=color)
        axes.plot(*best, marker, color=color, markersize=4)
        axes.plot([p.bytes for p in shown], [p.mse for p in shown], marker, color=color, alpha=0.25, markersize=4)
        end, offset, alignment = LABEL_PLACES.get(method, LABEL_AT_END)
        axes.annotate(
            label, (best[0][end], best[1][end]), xytext=offset, textcoords="offset points", va=alignment, color=color,
            weight="bold",
        )  # fmt: skip
    axes.set(xscale="log", yscale="log", xlabel="bytes per image", ylabel="MSE")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(lambda value, _: np.format_float_positional(value, trim="-"))
        axis.set_minor_formatter(NullFormatter())
    axes.margins(y=0.1)
    left, right = axes.get_xlim()
    axes.set_xlim(left, right * LABEL_ROOM)
    axes.set_title(f"Rate and distortion on test images; {code_sizes}", fontsize=11)
    axes.grid(alpha=0.3)
    return figure


def _rows_by_class(labels: np.ndarray) -> list[np.ndarray]:
    return [np.flatnonzero(labels == label) for label in np.unique(labels)]
