"""Classification metrics: confusion matrix, recall, confidence intervals, and a test for a difference."""

import math

import numpy as np
import numpy.typing as npt

Z95 = 1.959963984540054  # 97.5 % quantile of the normal distribution

Ints = npt.NDArray[np.int64]


def wilson(hits: int, count: int) -> tuple[float, float]:
    """Return the 95 % confidence interval of a proportion (Wilson, 1927); (0, 1) for a count of 0."""
    if count == 0:
        return 0.0, 1.0
    share, z = hits / count, Z95
    centre = share + z * z / (2 * count)
    half_width = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    low, high = ((centre - half_width) / (1 + z * z / count), (centre + half_width) / (1 + z * z / count))
    return (0.0 if hits == 0 else low), (1.0 if hits == count else high)


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the exact two-sided p-value of McNemar's test, from the cases that one classifier alone gets right.

    A binomial test of the smaller count against 1/2 (McNemar, 1947); 1 where both counts are 0.
    """
    count, least = only_first + only_second, min(only_first, only_second)
    tail = sum(math.comb(count, hits) for hits in range(least + 1))
    return min(1.0, float(2 * tail / 2**count))


def confusion(labels: Ints, predicted: Ints, classes: int) -> Ints:
    """Count how often class i was predicted as class j: two `(n,)` int arrays -> `(classes, classes)` int64."""
    counts = np.bincount(labels * classes + predicted, minlength=classes * classes)
    return counts.reshape(classes, classes).astype(np.int64, copy=False)


def recall(labels: Ints, predicted: Ints, classes: int) -> npt.NDArray[np.float64]:
    """Return the recall of each class, `(classes,)` float64; nan for a class without images."""
    matrix = confusion(labels, predicted, classes)
    totals = matrix.sum(axis=1)
    return np.asarray(np.divide(np.diag(matrix), totals, out=np.full(classes, np.nan), where=totals > 0))
