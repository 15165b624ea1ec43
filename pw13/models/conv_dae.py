"""The handout's convolutional denoising autoencoder: 32-64-128 filters down to a quarter of each side, 128-64-1 up."""

import functools
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from pw13.models.conv_dae_weights import code_shape, weight_specs

# Which rows of a 3-row kernel meet an input row after it was doubled: TAPS[u, k] = 1 where kernel row k takes it into
# row u of the four output rows that it reaches (the one above, its own two, the one below).
TAPS = np.array([[0, 0, 1], [0, 1, 1], [1, 1, 0], [1, 0, 0]], np.float32)


class Autoencoder(NamedTuple):
    """Three models that share their layers; `autoencoder` is the encoder followed by the decoder."""

    encoder: keras.Model
    decoder: keras.Model
    autoencoder: keras.Model


def build(height: int, width: int) -> Autoencoder:
    """Build models: `(n, height, width, 1)` -> code `(n, height / 4, width / 4, 128)` -> `(n, height, width, 1)`.

    Float32, images in [0, 1]. Every convolution is 3x3 "same" with ReLU, the last one with a sigmoid.

    Raises:
        UserError: height or width is no multiple of 4.
    """
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
    code = keras.Input(code_shape(height, width), name="code")
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


def bottleneck_summary(models: Autoencoder) -> str:
    """Answer handout conv a in one line: the spatial size layer by layer, a diabolo.

    Raises:
        ValueError: output and input shape differ, or the code is not the smallest layer.
    """
    shapes = [layer.output.shape[1:3] for layer in models.autoencoder.layers]
    code = models.encoder.output_shape[1:3]
    if models.autoencoder.output_shape != models.autoencoder.input_shape or min(shapes) != code:
        raise ValueError(f"not a diabolo: {shapes}, code {code}")
    distinct = [shape for i, shape in enumerate(shapes) if i == 0 or shape != shapes[i - 1]]
    sizes = " -> ".join(f"{height}x{width}" for height, width in distinct)
    return (
        f"A diabolo: {sizes}; output shape = input shape; code of {np.prod(models.decoder.input_shape[1:]):,} values.\n"
    )


class Denoiser(NamedTuple):
    """The trained network: NumPy in, NumPy out, in batches."""

    parameters: list[np.ndarray]

    def denoise(self, images: np.ndarray) -> np.ndarray:
        """Denoise `(n, height, width)` float32 in [0, 1]: same shape and range; multiples of 4."""
        return _in_batches(reconstruct, self.parameters, images[..., np.newaxis])[..., 0]

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Encode `(n, height, width)` float32 in [0, 1]: `(n, height / 4, width / 4, 128)` float32, non-negative."""
        return _in_batches(encode, self.parameters, images[..., np.newaxis])

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Decode codes from `encode`: images `(n, height, width)` float32 in [0, 1]."""
        return _in_batches(decode, self.parameters, codes)[..., 0]


def _in_batches(function: Any, parameters: list[np.ndarray], inputs: np.ndarray) -> np.ndarray:
    """Apply `function` to 256 inputs at a time."""
    compiled = _compiled(function, inputs.shape[1:])
    tensors = [tf.constant(parameter) for parameter in parameters]
    batches = [inputs[i : i + 256] for i in range(0, len(inputs), 256)]
    return np.concatenate([compiled(tensors, batch).numpy() for batch in batches])


@functools.cache
def _compiled(function: Any, shape: tuple[int, ...]) -> Any:
    """Compile `function` for batches of arrays of one shape, once per process."""
    weights = [tf.TensorSpec(spec.shape, tf.float32) for spec in weight_specs()]
    signature = [weights, tf.TensorSpec((None, *shape), tf.float32)]
    return tf.function(function, input_signature=signature, autograph=False)


# The same network as plain functions of its arrays (kernel, bias, kernel, ...): 1.5 times faster to train than the
# layers, and for images of any size. ReLU after the pooling gives the same with a quarter of the work.


def encode(parameters: list[tf.Tensor], images: tf.Tensor) -> tf.Tensor:
    """Encode `(n, height, width, 1)` float32 in [0, 1]: `(n, height / 4, width / 4, 128)` float32, non-negative."""
    kernel_1, bias_1, kernel_2, bias_2, kernel_3, bias_3 = parameters[:6]
    x = tf.nn.relu(_max_pool(_conv2d(images, kernel_1, bias_1)))
    x = tf.nn.relu(_max_pool(_conv2d(x, kernel_2, bias_2)))
    return tf.nn.relu(_conv2d(x, kernel_3, bias_3))


def decode(parameters: list[tf.Tensor], code: tf.Tensor) -> tf.Tensor:
    """Decode a code from `encode`: `(n, height, width, 1)` float32 in [0, 1]."""
    kernel_4, bias_4, kernel_5, bias_5, kernel_6, bias_6 = parameters[6:]
    x = tf.nn.relu(_conv2d(code, kernel_4, bias_4))
    x = tf.nn.relu(upsample_conv(x, kernel_5) + bias_5)
    return tf.sigmoid(upsample_conv(x, kernel_6) + bias_6)


def reconstruct(parameters: list[tf.Tensor], images: tf.Tensor) -> tf.Tensor:
    """Encode and decode images `(n, height, width, 1)`: same shape."""
    return decode(parameters, encode(parameters, images))


def losses(parameters: list[tf.Tensor], noisy: tf.Tensor, clean: tf.Tensor) -> tf.Tensor:
    """Return the mean squared error of each image: `(n, height, width, 1)` twice -> `(n,)` float32."""
    return tf.reduce_mean(tf.square(reconstruct(parameters, noisy) - clean), axis=(1, 2, 3))


def _conv2d(x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    return tf.nn.bias_add(tf.nn.conv2d(x, kernel, 1, "SAME"), bias)


def _max_pool(x: tf.Tensor) -> tf.Tensor:
    return tf.nn.max_pool2d(x, 2, 2, "VALID")


def upsample_conv(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Upsample by 2 (nearest neighbour), then convolve 3x3 "same", with 16 multiplications instead of 36.

    A value is spread over 2x2 pixels, so the kernel takes it into 4x4 outputs: the same as a transposed convolution of
    stride 2, whose 4x4 kernel sums the taps that meet the value twice.
    """
    n, height, width, _ = tf.unstack(tf.shape(x))
    kernel_4x4 = tf.einsum("uk,vl,klio->uvoi", TAPS, TAPS, kernel)
    return tf.nn.conv2d_transpose(x, kernel_4x4, [n, 2 * height, 2 * width, kernel.shape[3]], 2, "SAME")
