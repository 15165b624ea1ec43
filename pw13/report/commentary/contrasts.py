"""Losses compared: one is called lower only where the 95 % interval of the difference excludes 0.

The interval is over seeds where there are several in common. With one it is over the examples that both were evaluated
on, and says nothing of other seeds. With none in common, and for runs of 0.1.0, which kept no losses of examples, two
losses that differ by less than `SAME_LOSS_TOLERANCE` count as the same.
"""

from collections.abc import Mapping
from typing import NamedTuple

from pw13.metrics.bootstrap import ExampleLosses
from pw13.metrics.intervals import Interval, mean_interval, paired_difference
from pw13.report.commentary.phrasing import format_number, format_percent
from pw13.runs.example_losses import bootstrap_difference

SAME_LOSS_TOLERANCE = 0.005  # relative difference up to which two losses count as the same, without an interval


class Loss(NamedTuple):
    """The loss of one training, and what adds up to it if the run kept that."""

    value: float
    examples: ExampleLosses | None = None


BySeed = Mapping[int, Loss]  # seed -> loss of the training with that seed


def mean(losses: BySeed) -> float:
    """Return the mean over the seeds."""
    return mean_interval([loss.value for loss in losses.values()]).mean


def common_seeds(before: BySeed, after: BySeed) -> list[int]:
    """Return the seeds that both were trained with."""
    return sorted(before.keys() & after.keys())


def difference(before: BySeed, after: BySeed) -> Interval | None:
    """Return mean and 95 % interval of `after` minus `before`, paired by seed, or by example for one seed in common.

    None with no seed in common, or one of which a run kept no losses of examples.
    """
    seeds = common_seeds(before, after)
    if len(seeds) == 1:
        return bootstrap_difference(after[seeds[0]].examples, before[seeds[0]].examples)
    if not seeds:
        return None
    return paired_difference([after[seed].value for seed in seeds], [before[seed].value for seed in seeds])


def is_same(before: BySeed, after: BySeed) -> bool:
    """Return whether two losses are not distinguishable."""
    found = difference(before, after)
    if found is None:
        return abs(_relative_change(before, after)) <= SAME_LOSS_TOLERANCE
    return not found.excludes_zero


def is_undecided(before: BySeed, after: BySeed) -> bool:
    """Return whether two losses have an interval of the difference, which includes 0: they may differ or not."""
    found = difference(before, after)
    return found is not None and not found.excludes_zero


def _relative_change(before: BySeed, after: BySeed) -> float:
    """Return the change relative to `before`, over the seeds in common if there are any."""
    seeds = common_seeds(before, after)
    first, second = (mean({seed: losses[seed] for seed in seeds} or losses) for losses in (before, after))
    return (second - first) / first if first else 0.0


def is_lower(before: BySeed, after: BySeed) -> bool:
    """Return whether `after` is distinguishably lower than `before`."""
    return _relative_change(before, after) < 0 and not is_same(before, after)


def change(before: BySeed, after: BySeed) -> str:
    """Return `after` relative to `before`: "12.0 % lower", "practically the same", "not distinguishable".

    With the interval of the difference if there is one, and what it is over if that is not seeds.
    """
    found, relative = difference(before, after), _relative_change(before, after)
    direction = f"{format_percent(abs(relative))} {'lower' if relative < 0 else 'higher'}"
    if found is None or found.ci95 is None:
        return "practically the same" if is_same(before, after) else direction
    one_each = len(common_seeds(before, after)) == 1
    over = f" over {found.n:,} examples, one training each," if one_each else ""
    interval = f"95 % interval of the difference{over} {_bounds(*found.ci95)}"
    if not found.excludes_zero:
        return f"not distinguishable ({interval})"
    return f"{direction} ({interval})"


def compared(before: BySeed, after: BySeed) -> str:
    """Return `change` with its conjunction: "12.0 % lower than", "practically the same as"."""
    text, bracket, interval = change(before, after).partition(" (")
    conjunction = {"practically the same": "as", "not distinguishable": "from"}.get(text, "than")
    return f"{text}{bracket}{interval} {conjunction}"


def _bounds(low: float, high: float) -> str:
    """Return both bounds of an interval with two digits, or as many as tell them apart, at most four."""
    for digits in (2, 3, 4):
        texts = [_signed(bound, digits) for bound in (low, high)]
        if texts[0] != texts[1]:
            break
    return " to ".join(texts)


def _signed(value: float, digits: int) -> str:
    return f"{'+' if value > 0 else '-' if value < 0 else ''}{format_number(abs(value), digits)}"
