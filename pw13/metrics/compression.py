"""Codes as compression (handout 1f): bytes per image by method, and the images after which a decoder breaks even."""

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

QUANTISATION_LEVELS = 255  # steps of an 8-bit code value

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]


class Scale(NamedTuple):
    """The range of each code unit over the training images, `(code_size,)` float32 each."""

    low: Floats
    high: Floats


def scale_of(codes: Floats) -> Scale:
    """Return the range of each unit of codes `(n, code_size)`."""
    return Scale(codes.min(axis=0), codes.max(axis=0))


def quantise(codes: Floats, scale: Scale) -> Bytes:
    """Quantise codes `(n, code_size)` to 8 bits, uint8; values outside the scale are clipped."""
    span = np.where(scale.high > scale.low, scale.high - scale.low, 1)
    scaled = np.clip((codes - scale.low) / span, 0, 1) * QUANTISATION_LEVELS
    return np.asarray(np.rint(scaled).astype(np.uint8))


def dequantise(quantised_codes: Bytes, scale: Scale) -> Floats:
    """Return the values of 8-bit codes, `(n, code_size)` float32."""
    fraction = quantised_codes.astype(np.float32) / QUANTISATION_LEVELS
    return np.asarray((scale.low + fraction * (scale.high - scale.low)).astype(np.float32))


def compression_metrics(
    images: Bytes,
    codes: Floats,
    scale: Scale,
    decode: Callable[[Floats], Floats],
    decoder_values: int,
    files: Mapping[str, float],
) -> dict[str, float | int | None]:
    """Return bytes per image, the errors of float32 and 8-bit codes, and the size of the decoder.

    images: `(n, height, width)` uint8 test images; codes: theirs, `(n, code_size)`. The errors are those of decoding
    the codes. The decoder counts as float32 values plus the range of each unit. files: `png_bytes` and `webp_bytes`
    of the images. `break_even_images`: the number of images from which 8-bit codes and decoder together are smaller
    than raw pixels; `break_even_images_png`: than PNG.
    """
    pixels = images.reshape(len(images), -1).astype(np.float32) / 255
    quantised = quantise(codes, scale)
    exact, rounded = (
        float(np.mean(np.square(decode(each) - pixels), dtype=np.float64))
        for each in (codes, dequantise(quantised, scale))
    )
    raw, coded = pixels.shape[1], codes.shape[1]
    decoder = 4 * (decoder_values + 2 * coded)
    return {
        "raw_bytes": raw,
        **files,
        "float32_code_bytes": 4 * coded,
        "uint8_code_bytes": coded,
        "float32_code_test_mse": exact,
        "uint8_code_test_mse": rounded,
        "decoder_bytes": decoder,
        "break_even_images": _break_even(decoder, raw - coded),
        "break_even_images_png": _break_even(decoder, files["png_bytes"] - coded),
    }


def _break_even(cost: float, saving: float) -> int | None:
    return math.ceil(cost / saving) if saving > 0 else None


def feature_maps(codes: Floats, decode: Callable[[Floats], Floats], images: Floats) -> dict[str, float | int]:
    """Return bytes per image of feature maps `(n, height, width, channels)` in 8 bits, with a scale per channel.

    `code_bytes_entropy`: all of them compressed by LZMA, channel by channel; `code_bytes_order_0`: the bound for any
    coder that codes each value on its own. `code_uint8_mse`: the error of the decoded 8-bit codes against `images`.
    """
    flat = codes.reshape(-1, codes.shape[-1])
    scale = scale_of(flat)
    quantised = quantise(flat, scale)
    decoded = decode(dequantise(quantised, scale).reshape(codes.shape))
    return {
        "code_bytes_float32": 4 * codes[0].size,
        "code_bytes_uint8": codes[0].size,
        "code_bytes_entropy": entropy_coded_bytes(np.moveaxis(quantised.reshape(codes.shape), -1, 1)),
        "code_bytes_order_0": len(flat) / len(codes) * float(sum(order_0_bits(channel) for channel in quantised.T)) / 8,
        "code_zero_share": float(np.mean(quantised == 0)),
        "code_uint8_mse": float(np.mean(np.square(decoded - images), dtype=np.float64)),
    }


def entropy_coded_bytes(values: Bytes) -> float:
    """Return mean bytes per array of `(n, ...)` uint8, compressed together by LZMA (Python's lzma, preset 6)."""
    import lzma

    return len(lzma.compress(np.ascontiguousarray(values).tobytes())) / len(values)


def order_0_bits(values: Bytes) -> float:
    """Return the Shannon entropy of uint8 values in bits per value."""
    shares = np.bincount(values, minlength=256) / len(values)
    shares = shares[shares > 0]
    return float(-(shares * np.log2(shares)).sum())
