"""Classification: confusion matrix, recall, intervals of shares, and the test of a difference."""

import math

import numpy as np

Z95 = 1.959963984540054  # the normal distribution's 97.5 % quantile


def wilson(hits: int, count: int, z: float = Z95) -> tuple[float, float]:
    """The interval of a share, `hits` of `count`, 95 % by default (Wilson, 1927); (0, 1) for a count of 0."""
    if count == 0:
        return 0.0, 1.0
    share = hits / count
    middle = share + z * z / (2 * count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    low, high = ((middle - half) / (1 + z * z / count), (middle + half) / (1 + z * z / count))
    return (0.0 if hits == 0 else low), (1.0 if hits == count else high)


def mcnemar(only_first: int, only_second: int) -> float:
    """The exact two-sided p of McNemar's test: as many cases right by one alone, by chance, if both are equally good.

    A binomial test of the smaller of the two counts against a half (McNemar, 1947); 1 where both are 0.
    """
    count, least = only_first + only_second, min(only_first, only_second)
    tail = sum(math.comb(count, hits) for hits in range(least + 1))
    return min(1.0, 2 * tail / 2**count)


def confusion(labels: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """How often class i was taken for class j: two `(n,)` int arrays -> `(classes, classes)` int64."""
    return np.bincount(labels * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def recall(labels: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """The share of each class's images that is recognised, `(classes,)` float64; nan for a class without images."""
    table = confusion(labels, predicted, classes)
    totals = table.sum(axis=1)
    return np.divide(np.diag(table), totals, out=np.full(classes, np.nan), where=totals > 0)
