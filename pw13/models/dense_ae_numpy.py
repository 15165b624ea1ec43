"""The dense autoencoder in NumPy: its arrays as in a `.keras` file, to encode and decode without TensorFlow."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from pw13.config.settings import DenseAE
from pw13.models.keras_archive import WeightSpec


def weight_specs(pixels: int, config: DenseAE) -> list[WeightSpec]:
    """Return path and shape of encoder kernel and bias, decoder kernel and bias in best.keras."""
    size = config.code_size
    return [
        WeightSpec("layers/dense/vars/0", (pixels, size)),
        WeightSpec("layers/dense/vars/1", (size,)),
        WeightSpec("layers/dense_1/vars/0", (size, pixels)),
        WeightSpec("layers/dense_1/vars/1", (pixels,)),
    ]


class Weights(NamedTuple):
    """The trained arrays, float32."""

    activation: str
    kernel: np.ndarray
    bias: np.ndarray
    decoder_kernel: np.ndarray
    decoder_bias: np.ndarray

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Encode `(n, pixels)` float32 in [0, 1]: codes `(n, code_size)` float32."""
        return ACTIVATIONS[self.activation](images @ self.kernel + self.bias)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Decode codes `(n, code_size)`: images `(n, pixels)` float32 in [0, 1]."""
        return sigmoid(codes.astype(np.float32) @ self.decoder_kernel + self.decoder_bias)

    @property
    def decoder_values(self) -> int:
        """Return the number of the decoder's parameters."""
        return self.decoder_kernel.size + self.decoder_bias.size


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Compute 1 / (1 + exp(-x)) by way of tanh, which cannot overflow."""
    return np.float32(0.5) * (1 + np.tanh(np.float32(0.5) * x))


ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "sigmoid": sigmoid,
}
