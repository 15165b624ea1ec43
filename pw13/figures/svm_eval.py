"""How classifiers on pixels and on codes differ, as pictures."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from pw13.figures.curves import BLUE, GREY, ORANGE

NAMES = {"pixels": "pixels", "codes": "codes", "pca": "PCA codes", "conv-codes": "convolutional codes"}
KERNELS = {"rbf": "RBF kernel", "linear": "linear kernel"}
COLOURS = (BLUE, ORANGE, "#3a7d44", "#8d5a97", "#c58b1b", GREY)
LINES = ("-", "--", ":")  # where there are more lines than colours
COLUMNS = 12  # images a row in the sheet
LABELLED = 20  # classes up to which counts are written into the cells


def confusions(tables: Sequence[np.ndarray], titles: Sequence[str], classes: Sequence[str], kernel: str) -> Figure:
    """Confusion matrices side by side, `(K, K)` int each; colour is the share of the class's images, on one scale.

    The colours go by the square root: nearly all stands on the diagonal, what matters beside it.
    """
    columns = min(len(tables), 3)
    lines = -(-len(tables) // columns)
    figure = Figure(figsize=(4.6 * columns + 0.8, 4.7 * lines + 0.4), layout="constrained")
    grid = figure.subplots(lines, columns, squeeze=False)
    for axes in grid.flat[len(tables) :]:
        axes.set_axis_off()
    for axes, table, title in zip(grid.flat, tables, titles, strict=False):
        shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
        picture = axes.imshow(np.sqrt(shares), cmap="Blues", vmin=0, vmax=1)
        hits = np.trace(table) / max(table.sum(), 1)
        axes.set(title=f"{title}: {hits:.2%} right", xlabel="taken for")
        _name_classes(axes, classes)
        if len(classes) <= LABELLED:
            _write_counts(axes, table, shares)
    for axes in grid[:, 0]:
        axes.set_ylabel("class")
    bar = figure.colorbar(picture, ax=grid, shrink=0.6, ticks=np.sqrt([0, 0.01, 0.05, 0.2, 0.5, 1]))
    bar.ax.set_yticklabels(["0", "1 %", "5 %", "20 %", "50 %", "100 %"])
    figure.suptitle(
        f"Test images of a class (row) and what they were taken for (column); {KERNELS[kernel]}", fontsize=11
    )
    return figure


def _name_classes(axes: Any, classes: Sequence[str]) -> None:
    """Ticks small enough for all names to stand side by side, upright where they would run into one another."""
    names = [name.replace("$", r"\$") for name in classes]
    size = min(10.0, 230 / len(names))
    widest = max(map(len, names)) * len(names)  # characters along the axis
    axes.set_xticks(range(len(names)), names, fontsize=size, rotation=90 if widest * size > 300 else 0)
    axes.set_yticks(range(len(names)), names, fontsize=size)


def _write_counts(axes: Any, table: np.ndarray, shares: np.ndarray) -> None:
    for (line, column), count in np.ndenumerate(table):
        if count:
            colour = "white" if shares[line, column] > 0.4 else "black"
            axes.text(column, line, str(count), ha="center", va="center", fontsize=6.5, color=colour)


def learning_curve(points: Sequence[Mapping[str, Any]], kernel: str) -> Figure:
    """Test accuracy against the number of training images, a line for each kind of features, with 95 % intervals."""
    figure = Figure(figsize=(6.8, 4.4), layout="constrained")
    axes = figure.subplots()
    keys = list(dict.fromkeys((p["features"], p["size"], p["run"]) for p in points))
    names = [key[:2] for key in keys]
    for number, key in enumerate(keys):
        mine = [p for p in points if (p["features"], p["size"], p["run"]) == key]
        label = f"{NAMES[key[0]]} ({key[1]})" + (f", {key[2]}" if names.count(key[:2]) > 1 else "")
        errors = np.abs(np.array([p["ci95"] for p in mine]).T - [p["accuracy"] for p in mine])
        sizes, shares = [p["n_train"] for p in mine], [p["accuracy"] for p in mine]
        turn, colour = divmod(number, len(COLOURS))
        style = LINES[turn % len(LINES)]
        axes.errorbar(sizes, shares, errors, marker="o", capsize=3, color=COLOURS[colour], linestyle=style, label=label)
    axes.set_xscale("log")
    ticks = sorted({p["n_train"] for p in points})
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.minorticks_off()
    axes.set(xlabel="training images", ylabel="test accuracy", title=f"SVM, {KERNELS[kernel]}; bars: 95 % intervals")
    axes.grid(alpha=0.3)
    if len(keys) > len(COLOURS):
        figure.legend(loc="outside right upper")
    else:
        axes.legend(loc="lower right")
    return figure


def by_code_size(results: Sequence[Mapping[str, Any]], kernel: str) -> Figure:
    """Test accuracy against code size: codes and PCA codes; pixels as a line across."""
    figure = Figure(figsize=(6.8, 4.4), layout="constrained")
    axes = figure.subplots()
    for number, (name, label) in enumerate((("codes", "codes of the autoencoder"), ("pca", "PCA codes"))):
        mine = sorted((r for r in results if r["features"] == name), key=lambda r: r["size"])
        sizes, shares = [r["size"] for r in mine], np.array([r["accuracy"] for r in mine])
        errors = np.abs(np.array([r["ci95"] for r in mine]).T - shares) if mine else None
        axes.errorbar(sizes, shares, errors, marker="o", capsize=3, color=COLOURS[number], label=label)
    pixels = next(r for r in results if r["features"] == "pixels")
    axes.axhspan(*pixels["ci95"], color=GREY, alpha=0.15, linewidth=0)
    axes.axhline(pixels["accuracy"], color=GREY, linestyle="--", label=f"pixels ({pixels['size']})")
    axes.set_xscale("log", base=2)
    ticks = sorted({r["size"] for r in results if r["features"] == "codes"})
    axes.set_xticks(ticks, list(map(str, ticks)))
    axes.minorticks_off()
    axes.set(xlabel="values of the code", ylabel="test accuracy", title=f"SVM, {KERNELS[kernel]}; bars: 95 % intervals")
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    return figure


def disagreements(
    images: np.ndarray, labels: np.ndarray, classes: Sequence[str],
    first: tuple[str, np.ndarray], second: tuple[str, np.ndarray],
) -> Figure:  # fmt: skip
    """Test images `(n, height, width)` that one classifier gets right and the other wrong, each with the wrong answer.

    `first`, `second`: a title and the predictions `(n,)`. Of each kind as many classes as there are, in turn.
    """
    sides = [(first, second), (second, first)]
    figure = Figure(figsize=(0.82 * COLUMNS + 0.6, 4.9), layout="constrained")
    for part, ((good, right), (bad, wrong)) in zip(figure.subfigures(2, 1, squeeze=False).flat, sides, strict=True):
        rows = np.flatnonzero((right == labels) & (wrong != labels))
        part.suptitle(f"right with {good}, wrong with {bad}: {len(rows):,} test images", fontsize=10)
        chosen = _in_turn(rows, labels, 2 * COLUMNS)
        for number, axes in enumerate(part.subplots(2, COLUMNS).flat):
            axes.set(xticks=[], yticks=[])
            if number >= len(chosen):
                axes.set_axis_off()
                continue
            image = chosen[number]
            axes.imshow(images[image], cmap="gray", vmin=0, vmax=255, interpolation="nearest")
            axes.set_title(f"{classes[labels[image]]}, not {classes[wrong[image]]}", fontsize=8, pad=2)
    return figure


def _in_turn(rows: np.ndarray, labels: np.ndarray, count: int) -> np.ndarray:
    """`count` of `rows` or fewer: the first of each class, then the second of each, ...; sorted by class."""
    order = np.zeros(len(rows), np.int64)
    for label in np.unique(labels[rows]):
        mine = labels[rows] == label
        order[mine] = np.arange(mine.sum())
    chosen = rows[np.lexsort((labels[rows], order))][:count]
    return chosen[np.argsort(labels[chosen], kind="stable")]
