"""Bootstrap intervals: how far a statistic of a sample may be from that of the population."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

DRAWS = 1000


def interval(
    statistic: Callable[[npt.NDArray[np.int64]], float], count: int, *, rng: np.random.Generator, draws: int = DRAWS
) -> list[float]:
    """Return the 95 % percentile interval `[low, high]` of a statistic of `count` examples (Efron and Tibshirani 1993).

    statistic: computed of the examples in the given rows, `(count,)` int64 drawn with replacement. For a difference of
        two models it takes the same rows of both: the bootstrap is then paired.
    """
    values = sorted(statistic(rng.integers(0, count, count)) for _ in range(draws))
    return [values[draws // 40], values[-1 - draws // 40]]


def ratio_interval(
    numerators: npt.NDArray[Any], denominators: npt.NDArray[Any], *, rng: np.random.Generator, draws: int = DRAWS
) -> list[float]:
    """Return the 95 % interval `[low, high]` of a ratio of sums over examples, such as nats per character over names.

    numerators, denominators: `(n,)`, of the same examples. A denominator of 1 each makes it the interval of a mean.
    """

    def ratio(rows: npt.NDArray[np.int64]) -> float:
        return float(numerators[rows].sum() / denominators[rows].sum())

    return interval(ratio, len(numerators), rng=rng, draws=draws)
