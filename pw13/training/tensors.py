"""Training data as tensors, without the copies that `tf.constant` makes and keeps."""

import numpy as np
import tensorflow as tf

from pw13.system.memory import aligned_empty, is_aligned


def as_tensor(array: np.ndarray) -> tf.Tensor:
    """Return the array as a tensor: on the CPU one that shares its memory, if it is aligned, or that of one copy.

    `tf.constant` takes and keeps twice the array's memory. The array must not be changed any more.
    """
    if tf.config.get_visible_devices("GPU"):
        return tf.constant(array)
    if not is_aligned(array):
        copy = aligned_empty(array.shape, array.dtype)
        copy[...] = array
        array = copy
    return tf.experimental.dlpack.from_dlpack(array.__dlpack__())
