"""Calibration: whether a prediction made with probability p is right in p of the cases."""

from typing import Any

import numpy as np
import numpy.typing as npt

BINS = 15


def reliability(
    confidence: npt.NDArray[np.floating[Any]], correct: npt.NDArray[np.bool_], bins: int = BINS
) -> list[dict[str, float]]:
    """Return mean confidence, accuracy and count of the predictions per bin of equal width, without empty bins.

    confidence: probability of the likeliest outcome of each prediction, `(n,)` in [0, 1]. correct: if it came, `(n,)`.
    """
    place = np.minimum((np.asarray(confidence, np.float64) * bins).astype(np.int64), bins - 1)
    counts = np.bincount(place, minlength=bins)
    sums = np.bincount(place, weights=confidence, minlength=bins)
    hits = np.bincount(place, weights=correct, minlength=bins)
    return [
        {"confidence": float(sums[i] / counts[i]), "accuracy": float(hits[i] / counts[i]), "count": int(counts[i])}
        for i in np.flatnonzero(counts)
    ]


def expected_calibration_error(rows: list[dict[str, float]]) -> float:
    """Return the mean gap between confidence and accuracy over the bins of `reliability`, weighted by their counts.

    Naeini, Cooper and Hauskrecht (2015); 0 for a perfectly calibrated model, at most 1.
    """
    total = sum(row["count"] for row in rows)
    return sum(row["count"] * abs(row["confidence"] - row["accuracy"]) for row in rows) / total
