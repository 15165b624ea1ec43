"""Losses compared over seeds: one is called lower only where the 95 % interval of the difference excludes 0.

With a single seed in common there is no interval: losses that differ by less than `SAME_LOSS_TOLERANCE` count as the
same, and the report says that each value is from one training.
"""

from collections.abc import Mapping

from pw13.metrics.intervals import Interval, mean_interval, paired_difference
from pw13.report.commentary.phrasing import format_number, format_percent

SAME_LOSS_TOLERANCE = 0.005  # relative difference up to which two losses count as the same, without an interval

BySeed = Mapping[int, float]  # seed -> loss of the training with that seed


def mean(losses: BySeed) -> float:
    """Return the mean over the seeds."""
    return mean_interval(list(losses.values())).mean


def difference(before: BySeed, after: BySeed) -> Interval | None:
    """Return mean and 95 % interval of `after` minus `before`, paired by seed; None with fewer than two in common."""
    seeds = sorted(before.keys() & after.keys())
    if len(seeds) < 2:
        return None
    return paired_difference([after[seed] for seed in seeds], [before[seed] for seed in seeds])


def is_same(before: BySeed, after: BySeed) -> bool:
    """Return whether two losses are not distinguishable."""
    found = difference(before, after)
    if found is None:
        return abs(_relative_change(before, after)) <= SAME_LOSS_TOLERANCE
    return not found.excludes_zero


def _relative_change(before: BySeed, after: BySeed) -> float:
    return (mean(after) - mean(before)) / mean(before) if mean(before) else 0.0


def is_lower(before: BySeed, after: BySeed) -> bool:
    """Return whether `after` is distinguishably lower than `before`."""
    return mean(after) < mean(before) and not is_same(before, after)


def change(before: BySeed, after: BySeed) -> str:
    """Return `after` relative to `before`: "12.0 % lower", "practically the same", "not distinguishable".

    With the interval of the difference if there is one.
    """
    found, relative = difference(before, after), _relative_change(before, after)
    direction = f"{format_percent(abs(relative))} {'lower' if relative < 0 else 'higher'}"
    if found is None or found.ci95 is None:
        return "practically the same" if is_same(before, after) else direction
    interval = f"95 % interval of the difference {_signed(found.ci95[0])} to {_signed(found.ci95[1])}"
    if not found.excludes_zero:
        return f"not distinguishable ({interval})"
    return f"{direction} ({interval})"


def compared(before: BySeed, after: BySeed) -> str:
    """Return `change` with its conjunction: "12.0 % lower than", "practically the same as"."""
    text, bracket, interval = change(before, after).partition(" (")
    conjunction = {"practically the same": "as", "not distinguishable": "from"}.get(text, "than")
    return f"{text}{bracket}{interval} {conjunction}"


def _signed(value: float) -> str:
    return f"{'+' if value > 0 else '-' if value < 0 else ''}{format_number(abs(value), 2)}"
