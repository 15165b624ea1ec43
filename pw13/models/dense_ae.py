"""The shallow dense autoencoder: one hidden layer, the code, between an input and an output of the same size."""

from typing import NamedTuple

import keras
import tensorflow as tf

from pw13.config.settings import DenseAE


class Autoencoder(NamedTuple):
    """Three models that share their layers (handout 1c); `autoencoder` is the encoder followed by the decoder."""

    encoder: keras.Model
    decoder: keras.Model
    autoencoder: keras.Model


def build(pixels: int, config: DenseAE) -> Autoencoder:
    """Build models: `(n, pixels)` -> code `(n, code_size)` -> `(n, pixels)`, float32, images in [0, 1]."""
    image = keras.Input((pixels,), name="image")
    code = keras.Input((config.code_size,), name="code")
    encode = keras.layers.Dense(config.code_size, activation=config.activation, name="encode")
    decode = keras.layers.Dense(pixels, activation="sigmoid", name="decode")
    encoder = keras.Model(image, encode(image), name="encoder")
    decoder = keras.Model(code, decode(code), name="decoder")
    return Autoencoder(encoder, decoder, keras.Model(image, decode(encode(image)), name="autoencoder"))


def logits(parameters: list[tf.Tensor], images: tf.Tensor, activation: str) -> tf.Tensor:
    """Return the output before the sigmoid: `(n, pixels)` float32 in [0, 1] -> `(n, pixels)` float32."""
    kernel, bias, decoder_kernel, decoder_bias = parameters
    code = keras.activations.get(activation)(images @ kernel + bias)
    return code @ decoder_kernel + decoder_bias


def losses(parameters: list[tf.Tensor], images: tf.Tensor, config: DenseAE) -> tf.Tensor:
    """Return the loss of each image, mean over its pixels: `(n, pixels)` float32 in [0, 1] -> `(n,)` float32."""
    output = logits(parameters, images, config.activation)
    if config.loss == "bce":
        pixel_losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=images, logits=output)
    else:
        pixel_losses = tf.square(tf.sigmoid(output) - images)
    return tf.reduce_mean(pixel_losses, axis=1)
