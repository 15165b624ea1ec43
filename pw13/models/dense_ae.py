"""The shallow dense autoencoder: one hidden layer, the code, between an input and an output of the same size."""

from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from pw13.checkpoints import Part
from pw13.config import DenseAE


class Autoencoder(NamedTuple):
    """Three models that share their layers (handout 1c); `autoencoder` is the encoder followed by the decoder."""

    encoder: keras.Model
    decoder: keras.Model
    autoencoder: keras.Model


def build(pixels: int, config: DenseAE) -> Autoencoder:
    """Models of `(n, pixels)` -> code `(n, code_size)` -> `(n, pixels)`, float32, images in [0, 1]."""
    image = keras.Input((pixels,), name="image")
    code = keras.Input((config.code_size,), name="code")
    encode = keras.layers.Dense(config.code_size, activation=config.activation, name="encode")
    decode = keras.layers.Dense(pixels, activation="sigmoid", name="decode")
    encoder = keras.Model(image, encode(image), name="encoder")
    decoder = keras.Model(code, decode(code), name="decoder")
    return Autoencoder(encoder, decoder, keras.Model(image, decode(encode(image)), name="autoencoder"))


def parts(pixels: int, config: DenseAE) -> list[Part]:
    """Where best.keras holds encoder kernel and bias, decoder kernel and bias."""
    size = config.code_size
    return [
        Part("layers/dense/vars/0", (pixels, size)),
        Part("layers/dense/vars/1", (size,)),
        Part("layers/dense_1/vars/0", (size, pixels)),
        Part("layers/dense_1/vars/1", (pixels,)),
    ]


def logits(parameters: list[tf.Tensor], images: tf.Tensor, activation: str) -> tf.Tensor:
    """What the autoencoder gives before its sigmoid: `(n, pixels)` float32 in [0, 1] -> `(n, pixels)` float32."""
    kernel, bias, decoder_kernel, decoder_bias = parameters
    code = keras.activations.get(activation)(images @ kernel + bias)
    return code @ decoder_kernel + decoder_bias


def losses(parameters: list[tf.Tensor], images: tf.Tensor, config: DenseAE) -> tf.Tensor:
    """The loss of each image, mean over its pixels: `(n, pixels)` float32 in [0, 1] -> `(n,)` float32."""
    output = logits(parameters, images, config.activation)
    if config.loss == "bce":
        each = tf.nn.sigmoid_cross_entropy_with_logits(labels=images, logits=output)
    else:
        each = tf.square(tf.sigmoid(output) - images)
    return tf.reduce_mean(each, axis=1)


class Weights(NamedTuple):
    """The trained arrays, to encode and decode without Keras (NumPy, float32)."""

    kernel: np.ndarray
    bias: np.ndarray
    decoder_kernel: np.ndarray
    decoder_bias: np.ndarray
    activation: str

    def encode(self, images: np.ndarray) -> np.ndarray:
        """`(n, pixels)` in [0, 1] -> codes `(n, code_size)`."""
        return ACTIVATIONS[self.activation](images @ self.kernel + self.bias)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Codes `(n, code_size)` -> images `(n, pixels)` in [0, 1]."""
        return sigmoid(codes.astype(np.float32) @ self.decoder_kernel + self.decoder_bias)

    @property
    def decoder_values(self) -> int:
        """Numbers that a decoder needs."""
        return self.decoder_kernel.size + self.decoder_bias.size


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)) by the tanh identity, which cannot overflow."""
    return np.float32(0.5) * (1 + np.tanh(np.float32(0.5) * x))


ACTIVATIONS = {"linear": lambda x: x, "relu": lambda x: np.maximum(x, 0), "tanh": np.tanh, "sigmoid": sigmoid}
