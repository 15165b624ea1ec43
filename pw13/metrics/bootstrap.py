"""Bootstrap intervals: how far a statistic of a sample may be from that of the population."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pw13.metrics.intervals import Interval

DRAWS = 1000


class ExampleLosses(NamedTuple):
    """What adds up to a loss: the sum of `sums` divided by that of `weights`, such as nats and characters per name.

    sums, weights: `(n,)`, one per example. digest: of the examples, the same for the same ones in the same order.
    """

    sums: npt.NDArray[Any]
    weights: npt.NDArray[Any]
    digest: str


def interval(
    statistic: Callable[[npt.NDArray[np.int64]], float], count: int, *, rng: np.random.Generator, draws: int = DRAWS
) -> list[float] | None:
    """Return the 95 % percentile interval `[low, high]` of a statistic of `count` examples (Efron and Tibshirani 1993).

    None of fewer than two examples: every draw of one is the same, which would make an interval without width.

    statistic: computed of the examples in the given rows, `(count,)` int64 drawn with replacement. For a difference of
        two models it takes the same rows of both: the bootstrap is then paired.
    """
    if count < 2:
        return None
    values = sorted(statistic(rng.integers(0, count, count)) for _ in range(draws))
    return [values[draws // 40], values[-1 - draws // 40]]


def ratio_error(numerators: npt.NDArray[Any], denominators: npt.NDArray[Any]) -> float:
    """Return the standard error of a ratio of sums over examples, such as nats per character over names.

    The linear approximation for large samples (Cochran, 1977, Sampling Techniques, 2.11); nan of fewer than two.

    numerators, denominators: `(n,)`, of the same examples.
    """
    n = len(numerators)
    if n < 2:
        return float("nan")
    residuals = numerators - numerators.sum() / denominators.sum() * denominators
    return float(np.sqrt(n / (n - 1) * (residuals**2).sum()) / denominators.sum())


def ratio_interval(
    numerators: npt.NDArray[Any], denominators: npt.NDArray[Any], *, rng: np.random.Generator
) -> list[float] | None:
    """Return the 95 % interval `[low, high]` of a ratio of sums over examples, such as nats per character over names.

    None of fewer than two examples.

    numerators, denominators: `(n,)`, of the same examples. A denominator of 1 each makes it the interval of a mean.
    """

    def ratio(rows: npt.NDArray[np.int64]) -> float:
        return float(numerators[rows].sum() / denominators[rows].sum())

    return interval(ratio, len(numerators), rng=rng)


def paired_difference(first: ExampleLosses, second: ExampleLosses, *, rng: np.random.Generator) -> Interval | None:
    """Return mean and 95 % interval of the first loss minus the second, over examples; `n` counts them.

    None if they are not losses of the same examples, or of fewer than two.
    """
    if first.digest != second.digest or len(first.sums) != len(second.sums):
        return None
    sums, weights = first.sums - second.sums, first.weights
    bounds = ratio_interval(sums, weights, rng=rng)
    return Interval(float(sums.sum() / weights.sum()), (bounds[0], bounds[1]), len(sums)) if bounds else None
