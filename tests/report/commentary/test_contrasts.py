"""A loss is called better only where the interval of the difference, paired by seed, excludes 0."""

import pytest

from pw13.report.commentary import contrasts


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (2.0, 1.0, "50.0 % lower than"),
        (1.0, 1.5, "50.0 % higher than"),
        (1.0, 1.004, "practically the same as"),
        (0.0, 1.0, "practically the same as"),
    ],
)
def test_with_one_seed_a_change_is_relative_and_none_within_tolerance(before, after, text):
    assert contrasts.compared({0: before}, {0: after}) == text
    assert contrasts.change({0: before}, {0: after}) == text.rsplit(" ", 1)[0]


BEFORE = {0: 2.0, 1: 2.1, 2: 2.2}


@pytest.mark.parametrize(
    ("after", "text", "lower", "same"),
    [
        ({0: 1.9, 1: 2.0, 2: 2.11}, "4.6 % lower ({} -0.11 to -0.082) than", True, False),
        ({0: 2.1, 1: 2.2, 2: 2.31}, "4.9 % higher ({} +0.089 to +0.12) than", False, False),
        ({0: 2.2, 1: 1.9, 2: 2.0}, "not distinguishable ({} -0.64 to +0.51) from", False, True),
    ],
)  # fmt: skip
def test_better_worse_or_not_distinguishable(after, text, lower, same):
    assert contrasts.compared(BEFORE, after) == text.format("95 % interval of the difference")
    assert contrasts.is_lower(BEFORE, after) is lower and contrasts.is_same(BEFORE, after) is same


def test_a_small_difference_counts_if_every_seed_shows_it():
    """0.2 % lower, below the tolerance for a single seed."""
    after = {seed: loss - 0.004 for seed, loss in BEFORE.items()}
    assert contrasts.is_lower(BEFORE, {**after, 2: after[2] - 0.0001})
    assert not contrasts.is_lower({0: BEFORE[0]}, {0: after[0]})


def test_only_seeds_in_common_are_paired():
    assert contrasts.difference(BEFORE, {7: 1.0, 8: 1.1}) is None
    assert contrasts.difference(BEFORE, {1: 2.0, 2: 2.0, 9: 0.0}).mean == pytest.approx(-0.15)
