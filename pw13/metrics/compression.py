"""A dense code as compression (handout 1f): bytes per image by several ways, and when a decoder has paid for itself."""

import functools
import io
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

QUANTISATION_LEVELS = 255  # steps of a code value cut to 8 bits


class Scale(NamedTuple):
    """Range of each code unit over the training images, `(code_size,)` float32 each."""

    low: np.ndarray
    high: np.ndarray


def scale_of(codes: np.ndarray) -> Scale:
    return Scale(codes.min(axis=0), codes.max(axis=0))


def quantise(codes: np.ndarray, scale: Scale) -> np.ndarray:
    """Codes `(n, code_size)` cut to 8 bits, uint8; values outside the scale go to its ends."""
    span = np.where(scale.high > scale.low, scale.high - scale.low, 1)
    return np.rint(np.clip((codes - scale.low) / span, 0, 1) * QUANTISATION_LEVELS).astype(np.uint8)


def dequantise(quantised_codes: np.ndarray, scale: Scale) -> np.ndarray:
    """What 8-bit codes stand for, `(n, code_size)` float32."""
    return (scale.low + quantised_codes.astype(np.float32) / QUANTISATION_LEVELS * (scale.high - scale.low)).astype(
        np.float32
    )


def file_bytes(images: np.ndarray) -> dict[str, float]:
    """Mean sizes of `(n, height, width)` uint8 images, each saved alone by Pillow as PNG and as lossless WebP."""
    return dict(_file_bytes(images.tobytes(), images.shape))


@functools.lru_cache(maxsize=2)  # the runs of one process mostly share their test images
def _file_bytes(pixels: bytes, shape: tuple[int, ...]) -> dict[str, float]:
    images = np.frombuffer(pixels, np.uint8).reshape(shape)
    return {
        "png_bytes": _mean_bytes(images, "PNG", optimize=True),
        "webp_bytes": _mean_bytes(images, "WEBP", lossless=True, quality=100, method=4),
    }


def _mean_bytes(images: np.ndarray, format: str, **options: Any) -> float:
    from PIL import Image

    total = 0
    for image in images:
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, format, **options)
        total += buffer.tell()
    return total / len(images)


def compression_metrics(
    images: np.ndarray,
    codes: np.ndarray,
    scale: Scale,
    decode: Callable[[np.ndarray], np.ndarray],
    decoder_values: int,
) -> dict[str, float | int | None]:
    """Bytes per image, the error of codes cut to 8 bits, and the decoder's own price.

    images `(n, height, width)` uint8 test images and their codes `(n, code_size)`. The 8-bit codes are really decoded.
    The decoder counts as float32 values with the two ends of each unit's scale. `break_even_images`: how many images it
    takes until 8-bit codes and decoder together are smaller than raw pixels; `break_even_images_png`: than PNG files.
    """
    pixels = images.reshape(len(images), -1).astype(np.float32) / 255
    small = quantise(codes, scale)
    error = np.mean(np.square(decode(dequantise(small, scale)) - pixels), dtype=np.float64)
    raw, coded = pixels.shape[1], codes.shape[1]
    decoder = 4 * (decoder_values + 2 * coded)
    files = file_bytes(images)
    return {
        "raw_bytes": raw,
        **files,
        "float32_code_bytes": 4 * coded,
        "uint8_code_bytes": coded,
        "uint8_code_test_mse": float(error),
        "decoder_bytes": decoder,
        "break_even_images": _break_even(decoder, raw - coded),
        "break_even_images_png": _break_even(decoder, files["png_bytes"] - coded),
    }


def _break_even(price: float, saved: float) -> int | None:
    return math.ceil(price / saved) if saved > 0 else None


def feature_maps(
    codes: np.ndarray, decode: Callable[[np.ndarray], np.ndarray], images: np.ndarray
) -> dict[str, float | int]:
    """Bytes an image of feature maps `(n, height, width, channels)` cut to 8 bits, a scale for each channel.

    `code_bytes_entropy` is what LZMA makes of all of them together, map after map; `code_bytes_order_0` the bound for
    any coder that takes each value by itself. `code_uint8_mse` compares what the cut codes decode to with `images`.
    """
    flat = codes.reshape(-1, codes.shape[-1])
    scale = scale_of(flat)
    small = quantise(flat, scale)
    decoded = decode(dequantise(small, scale).reshape(codes.shape))
    return {
        "code_bytes_float32": 4 * codes[0].size,
        "code_bytes_uint8": codes[0].size,
        "code_bytes_entropy": entropy_coded_bytes(np.moveaxis(small.reshape(codes.shape), -1, 1)),
        "code_bytes_order_0": len(flat) / len(codes) * float(sum(order_0_bits(channel) for channel in small.T)) / 8,
        "code_zero_share": float(np.mean(small == 0)),
        "code_uint8_mse": float(np.mean(np.square(decoded - images), dtype=np.float64)),
    }


def entropy_coded_bytes(values: np.ndarray) -> float:
    """Mean bytes for each of `(n, ...)` uint8 arrays when LZMA packs all of them together (Python's lzma, preset 6)."""
    import lzma

    return len(lzma.compress(np.ascontiguousarray(values).tobytes())) / len(values)


def order_0_bits(values: np.ndarray) -> float:
    """Shannon's entropy of the histogram of uint8 values, bits a value."""
    shares = np.bincount(values, minlength=256) / len(values)
    shares = shares[shares > 0]
    return float(-(shares * np.log2(shares)).sum())
