"""Bootstrap intervals against SciPy's, and what makes them paired and reproducible."""

import numpy as np
import pytest
import scipy.stats

from pw13.metrics import bootstrap


def rng(seed=0):
    return np.random.default_rng(seed)


def scipy_interval(statistic, *samples):
    """Return SciPy's paired percentile interval, from ten times as many draws."""
    found = scipy.stats.bootstrap(
        samples, statistic, paired=True, vectorized=False, method="percentile", n_resamples=10_000, rng=rng(1)
    )
    return list(found.confidence_interval)


def make_examples(count=300):
    """Return nats and characters of names; longer names have more nats."""
    characters = rng(2).integers(4, 30, count)
    return characters * rng(3).normal(1.7, 0.4, count), characters


def test_the_interval_of_a_ratio_of_sums_is_scipys():
    nats, characters = make_examples()
    expected = scipy_interval(lambda nats, characters: nats.sum() / characters.sum(), nats, characters)
    width = expected[1] - expected[0]
    assert bootstrap.ratio_interval(nats, characters, rng=rng()) == pytest.approx(expected, abs=width / 15)


def test_the_interval_of_a_mean_is_scipys():
    values = rng(4).exponential(2.0, 200)
    expected = scipy_interval(np.mean, values)
    width = expected[1] - expected[0]
    assert bootstrap.ratio_interval(values, np.ones(200), rng=rng()) == pytest.approx(expected, abs=width / 15)


def test_a_difference_of_the_same_examples_is_paired():
    nats, characters = make_examples()
    low, high = bootstrap.ratio_interval(nats - (nats - 0.01 * characters), characters, rng=rng())
    assert low == pytest.approx(0.01) and high == pytest.approx(0.01)


def test_the_standard_error_of_a_ratio_of_sums():
    sums, weights = np.array([2.0, 6.0, 4.0]), np.array([1, 3, 4])
    # ratio 12 / 8, residuals 2 - 1.5, 6 - 4.5, 4 - 6
    assert bootstrap.ratio_error(sums, weights) == pytest.approx((3 / 2 * (0.25 + 2.25 + 4)) ** 0.5 / 8)
    values = np.arange(1.0, 6.0)
    assert bootstrap.ratio_error(values, np.ones(5)) == pytest.approx(scipy.stats.sem(values))
    assert np.isnan(bootstrap.ratio_error(sums[:1], weights[:1]))


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_examples_have_no_interval(count):
    assert bootstrap.interval(lambda rows: 0.5, count, rng=rng()) is None
    assert bootstrap.ratio_interval(np.full(count, 0.5), np.ones(count), rng=rng()) is None


def test_the_interval_leaves_out_a_fortieth_of_the_draws_at_either_end():
    drawn = iter(range(200))
    assert bootstrap.interval(lambda rows: float(next(drawn)), 3, rng=rng(), draws=200) == [5.0, 194.0]


def test_a_draw_has_as_many_examples_and_repeats_some():
    sizes, distinct = [], []
    bootstrap.interval(lambda rows: sizes.append(len(rows)) or distinct.append(len(set(rows))) or 0.0, 50, rng=rng())
    assert set(sizes) == {50} and 25 < np.mean(distinct) < 40


def test_the_same_generator_gives_the_same_interval():
    nats, characters = make_examples()
    first, second, other = (bootstrap.ratio_interval(nats, characters, rng=rng(seed)) for seed in (0, 0, 5))
    assert first == second != other


def test_the_difference_of_two_losses_is_paired_by_example_and_as_scipys():
    nats, characters = make_examples()
    other = nats + characters * rng(6).normal(0.02, 0.05, len(nats))
    found = bootstrap.paired_difference(
        bootstrap.ExampleLosses(other, characters, "a"), bootstrap.ExampleLosses(nats, characters, "a"), rng=rng()
    )
    expected = scipy_interval(lambda a, b, n: (a.sum() - b.sum()) / n.sum(), other, nats, characters)
    assert found.ci95 == pytest.approx(expected, abs=(expected[1] - expected[0]) / 15)
    assert found.mean == pytest.approx((other.sum() - nats.sum()) / characters.sum()) and found.n == 300
    assert found.excludes_zero  # 0.02 on average, where the losses themselves differ by 0.4 from name to name


@pytest.mark.parametrize(("count", "digest"), [(300, "b"), (299, "a"), (1, "a")])
def test_losses_of_different_examples_have_no_difference(count, digest):
    nats, characters = make_examples()
    first = bootstrap.ExampleLosses(nats[:count], characters[:count], digest)
    second = bootstrap.ExampleLosses(nats, characters, "a") if count > 1 else first
    assert bootstrap.paired_difference(first, second, rng=rng()) is None
