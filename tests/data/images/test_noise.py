"""Noise in NumPy and in TensorFlow's graph: levels, ranges and fixed seeds."""

import numpy as np
import pytest

from pw13.data.images import noise
from tests.helpers.tensorflow import start_tensorflow


def grey(value=0.5, size=(20, 28, 28)):
    return np.full(size, value, np.float32)


def in_graph(images, kind, level, key=(3, 4)):
    tf = start_tensorflow()
    add = tf.function(lambda batch, key: noise.add_in_graph(batch, kind, level, key))
    return add(tf.constant(images), tf.constant(key)).numpy()


def by_numpy(images, kind, level, seed=0):
    return noise.add(images, kind, level, rng=np.random.default_rng(seed))


BOTH = pytest.mark.parametrize("add", [by_numpy, in_graph])


@BOTH
def test_gaussian_noise_has_the_given_standard_deviation(add):
    noisy = add(grey(), "gaussian", 0.1)
    assert noisy.dtype == np.float32
    assert abs(noisy.mean() - 0.5) < 0.003
    assert abs(noisy.std() - 0.1) < 0.003


@BOTH
def test_strong_gaussian_noise_is_clipped(add):
    noisy = add(grey(), "gaussian", 3.0)
    assert noisy.min() == 0
    assert noisy.max() == 1
    assert np.mean((noisy == 0) | (noisy == 1)) > 0.8


@BOTH
def test_salt_and_pepper_change_the_given_fraction_evenly(add):
    noisy = add(grey(), "salt-pepper", 0.3)
    assert set(np.unique(noisy)) == {0, 0.5, 1}
    assert abs(np.mean(noisy == 0) - 0.15) < 0.01
    assert abs(np.mean(noisy == 1) - 0.15) < 0.01


@BOTH
def test_masking_zeroes_the_given_fraction(add):
    noisy = add(grey(), "masking", 0.3)
    assert set(np.unique(noisy)) == {0, 0.5}
    assert abs(np.mean(noisy == 0) - 0.3) < 0.01


@BOTH
@pytest.mark.parametrize("kind", noise.KINDS)
def test_level_zero_changes_nothing(add, kind):
    images = np.random.default_rng(1).random((4, 8, 8), dtype=np.float32)
    np.testing.assert_array_equal(add(images, kind, 0.0), images)


@pytest.mark.parametrize("kind", ["salt-pepper", "masking"])
@BOTH
def test_level_one_changes_every_pixel(add, kind):
    assert not np.any(add(grey(), kind, 1.0) == 0.5)


@pytest.mark.parametrize("kind", noise.KINDS)
def test_noise_in_the_graph_depends_on_the_key(kind):
    np.testing.assert_array_equal(in_graph(grey(), kind, 0.5), in_graph(grey(), kind, 0.5))
    assert not np.array_equal(in_graph(grey(), kind, 0.5), in_graph(grey(), kind, 0.5, key=(3, 5)))


@pytest.mark.parametrize("kind", noise.KINDS)
def test_test_noise_is_fixed_and_differs_from_validation_noise(kind):
    images = grey()
    first = noise.add_for_test(images, kind, 0.5)
    np.testing.assert_array_equal(noise.add_for_test(images, kind, 0.5), first)
    assert not np.array_equal(noise.add_for_validation(images, kind, 0.5), first)
    np.testing.assert_array_equal(images, grey())  # the clean images are unchanged


def test_test_noise_scales_the_same_draws():
    images = grey(0.5)
    weak, strong = (noise.add_for_test(images, "gaussian", level) - 0.5 for level in (0.01, 0.02))
    np.testing.assert_allclose(strong, 2 * weak, atol=1e-6)


def test_test_noise_adds_scaled_draws_and_clips():
    noisy = noise.add_for_test(grey(0.5, (1, 2, 2)), "gaussian", 0.5)
    draws = np.random.default_rng(noise.TEST_SEED).standard_normal((1, 2, 2), dtype=np.float32)
    np.testing.assert_allclose(noisy, np.clip(0.5 + 0.5 * draws, 0, 1), atol=1e-6)


@pytest.mark.parametrize("kind", noise.KINDS)
def test_noise_in_blocks_is_the_noise_of_all_at_once(monkeypatch, kind):
    clean = np.random.default_rng(1).random((25, 28, 28), dtype=np.float32)
    whole = by_numpy(clean, kind, 0.4)
    monkeypatch.setattr(noise, "IMAGES_PER_BLOCK", 10)
    np.testing.assert_array_equal(by_numpy(clean, kind, 0.4), whole)
