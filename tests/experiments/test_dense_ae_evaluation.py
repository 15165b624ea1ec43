"""The map of the test codes, and what very few images say."""

from types import SimpleNamespace

import numpy as np
import pytest

from pw13.config.settings import DenseAE
from pw13.experiments.dense_ae_evaluation import dead_units, project_codes


def places_of(codes: np.ndarray) -> np.ndarray:
    labels = np.arange(len(codes)) % 2
    part = SimpleNamespace(images=SimpleNamespace(test_labels=labels), test_codes=codes.astype(np.float32))
    return project_codes(part, DenseAE(code_size=codes.shape[1])).places


def two_clusters() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(40, 3)) + 20 * (np.arange(40) % 2)[:, None]


@pytest.mark.parametrize("value", [0.0, 0.1, -1e30])
def test_codes_that_are_all_the_same_are_one_point(value):
    """scikit-learn's t-SNE ends the process there."""
    places = places_of(np.full((40, 2), value))
    assert places.shape == (40, 2) and not places.any()


@pytest.mark.parametrize("scale", [1e-40, 1e-30, 1.0, 1e30])
def test_codes_of_any_scale_are_mapped_by_their_neighbours(scale):
    first, second = (places_of(two_clusters() * scale)[start::2] for start in (0, 1))
    apart = np.linalg.norm(first.mean(axis=0) - second.mean(axis=0))
    assert apart > 2 * max(np.linalg.norm(part - part.mean(axis=0), axis=1).max() for part in (first, second))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_codes_that_are_not_finite_are_one_point(value):
    codes = two_clusters()
    codes[7, 1] = value
    assert not places_of(codes).any()


@pytest.mark.parametrize(("count", "dead"), [(1, None), (2, 1), (5, 1)])
def test_one_code_does_not_say_which_units_are_dead(count, dead):
    codes = np.random.default_rng(0).normal(size=(count, 4)) * [1, 0, 1, 1]
    assert dead_units(codes) == dead
