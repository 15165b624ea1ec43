"""The best linear denoiser: ridge regression from noisy to clean pixels, what PCA is for the dense autoencoder."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pw13 import metrics

Images = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

DRAWS = 8  # noise draws of each training image
MAX_PIXELS = 4096  # a larger image has too many pairs of pixels
# Per example. Small data need one of the larger; with many images the smallest is as good as none.
PENALTIES = (1e-7, 1e-6, 1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1.0, 3.0)


class LinearDenoiser(NamedTuple):
    """`weights` `(pixels, pixels)` and `bias` `(pixels,)`, float32; `penalty` is the one chosen."""

    weights: Images
    bias: Images
    penalty: float

    def denoise(self, noisy: Images) -> Images:
        """Return `(n, height, width)` float32 in [0, 1] for images of that shape."""
        flat = noisy.reshape(len(noisy), -1)
        denoised: Images = np.clip(flat @ self.weights + self.bias, 0, 1).reshape(noisy.shape)
        return denoised


def fit(
    batches: Iterable[Images], add_noise: Callable[[Images], Images], val_clean: Images, val_noisy: Images
) -> LinearDenoiser:
    """Fit the ridge regression from noisy to clean pixels, its penalty chosen on validation images.

    batches: the clean training images, `(n, height, width)` float32 in [0, 1] each. add_noise: returns another noisy
    copy at each call. val_clean, val_noisy: `(m, height, width)`, at most `MAX_PIXELS` pixels each; the penalty with
    the lowest MSE on them is chosen.
    """
    sums = _sums(batches, add_noise, val_clean[0].size)
    return min(_solutions(sums), key=lambda each: metrics.mse(val_clean, each.denoise(val_noisy)))


class _Sums(NamedTuple):
    """Sums over a number of `examples` of noisy pixels x and clean pixels y: x, y, x x', x y'."""

    examples: int
    x: Doubles
    y: Doubles
    xx: Doubles
    xy: Doubles


def _sums(batches: Iterable[Images], add_noise: Callable[[Images], Images], pixels: int) -> _Sums:
    examples, x, y = 0, np.zeros(pixels), np.zeros(pixels)
    xx, xy = np.zeros((pixels, pixels)), np.zeros((pixels, pixels))
    for batch in batches:
        clean = batch.reshape(len(batch), -1)
        total = np.zeros_like(clean)  # of the noisy copies, which share one product with the clean image
        for _ in range(DRAWS):
            noisy = add_noise(batch).reshape(len(batch), -1)
            total += noisy
            xx += noisy.T @ noisy
        xy += total.T @ clean
        x += total.sum(axis=0, dtype=np.float64)
        y += DRAWS * clean.sum(axis=0, dtype=np.float64)
        examples += DRAWS * len(batch)
    return _Sums(examples, x, y, xx, xy)


def _solutions(sums: _Sums) -> Iterator[LinearDenoiser]:
    """Yield, for each penalty, the minimum of the mean squared error plus penalty x squared weights; free bias."""
    mean_x, mean_y = sums.x / sums.examples, sums.y / sums.examples
    values, vectors = np.linalg.eigh(sums.xx / sums.examples - np.outer(mean_x, mean_x))
    values = np.maximum(values, 0)  # rounding makes some of those near 0 negative
    rotated = vectors.T @ (sums.xy / sums.examples - np.outer(mean_x, mean_y))
    for penalty in PENALTIES:
        weights = vectors @ (rotated / (values + penalty)[:, np.newaxis])
        bias = mean_y - mean_x @ weights
        yield LinearDenoiser(weights.astype(np.float32), bias.astype(np.float32), penalty)
