"""Figures of the SVMs on pixels and on codes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from pw13.figures.direct_labels import MARKERS, LineEnd, label_lines
from pw13.figures.image_grid import TITLE_GAP, draw_images
from pw13.figures.loss_curves import BLUE, GREEN, GREY, ORANGE
from pw13.figures.text import plain
from pw13.metrics.intervals import mean_accuracy
from pw13.svm.summary import NAMES

KERNELS = {"rbf": "RBF kernel", "linear": "linear kernel"}
COLORS = {"pixels": GREY, "codes": BLUE, "pca": ORANGE, "conv-codes": GREEN}
COLUMNS = 12  # images per row of the disagreements
MAX_ANNOTATED = 20  # classes; above it the cells of a confusion matrix have no counts


def confusion_matrices(
    matrices: Sequence[np.ndarray], titles: Sequence[str], classes: Sequence[str], kernel: str
) -> Figure:
    """Draw confusion matrices, `(K, K)` int each, side by side, and of two their difference.

    Colour is the share of the true class, on a square root scale, since almost all images are on the diagonal and the
    errors are of interest.
    """
    panels = len(matrices) + (len(matrices) == 2)
    figure = Figure(figsize=(4.3 * panels + 0.8, 5), layout="constrained")
    grid = figure.subplots(1, panels, squeeze=False)[0]
    for axes, matrix, title in zip(grid, matrices, titles, strict=False):
        shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
        picture = axes.imshow(np.sqrt(shares), cmap="Blues", vmin=0, vmax=1)
        accuracy = np.trace(matrix) / max(matrix.sum(), 1)
        axes.set(title=f"{title}: accuracy {100 * accuracy:.2f} %", xlabel="predicted class")
        _label_classes(axes, classes)
        if len(classes) <= MAX_ANNOTATED:
            _annotate(axes, matrix, shares > 0.4)
    grid[0].set_ylabel("true class")
    label = "share of the images of the true class"
    shown = list(grid[: len(matrices)])
    bar = figure.colorbar(picture, ax=shown, shrink=0.6, ticks=np.sqrt([0, 0.01, 0.05, 0.2, 0.5, 1]), label=label)
    bar.ax.set_yticklabels(["0", "1 %", "5 %", "20 %", "50 %", "100 %"])
    if len(matrices) == 2:
        _difference(grid[-1], matrices[1] - matrices[0], titles, classes)
    figure.suptitle(f"Confusion matrices on the test set, {KERNELS[kernel]}", fontsize=11)
    return figure


def _difference(axes: Any, change: np.ndarray, titles: Sequence[str], classes: Sequence[str]) -> None:
    """Draw how many more images each cell of the second matrix has than of the first."""
    limit = max(int(np.abs(change).max()), 1)
    axes.imshow(change, cmap="PuOr", vmin=-limit, vmax=limit)
    axes.set(title=f"{titles[1]} minus {titles[0]}", xlabel="predicted class")
    _label_classes(axes, classes)
    if len(classes) <= MAX_ANNOTATED:
        _annotate(axes, change, np.abs(change) > 0.6 * limit, "{:+d}")


def _label_classes(axes: Any, classes: Sequence[str]) -> None:
    """Label both axes with the class names, small and rotated as needed to keep them from overlapping."""
    names = [plain(name) for name in classes]
    size = min(10.0, 230 / len(names))
    widest = max(map(len, names)) * len(names)  # characters along the axis
    axes.set_xticks(range(len(names)), names, fontsize=size, rotation=90 if widest * size > 300 else 0)
    axes.set_yticks(range(len(names)), names, fontsize=size)


def _annotate(axes: Any, matrix: np.ndarray, dark: np.ndarray, form: str = "{}") -> None:
    """Write the counts other than 0 into their cells, in white where the cell is dark."""
    for (row, column), count in np.ndenumerate(matrix):
        if count:
            color = "white" if dark[row, column] else "black"
            axes.text(column, row, form.format(count), ha="center", va="center", fontsize=6.5, color=color)


def learning_curve(points: Sequence[Mapping[str, Any]], kernel: str) -> Figure:
    """Plot test accuracy against the number of training images, a line per feature set, with 95 % CIs."""
    figure = Figure(figsize=(6.8, 4.4), layout="constrained")
    axes = figure.subplots()
    ends = []
    for index, (features, size) in enumerate(dict.fromkeys((p["features"], p["size"]) for p in points)):
        line = [p for p in points if (p["features"], p["size"]) == (features, size)]
        label, color = f"{NAMES[features]} ({size})", COLORS[features]
        errors = np.abs(np.array([p["ci95"] for p in line]).T - [p["accuracy"] for p in line])
        sizes, accuracies = [p["n_train"] for p in line], [p["accuracy"] for p in line]
        axes.errorbar(
            sizes, accuracies, errors, label=label, color=color, marker=MARKERS[index % len(MARKERS)], markersize=4,
            capsize=2, elinewidth=0.8,
        )  # fmt: skip
        ends.append(LineEnd(sizes[-1], accuracies[-1], label, color))
    axes.set_xscale("log")
    methods = {p["n_train"]: p.get("method", "SVC") for p in points}
    ticks = sorted(methods)
    axes.set_xticks(ticks, [f"{tick:,}" + f"\n{methods[tick]}" * (methods[tick] != "SVC") for tick in ticks])
    axes.minorticks_off()
    axes.set(xlabel="training images", ylabel="test accuracy", title=f"SVM, {KERNELS[kernel]} (95 % CI)")
    axes.grid(alpha=0.3)
    label_lines(axes, ends)
    return figure


def accuracy_by_code_size(results: Sequence[Mapping[str, Any]], kernel: str) -> Figure:
    """Plot test accuracy of codes and PCA codes against code size, with that of pixels as a line, and 95 % CIs.

    Of several encoders of one size the line shows the mean, with its interval over encoders, and dots show each.
    """
    figure = Figure(figsize=(6.8, 4.4), layout="constrained")
    axes = figure.subplots()
    ends = []
    for name, label, marker in (("codes", "autoencoder codes", "o"), ("pca", "PCA codes", "s")):
        rows = sorted((r for r in results if r["features"] == name), key=lambda r: r["size"])
        sizes = list(dict.fromkeys(r["size"] for r in rows))
        if not rows:
            continue
        means = [_over_encoders([r for r in rows if r["size"] == size]) for size in sizes]
        accuracies = np.array([mean for mean, _ in means])
        errors = np.abs(np.array([ci95 for _, ci95 in means]).T - accuracies)
        axes.errorbar(sizes, accuracies, errors, marker=marker, capsize=3, color=COLORS[name], label=label)
        if len(sizes) < len(rows):
            axes.plot([r["size"] for r in rows], [r["accuracy"] for r in rows], ".", color=COLORS[name], alpha=0.5)
        ends.append(LineEnd(sizes[-1], accuracies[-1], label, COLORS[name]))
    pixels = next(r for r in results if r["features"] == "pixels")
    axes.axhspan(*pixels["ci95"], color=GREY, alpha=0.15, linewidth=0)
    axes.axhline(pixels["accuracy"], color=GREY, linestyle="--", label=f"pixels ({pixels['size']})")
    axes.set_xscale("log", base=2)
    ticks = sorted({r["size"] for r in results if r["features"] == "codes"})
    axes.set_xticks(ticks, list(map(str, ticks)))
    axes.minorticks_off()
    axes.set(xlabel="code size", ylabel="test accuracy", title=f"SVM, {KERNELS[kernel]} (95 % CI)")
    axes.grid(alpha=0.3)
    label_lines(axes, [*ends, LineEnd(ticks[-1], pixels["accuracy"], f"pixels ({pixels['size']})", GREY)])
    return figure


def _over_encoders(rows: Sequence[Mapping[str, Any]]) -> tuple[float, Sequence[float]]:
    """Return the accuracy of an encoder with its interval over images, or the mean of several with that over them."""
    if len(rows) == 1:
        return rows[0]["accuracy"], rows[0]["ci95"]
    mean = mean_accuracy([row["accuracy"] for row in rows])
    return mean.mean, mean.ci95 or (mean.mean, mean.mean)


def disagreements(
    images: np.ndarray, labels: np.ndarray, classes: Sequence[str],
    first: tuple[str, np.ndarray], second: tuple[str, np.ndarray],
) -> Figure:  # fmt: skip
    """Draw the test images, of `(n, height, width)` uint8, that only one of two classifiers gets right.

    first, second: title and predictions `(n,)`. Classes take turns, so that as many as possible are shown. Each image
    has its true class and the wrong prediction as title.
    """
    pairs = [(first, second), (second, first)]
    figure = Figure(figsize=(0.82 * COLUMNS + 0.6, 4.9), layout="constrained")
    for half, ((winner, right), (loser, wrong)) in zip(figure.subfigures(2, 1, squeeze=False).flat, pairs, strict=True):
        indices = np.flatnonzero((right == labels) & (wrong != labels))
        title = f"correct with {winner}, misclassified with {loser}: {len(indices):,} test images (true → predicted)"
        half.suptitle(title, fontsize=10)
        shown = _balanced(indices, labels, 2 * COLUMNS)
        axes = half.subplots()
        axes.set_axis_off()
        if len(shown):
            titles = [f"{classes[labels[index]]} → {classes[wrong[index]]}" for index in shown]
            rows = [slice(start, start + COLUMNS) for start in range(0, len(shown), COLUMNS)]
            draw_images(
                axes, [images[shown[row]] for row in rows], [titles[row] for row in rows], room=(2, COLUMNS),
                row_gap=TITLE_GAP, fontsize=8, cmap="gray", vmin=0, vmax=255,
            )  # fmt: skip
    return figure


def _balanced(indices: np.ndarray, labels: np.ndarray, count: int) -> np.ndarray:
    """Return at most `count` of `indices`: the first of each class, then the second of each, ...; sorted by class."""
    rank = np.zeros(len(indices), np.int64)  # within the class
    for label in np.unique(labels[indices]):
        mask = labels[indices] == label
        rank[mask] = np.arange(mask.sum())
    chosen = indices[np.lexsort((labels[indices], rank))][:count]
    return chosen[np.argsort(labels[chosen], kind="stable")]
