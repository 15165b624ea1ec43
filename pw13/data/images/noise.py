"""Three kinds of noise, in NumPy for evaluation and in TensorFlow's graph for training."""

from typing import Any

import numpy as np

IMAGES_PER_BLOCK = 20_000  # noisy at a time: bounds the memory of the draws
KINDS = ("gaussian", "salt-pepper", "masking")
SUBSET_SIZE = 1000  # test images that a denoiser is evaluated on at each of several levels, and entropy-coded
TEST_SEED = 20240613  # fixed, so that every run and every baseline is evaluated on the same noisy images
VALIDATION_SEED = 20240614  # likewise for the choice of an epoch or of a filter's setting


def add(images: np.ndarray, kind: str, level: float, *, rng: np.random.Generator) -> np.ndarray:
    """Add noise to `(n, height, width)` floats in [0, 1] and return the same shape, float32 in [0, 1].

    gaussian: `level` is the standard deviation, and the sum is clipped. salt-pepper: a fraction `level` of the pixels
    becomes 0 or 1, half of it each. masking: a fraction `level` of the pixels becomes 0.
    """
    noisy = np.array(images, np.float32)
    for start in range(0, len(noisy), IMAGES_PER_BLOCK):
        block = noisy[start : start + IMAGES_PER_BLOCK]
        block[:] = _add(block, kind, level, rng)
    return noisy


def _add(clean: np.ndarray, kind: str, level: float, rng: np.random.Generator) -> np.ndarray:
    if kind == "gaussian":
        noise = rng.standard_normal(clean.shape, dtype=np.float32)
        return np.asarray(np.clip(clean + np.float32(level) * noise, 0, 1))
    draws = rng.random(clean.shape, dtype=np.float32)
    mask = draws < level
    salt = draws < level / 2 if kind == "salt-pepper" else np.False_
    return np.where(mask, np.float32(salt), clean)


def add_for_test(images: np.ndarray, kind: str, level: float) -> np.ndarray:
    """Add the test noise: the same draws for all images of the same shape."""
    return add(images, kind, level, rng=np.random.default_rng(TEST_SEED))


def add_for_validation(images: np.ndarray, kind: str, level: float) -> np.ndarray:
    """Add the validation noise, from another fixed seed, to images used for model selection."""
    return add(images, kind, level, rng=np.random.default_rng(VALIDATION_SEED))


def add_in_graph(images: Any, kind: str, level: float, key: Any) -> Any:
    """Add noise as `add` does, to a tensor of floats in [0, 1] of any shape; `key` `(2,)` int32 is the seed."""
    import tensorflow as tf

    if kind == "gaussian":
        noise = tf.random.stateless_normal(tf.shape(images), key)
        return tf.clip_by_value(images + level * noise, 0.0, 1.0)
    draws = tf.random.stateless_uniform(tf.shape(images), key)
    salt = tf.cast(draws < level / 2, tf.float32) if kind == "salt-pepper" else tf.zeros_like(images)
    return tf.where(draws < level, salt, images)
