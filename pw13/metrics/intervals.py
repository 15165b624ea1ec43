"""Confidence intervals over repeated trainings, and p-values of several tests."""

import math
from collections.abc import Sequence
from typing import NamedTuple


class Interval(NamedTuple):
    """A mean over `n` values with its 95 % confidence interval; `ci95` is None for a single value."""

    mean: float
    ci95: tuple[float, float] | None
    n: int

    @property
    def excludes_zero(self) -> bool:
        """Return whether the interval lies on one side of 0; False without an interval."""
        return self.ci95 is not None and not self.ci95[0] <= 0 <= self.ci95[1]

    def as_json(self) -> dict[str, object]:
        """Return `{mean, ci95: [low, high], n}`, as metrics.json has it."""
        return {"mean": self.mean, "ci95": list(self.ci95) if self.ci95 else None, "n": self.n}


def mean_interval(values: Sequence[float]) -> Interval:
    """Return mean and 95 % interval of values such as one result per seed (Student, 1908).

    Raises:
        ValueError: no values.
    """
    n = len(values)
    if not n:
        raise ValueError("expected at least one value")
    mean = math.fsum(values) / n
    if n == 1:
        return Interval(mean, None, 1)
    from scipy.special import stdtrit

    variance = math.fsum((value - mean) ** 2 for value in values) / (n - 1)
    half = float(stdtrit(n - 1, 0.975)) * math.sqrt(variance / n)
    return Interval(mean, (mean - half, mean + half), n)


def mean_accuracy(values: Sequence[float]) -> Interval:
    """Return `mean_interval` of accuracies, fractions whose interval ends at 0 and 1."""
    found = mean_interval(values)
    return found._replace(ci95=(max(0.0, found.ci95[0]), min(1.0, found.ci95[1]))) if found.ci95 else found


def paired_difference(first: Sequence[float], second: Sequence[float]) -> Interval:
    """Return mean and 95 % interval of `first` minus `second`, paired in their order, such as by seed.

    Raises:
        ValueError: different lengths, or no values.
    """
    return mean_interval([a - b for a, b in zip(first, second, strict=True)])


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p-values adjusted for their number (Holm, 1979), in the given order.

    Rejecting each below 0.05 keeps the probability of any false rejection at 0.05.
    """
    adjusted, running = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = running
    return adjusted
