"""The handout's convolutional denoising autoencoder: 32-64-128 filters down to a quarter of each side, 128-64-1 up."""

import functools
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from pw13.errors import UserError
from pw13.models.keras_archive import WeightSpec

HALVINGS = 2
CODE_CHANNELS = 128
KERNELS = ((3, 3, 1, 32), (3, 3, 32, 64), (3, 3, 64, 128), (3, 3, 128, 128), (3, 3, 128, 64), (3, 3, 64, 1))

# TAPS[u, k] = 1 where row k of a 3-row kernel, on an image that was doubled, takes a small row into row u of the four
# output rows that it goes into: (the one above, its own two, the one below).
TAPS = np.array([[0, 0, 1], [0, 1, 1], [1, 1, 0], [1, 0, 0]], np.float32)


class Autoencoder(NamedTuple):
    """Three models that share their layers; `autoencoder` is the encoder followed by the decoder."""

    encoder: keras.Model
    decoder: keras.Model
    autoencoder: keras.Model


def build(height: int, width: int) -> Autoencoder:
    """Models of `(n, height, width, 1)` -> code `(n, height / 4, width / 4, 128)` -> `(n, height, width, 1)`.

    Float32, images in [0, 1]. Every convolution is 3x3 "same" with ReLU, the last one with a sigmoid.

    Raises:
        UserError: a side that does not halve twice.
    """
    check_sides(height, width)
    encode = [
        _conv(32), layers.MaxPooling2D(2),
        _conv(64), layers.MaxPooling2D(2),
        _conv(128),
    ]  # fmt: skip
    decode = [
        _conv(128), layers.UpSampling2D(2),
        _conv(64), layers.UpSampling2D(2),
        _conv(1, "sigmoid"),
    ]  # fmt: skip
    image = keras.Input((height, width, 1), name="image")
    code = keras.Input((height // 4, width // 4, CODE_CHANNELS), name="code")
    return Autoencoder(
        keras.Model(image, _connect(encode, image), name="encoder"),
        keras.Model(code, _connect(decode, code), name="decoder"),
        keras.Model(image, _connect(encode + decode, image), name="autoencoder"),
    )


def _conv(filters: int, activation: str = "relu") -> keras.layers.Layer:
    return layers.Conv2D(filters, 3, padding="same", activation=activation)


def _connect(stack: list[keras.layers.Layer], x: keras.KerasTensor) -> keras.KerasTensor:
    for layer in stack:
        x = layer(x)
    return x


def check_sides(height: int, width: int) -> None:
    """Refuse images whose sides do not halve twice."""
    if height % 4 or width % 4 or not height or not width:
        raise UserError(
            f"images of {height}x{width} pixels: expected sides that halve twice, such as 28x28 (multiples of 4), "
            f"received {height} and {width}"
        )


def bottleneck_summary(models: Autoencoder) -> str:
    """Handout conv a in one line: the size in space layer by layer, and whether it is a diabolo.

    Raises:
        ValueError: the output has another shape than the input, or the middle is not the narrowest.
    """
    shapes = [layer.output.shape[1:3] for layer in models.autoencoder.layers]
    middle = models.encoder.output_shape[1:3]
    if models.autoencoder.output_shape != models.autoencoder.input_shape or min(shapes) != middle:
        raise ValueError(f"not a diabolo: {shapes}, code {middle}")
    steps = [shape for i, shape in enumerate(shapes) if i == 0 or shape != shapes[i - 1]]
    waist = " -> ".join(f"{height}x{width}" for height, width in steps)
    return (
        f"A diabolo: {waist}; output shape = input shape; code of {np.prod(models.decoder.input_shape[1:]):,} values.\n"
    )


def weight_specs() -> list[WeightSpec]:
    """Where best.keras holds the kernel and the bias of each convolution."""
    names = ["conv2d", *(f"conv2d_{i}" for i in range(1, len(KERNELS)))]
    return [
        WeightSpec(f"layers/{name}/vars/{i}", shape)
        for name, kernel in zip(names, KERNELS, strict=True)
        for i, shape in enumerate((kernel, kernel[3:]))
    ]


class Denoiser(NamedTuple):
    """The trained arrays at work: NumPy in, NumPy out, a few hundred images at a time."""

    parameters: list[np.ndarray]

    def denoise(self, images: np.ndarray) -> np.ndarray:
        """`(n, height, width)` float32 in [0, 1] -> the same shape and range; any sides that halve twice."""
        return _in_batches(reconstruct, self.parameters, images[..., np.newaxis])[..., 0]

    def encode(self, images: np.ndarray) -> np.ndarray:
        """`(n, height, width)` float32 in [0, 1] -> codes `(n, height / 4, width / 4, 128)` float32, 0 or more."""
        return _in_batches(encode, self.parameters, images[..., np.newaxis])

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Codes as `encode` gives them -> images `(n, height, width)` float32 in [0, 1]."""
        return _in_batches(decode, self.parameters, codes)[..., 0]


def _in_batches(function: Any, parameters: list[np.ndarray], arrays: np.ndarray, size: int = 256) -> np.ndarray:
    compiled = _compiled(function, arrays.shape[1:])
    tensors = [tf.constant(parameter) for parameter in parameters]
    return np.concatenate([compiled(tensors, arrays[i : i + size]).numpy() for i in range(0, len(arrays), size)])


@functools.cache
def _compiled(function: Any, shape: tuple[int, ...]) -> Any:
    """`function` for batches of arrays of one shape, traced once a process."""
    weights = [tf.TensorSpec(part.shape, tf.float32) for part in weight_specs()]
    return tf.function(function, input_signature=[weights, tf.TensorSpec((None, *shape), tf.float32)])


# The same network as plain functions of its arrays (kernel, bias, kernel, ...): for training, 1.5 times faster than the
# layers, and for images of any size. ReLU follows the pooling, which gives the same with a quarter of the work.


def encode(parameters: list[tf.Tensor], images: tf.Tensor) -> tf.Tensor:
    """`(n, height, width, 1)` float32 in [0, 1] -> code `(n, height / 4, width / 4, 128)` float32, 0 or more."""
    first, first_bias, second, second_bias, third, third_bias = parameters[:6]
    x = tf.nn.relu(_halved(_convolved(images, first, first_bias)))
    x = tf.nn.relu(_halved(_convolved(x, second, second_bias)))
    return tf.nn.relu(_convolved(x, third, third_bias))


def decode(parameters: list[tf.Tensor], code: tf.Tensor) -> tf.Tensor:
    """Code as `encode` gives it -> `(n, height, width, 1)` float32 in [0, 1]."""
    first, first_bias, second, second_bias, third, third_bias = parameters[6:]
    x = tf.nn.relu(_convolved(code, first, first_bias))
    x = tf.nn.relu(upsample_conv(x, second) + second_bias)
    return tf.sigmoid(upsample_conv(x, third) + third_bias)


def reconstruct(parameters: list[tf.Tensor], images: tf.Tensor) -> tf.Tensor:
    """Images through encoder and decoder: the same shape."""
    return decode(parameters, encode(parameters, images))


def losses(parameters: list[tf.Tensor], noisy: tf.Tensor, clean: tf.Tensor) -> tf.Tensor:
    """The loss of each image, mean squared error over its pixels: `(n, height, width, 1)` twice -> `(n,)` float32."""
    return tf.reduce_mean(tf.square(reconstruct(parameters, noisy) - clean), axis=(1, 2, 3))


def _convolved(x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    return tf.nn.bias_add(tf.nn.conv2d(x, kernel, 1, "SAME"), bias)


def _halved(x: tf.Tensor) -> tf.Tensor:
    return tf.nn.max_pool2d(x, 2, 2, "VALID")


def upsample_conv(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Nearest-neighbour doubling, then a 3x3 "same" convolution, with 16 multiplications for every 36.

    Doubling spreads each value over 2x2 pixels and the kernel takes those up, so that a value goes into 4x4 outputs: a
    transposed convolution of stride 2, its 4x4 kernel the sums of the taps that meet the value twice.
    """
    count, height, width, _ = tf.unstack(tf.shape(x))
    wide = tf.einsum("uk,vl,klio->uvoi", TAPS, TAPS, kernel)
    return tf.nn.conv2d_transpose(x, wide, [count, 2 * height, 2 * width, kernel.shape[3]], 2, "SAME")
