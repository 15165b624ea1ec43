"""The mixture of two models and its weight."""

import numpy as np
import pytest

from pw13.metrics import mixture

FIRST, SECOND = np.log([0.5, 0.1, 0.4]), np.log([0.1, 0.7, 0.2])


def test_a_mixture_is_the_weighted_mean_of_probabilities():
    assert np.exp(mixture.mix(FIRST, SECOND, 0.25)) == pytest.approx([0.2, 0.55, 0.25])


@pytest.mark.parametrize(("weight", "model"), [(1.0, FIRST), (0.0, SECOND)])
def test_at_either_end_the_mixture_is_one_model(weight, model):
    assert mixture.mix(FIRST, SECOND, weight) == pytest.approx(model)


def test_impossible_characters_of_one_model_get_the_share_of_the_other():
    mixed = mixture.mix(np.array([-900.0, 0.0]), np.array([0.0, -900.0]), 0.5)
    assert mixed == pytest.approx(np.log([0.5, 0.5]))


def test_the_best_weight_minimizes_the_loss():
    """-ln of (0.1 + 0.8 w)(0.9 - 0.8 w), each twice and three times: the maximum of a beta distribution."""
    first, second = np.log([0.9, 0.9, 0.1, 0.1, 0.1]), np.log([0.1, 0.1, 0.9, 0.9, 0.9])
    assert mixture.best_weight(first, second) == pytest.approx((2 / 5 - 0.1) / 0.8, abs=0.0051)


def test_a_model_that_is_never_better_gets_no_weight():
    assert mixture.best_weight(FIRST, FIRST + np.log(0.9)) == 1
    assert mixture.best_weight(FIRST + np.log(0.9), FIRST) == 0
