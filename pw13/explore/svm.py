"""The view of SVMs: confusion matrices of pixels and codes, with images of each cell."""

import itertools
from typing import Any

import numpy as np

from pw13.errors import UserError
from pw13.explore.images import images_of, pictures
from pw13.explore.packing import Array
from pw13.metrics import confusion, mcnemar
from pw13.runs.arrays import read_arrays
from pw13.runs.record import Record
from pw13.svm.summary import headline

MISTAKES, RIGHT = 60, 16  # images shown of a cell off and on the diagonal
FEATURES = ("pixels", "codes", "pca", "conv-codes")
KERNELS = ("rbf", "linear")


def view(record: Record) -> dict[str, Any]:
    """Return what the page shows of an SVM run: of one without predictions or images, `problem` says which.

    Raises:
        UserError: the predictions are corrupt.
    """
    images, stored = images_of(record), read_arrays(record, "predictions")
    if images is None or not stored:
        return {"run": record.reference, "problem": "images" if stored else "predictions"}
    labels, count = images.test_labels, len(images.classes)
    names = [f"{features}-{kernel}" for kernel in KERNELS for features in FEATURES if f"{features}-{kernel}" in stored]
    for name in names:
        check(stored[name], len(labels), count)
    cells = {name: cell_rows(labels, stored[name], count) for name in names}
    rows = np.array(sorted({row for each in cells.values() for cell in each.values() for row in cell}), dtype=np.int64)
    shown = pictures(images, rows, [cell for each in cells.values() for cell in each.values()])
    place = {row: index for index, row in enumerate(shown["rows"])}
    sets = [
        {
            "name": name,
            "matrix": confusion(labels, stored[name], count).tolist(),
            "accuracy": float(np.mean(stored[name] == labels)),
            "cells": {cell: [place[row] for row in found if row in place] for cell, found in cells[name].items()},
        }
        for name in names
    ]
    tests = against_pixels(record.metrics or {}, labels, stored)
    return {"run": record.reference, "pictures": shown, "sets": sets, "images": len(labels), "tests": tests}


def against_pixels(metrics: dict[str, Any], labels: Array, stored: dict[str, Array]) -> dict[str, dict[str, Any]]:
    """Return McNemar's test of pixels against each of the other features, for each kernel, by "first,second".

    Those are the tests that an evaluation makes; `holm` says whether `p` is its own, corrected for their number.
    """
    tests = {}
    for kernel, features in itertools.product(KERNELS, FEATURES[1:]):
        one, other = f"pixels-{kernel}", f"{features}-{kernel}"
        if one in stored and other in stored:
            p = corrected_p(metrics, kernel, features)
            own = mcnemar_p(labels, stored[one], stored[other]) if p is None else p
            tests[f"{one},{other}"] = {"p": own, "holm": p is not None}
    return tests


def corrected_p(metrics: dict[str, Any], kernel: str, features: str) -> float | None:
    """Return `p_holm` of the features whose predictions are kept; None if the run has none."""
    rows = metrics.get("mcnemar")
    tests = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    alike = [test for test in tests if (test.get("kernel"), test.get("second")) == (kernel, features)]
    p = (headline(alike, lambda test: test.get("size")) or {}).get("p_holm")
    return p if isinstance(p, int | float) and 0 <= p <= 1 else None


def mcnemar_p(labels: Array, one: Array, other: Array) -> float:
    """Return the p-value of McNemar's test between two sets of predictions `(n,)`."""
    right, other_right = one == labels, other == labels
    return mcnemar(int((right & ~other_right).sum()), int((other_right & ~right).sum()))


def check(predicted: Array, images: int, classes: int) -> None:
    """Refuse predictions that are not labels of the test images."""
    if predicted.shape != (images,) or predicted.dtype.kind not in "iu" or predicted.min() < 0:
        raise UserError("predictions.npz: does not match the images of this run")
    if predicted.max() >= classes:
        raise UserError("predictions.npz: does not match the images of this run")


def cell_rows(labels: Array, predicted: Array, classes: int) -> dict[str, list[int]]:
    """Return the first test images of each cell, by "true,predicted"."""
    cells: dict[str, list[int]] = {}
    for row, cell in enumerate(labels.astype(np.int64) * classes + predicted):
        truth, said = divmod(int(cell), classes)
        rows = cells.setdefault(f"{truth},{said}", [])
        if len(rows) < (RIGHT if truth == said else MISTAKES):
            rows.append(row)
    return cells
