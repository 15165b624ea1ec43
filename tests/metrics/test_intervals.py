"""Intervals over seeds and adjusted p-values, against hand-worked and published values."""

import numpy as np
import pytest
from scipy import stats

from pw13.metrics.intervals import holm, mean_interval, paired_difference


def test_an_interval_worked_out_by_hand():
    """1, 2, 3: mean 2, standard deviation 1, t quantile 4.302653 for two degrees of freedom."""
    found = mean_interval([1.0, 2.0, 3.0])
    assert found.mean == 2 and found.n == 3
    assert found.ci95 == pytest.approx((2 - 4.302653 / 3**0.5, 2 + 4.302653 / 3**0.5), abs=1e-6)
    assert found.as_json() == {"mean": 2.0, "ci95": list(found.ci95), "n": 3}


def test_the_interval_is_scipys():
    values = np.random.default_rng(0).normal(5, 2, 7)
    expected = stats.t.interval(0.95, 6, loc=values.mean(), scale=stats.sem(values))
    assert mean_interval(list(values)).ci95 == pytest.approx(expected, rel=1e-12)


def test_a_single_value_has_no_interval_and_decides_nothing():
    found = mean_interval([4.0])
    assert (found.mean, found.ci95, found.n, found.excludes_zero) == (4.0, None, 1, False)
    with pytest.raises(ValueError):
        mean_interval([])


def test_a_difference_is_paired_by_seed():
    """Seeds differ by much more than the models; the paired difference is 1 in every seed."""
    first, second = [11.0, 21.0, 31.01], [10.0, 20.0, 30.0]
    found = paired_difference(first, second)
    assert found.mean == pytest.approx(1.00333, abs=1e-5) and found.excludes_zero
    assert not mean_interval(first).ci95[0] > mean_interval(second).ci95[1]
    with pytest.raises(ValueError):
        paired_difference([1.0], [1.0, 2.0])


@pytest.mark.parametrize(("values", "excludes"), [([1, 2, 3], False), ([3, 3.1, 3.2], True), ([-3, -3.1, -3.2], True)])
def test_whether_an_interval_excludes_zero(values, excludes):
    assert mean_interval(values).excludes_zero is excludes


def test_holm_gives_the_published_values():
    """The ten p-values of statsmodels' own test, whose expected values come from R."""
    p = [0.838541367553, 0.642193923795, 0.680845947633, 0.967833824309, 0.71626938238, 0.177096952723,
         5.23656777208e-05, 0.0202732688798, 0.00028140506198, 0.0149877310796]  # fmt: skip
    expected = [1, 1, 1, 1, 1, 1, 0.000523656777208, 0.1419128821586, 0.00253264555782, 0.1199018486368]
    assert holm(p) == pytest.approx(expected, rel=1e-9)


def test_holm_keeps_the_order_of_the_p_values():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == [] and holm([0.2]) == [0.2]
