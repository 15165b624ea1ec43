"""The view of SVMs: confusion matrices of pixels and codes, with images of each cell."""

from typing import Any

import numpy as np

from pw13.errors import UserError
from pw13.explore.images import images_of, pictures
from pw13.explore.packing import Array, read_arrays
from pw13.metrics import confusion
from pw13.runs.record import Record

PER_CELL = 8  # images shown of a cell
FEATURES = ("pixels", "codes", "pca", "conv-codes")
KERNELS = ("rbf", "linear")


def view(record: Record) -> dict[str, Any]:
    """Return what the page shows of an SVM run.

    Raises:
        UserError: the run is of an earlier version, which kept no predictions, its images are gone, or it is corrupt.
    """
    images, stored = images_of(record), read_arrays(record, "predictions")
    if images is None or not stored:
        raise UserError(f"{record.name}: {'its images are gone' if stored else 'no predictions; evaluate it again'}")
    labels, count = images.test_labels, len(images.classes)
    names = [f"{features}-{kernel}" for kernel in KERNELS for features in FEATURES if f"{features}-{kernel}" in stored]
    for name in names:
        check(stored[name], len(labels), count)
    cells = {name: cell_rows(labels, stored[name], count) for name in names}
    rows = np.array(sorted({row for each in cells.values() for cell in each.values() for row in cell}), dtype=np.int64)
    shown = pictures(images, rows)
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
    return {"run": record.name, "pictures": shown, "sets": sets}


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
        rows = cells.setdefault(f"{cell // classes},{cell % classes}", [])
        if len(rows) < PER_CELL:
            rows.append(row)
    return cells
