"""A loss is called better only where the interval of the difference excludes 0, over seeds or over examples."""

import numpy as np
import pytest

from pw13.metrics.bootstrap import ExampleLosses
from pw13.report.commentary import contrasts
from pw13.report.commentary.contrasts import Loss


def by_seed(losses):
    return {seed: Loss(loss) for seed, loss in losses.items()}


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (2.0, 1.0, "50.0 % lower than"),
        (1.0, 1.5, "50.0 % higher than"),
        (1.0, 1.004, "practically the same as"),
        (0.0, 1.0, "practically the same as"),
    ],
)
def test_without_losses_of_examples_a_change_is_relative_and_none_within_tolerance(before, after, text):
    assert contrasts.compared(by_seed({0: before}), by_seed({0: after})) == text
    assert contrasts.change(by_seed({0: before}), by_seed({0: after})) == text.rsplit(" ", 1)[0]


BEFORE = by_seed({0: 2.0, 1: 2.1, 2: 2.2})


@pytest.mark.parametrize(
    ("after", "text", "lower", "same"),
    [
        ({0: 1.9, 1: 2.0, 2: 2.11}, "4.6 % lower ({} -0.11 to -0.082) than", True, False),
        ({0: 2.1, 1: 2.2, 2: 2.31}, "4.9 % higher ({} +0.089 to +0.12) than", False, False),
        ({0: 2.2, 1: 1.9, 2: 2.0}, "not distinguishable ({} -0.64 to +0.51) from", False, True),
    ],
)  # fmt: skip
def test_better_worse_or_not_distinguishable(after, text, lower, same):
    after = by_seed(after)
    assert contrasts.compared(BEFORE, after) == text.format("95 % interval of the difference")
    assert contrasts.is_lower(BEFORE, after) is lower and contrasts.is_same(BEFORE, after) is same


def test_a_small_difference_counts_if_every_seed_shows_it():
    """0.2 % lower, below the tolerance for a single seed."""
    after = {seed: Loss(loss.value - 0.004) for seed, loss in BEFORE.items()}
    assert contrasts.is_lower(BEFORE, {**after, 2: Loss(after[2].value - 0.0001)})
    assert not contrasts.is_lower({0: BEFORE[0]}, {0: after[0]})


def test_only_seeds_in_common_are_paired():
    assert contrasts.difference(BEFORE, by_seed({7: 1.0, 8: 1.1})) is None
    assert contrasts.difference(BEFORE, by_seed({1: 2.0, 2: 2.0, 9: 0.0})).mean == pytest.approx(-0.15)


def trained_once(shift, noise, digest="a"):
    """Return the loss of one training over 400 examples: 0.02 plus `shift` on average, plus or minus `noise`."""
    spread = np.linspace(0.005, 0.035, 400)
    sums = spread + shift + noise * (-1.0) ** np.arange(400)
    return {0: Loss(float(sums.mean()), ExampleLosses(sums, np.ones(400), digest))}


@pytest.mark.parametrize(
    ("shift", "noise", "verdict"),
    [
        (-0.0001, 1e-5, "0.5 % lower"),  # within the tolerance, but on every image
        (0.0001, 1e-5, "0.5 % higher"),
        (-0.0002, 0.02, "not distinguishable"),
    ],
)
def test_with_one_seed_the_interval_is_over_the_examples(shift, noise, verdict):
    before, after = trained_once(0.0, 0.0), trained_once(shift, noise)
    text = contrasts.change(before, after)
    assert text.startswith(f"{verdict} (95 % interval of the difference over 400 examples, one training each, ")
    assert contrasts.is_same(before, after) is (verdict == "not distinguishable")
    assert contrasts.is_lower(before, after) is (verdict == "0.5 % lower")


def test_losses_of_other_examples_are_not_paired():
    before = trained_once(0.0, 0.0)
    assert contrasts.difference(before, trained_once(-0.001, 0.0, "b")) is None
    assert contrasts.difference(before, by_seed({0: 0.01})) is None
    assert contrasts.difference(before, trained_once(-0.001, 0.0)).n == 400


def test_with_several_seeds_on_one_side_only_the_common_one_counts():
    """The mean over all seeds is higher, the training with the common seed is lower."""
    before, after = trained_once(0.0, 0.0), {**trained_once(-0.0001, 1e-5), **by_seed({1: 0.9, 2: 0.9})}
    assert contrasts.is_lower(before, after) and not contrasts.is_lower(after, before)
    assert contrasts.change(before, after).startswith("0.5 % lower (95 % interval of the difference over 400 examples")
    assert contrasts.change(after, before).startswith("0.5 % higher (")


def test_the_bounds_of_a_narrow_interval_are_told_apart():
    after = by_seed({seed: loss.value - 0.0107 - 0.0001 * seed for seed, loss in BEFORE.items()})
    assert "difference -0.0110 to -0.0106)" in contrasts.change(BEFORE, after)
