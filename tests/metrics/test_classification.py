"""Wilson's interval and McNemar's exact test against published values and SciPy."""

import math

import pytest

from pw13.metrics.classification import mcnemar, wilson


def test_wilson_against_published_values():
    # Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I, method 3.
    for hits, count, low, high in [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ]:
        assert wilson(hits, count) == pytest.approx((low, high), abs=5e-5)


def test_wilson_stays_within_0_and_1_and_is_symmetric():
    assert wilson(20, 20) == pytest.approx((1 - 0.1611, 1.0), abs=5e-5)
    assert wilson(0, 20)[0] == 0.0 and wilson(20, 20)[1] == 1.0
    assert wilson(0, 0) == (0.0, 1.0)
    low, high = wilson(9200, 10_000)
    assert low < 0.92 < high and high - low == pytest.approx(2 * 1.96 * math.sqrt(0.92 * 0.08 / 10_000), rel=1e-3)


@pytest.mark.parametrize(
    ("first", "second", "p"),
    [(0, 0, 1.0), (5, 5, 1.0), (10, 2, 2 * 79 / 4096), (0, 6, 2 / 64), (6, 0, 2 / 64), (0, 1, 1.0)],
)
def test_mcnemar_by_hand(first, second, p):
    # 79 = C(12,0) + C(12,1) + C(12,2)
    assert mcnemar(first, second) == pytest.approx(p, rel=1e-12)


def test_mcnemar_agrees_with_a_binomial_test():
    from scipy.stats import binomtest

    for first, second in [(130, 100), (3, 40), (700, 812), (2000, 2100)]:
        assert mcnemar(first, second) == pytest.approx(binomtest(first, first + second).pvalue, rel=1e-9)


def test_mcnemar_of_extreme_counts_stays_finite():
    assert 0 <= mcnemar(0, 10_000) < 1e-300
