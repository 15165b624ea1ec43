"""Three kinds of noise, drawn by NumPy for measuring and inside TensorFlow's graph for training."""

from typing import Any

import numpy as np

KINDS = ("gaussian", "salt-pepper", "masking")
TEST_SEED = 20240613  # its own, so that every run and every baseline is measured on the same noisy images
VALIDATION_SEED = 20240614  # likewise for what chooses an epoch or a filter's setting


def add(images: np.ndarray, kind: str, level: float, *, rng: np.random.Generator) -> np.ndarray:
    """Noisy copies of `(n, height, width)` floats in [0, 1]: the same shape, float32 in [0, 1].

    gaussian: `level` is the standard deviation, and the sum is clipped. salt-pepper: a share `level` of the pixels
    becomes 0 or 1, evenly. masking: a share `level` becomes 0.
    """
    clean = np.asarray(images, np.float32)
    if kind == "gaussian":
        noise = rng.standard_normal(clean.shape, dtype=np.float32)
        return np.clip(clean + np.float32(level) * noise, 0, 1)
    draws = rng.random(clean.shape, dtype=np.float32)
    hit = draws < level
    salt = draws < level / 2 if kind == "salt-pepper" else np.False_
    return np.where(hit, np.float32(salt), clean)


def add_for_test(images: np.ndarray, kind: str, level: float) -> np.ndarray:
    """Noisy copies as `add` makes them, with the same draws whenever the images have the same shape."""
    return add(images, kind, level, rng=np.random.default_rng(TEST_SEED))


def add_for_validation(images: np.ndarray, kind: str, level: float) -> np.ndarray:
    """The same from another constant seed, for images on which something is chosen."""
    return add(images, kind, level, rng=np.random.default_rng(VALIDATION_SEED))


def add_in_graph(images: Any, kind: str, level: float, key: Any) -> Any:
    """`add` as a tensor: floats in [0, 1] of any shape, noise drawn from the `(2,)` int32 key alone."""
    import tensorflow as tf

    if kind == "gaussian":
        noise = tf.random.stateless_normal(tf.shape(images), key)
        return tf.clip_by_value(images + level * noise, 0.0, 1.0)
    draws = tf.random.stateless_uniform(tf.shape(images), key)
    salt = tf.cast(draws < level / 2, tf.float32) if kind == "salt-pepper" else tf.zeros_like(images)
    return tf.where(draws < level, salt, images)
