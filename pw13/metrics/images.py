"""Image quality: MSE, PSNR and SSIM; NumPy only."""

from typing import Any

import numpy as np
import numpy.typing as npt

from pw13.metrics import bootstrap

SSIM_WINDOW, SSIM_SIGMA = 11, 1.5
MSE_BLOCK = 20_000  # rows at a time: bounds the memory of their differences
SSIM_BLOCK = 1000  # images at a time: bounds the memory of the five filtered copies

Floats = npt.NDArray[np.float32] | npt.NDArray[np.float64]


def mse(reference: Floats, images: Floats) -> float:
    """Return the mean squared error between two arrays of one shape, floats in [0, 1]."""
    blocks = [slice(start, start + MSE_BLOCK) for start in range(0, len(reference), MSE_BLOCK)]
    total = sum(np.square(reference[block] - images[block]).sum(dtype=np.float64) for block in blocks)
    return float(total / reference.size)


def psnr(mean_mse: float) -> float:
    """Return the peak signal-to-noise ratio in dB, -10 log10 of the mean MSE over images (peak 1); inf for MSE 0."""
    return float("inf") if mean_mse == 0 else float(-10 * np.log10(mean_mse))


def image_mse(reference: Floats, images: Floats) -> npt.NDArray[np.float64]:
    """Return the MSE of each image: `(n, height, width)` or `(n, pixels)` floats in [0, 1] -> `(n,)` float64."""
    blocks = [slice(start, start + MSE_BLOCK) for start in range(0, len(reference), MSE_BLOCK)]
    axes = tuple(range(1, reference.ndim))
    means = [np.mean(np.square(reference[b] - images[b]), axis=axes, dtype=np.float64) for b in blocks]
    return np.concatenate(means)


def psnr_gain(
    before: npt.NDArray[np.float64], after: npt.NDArray[np.float64], *, rng: np.random.Generator
) -> dict[str, Any]:
    """Return how many dB the PSNR of images with MSE `after` is above that with MSE `before`: mean, ci95 and n.

    before, after: `(n,)` MSEs of the same images. The 95 % interval is a paired bootstrap over images: None of one.
    """

    def gain(rows: Any) -> float:
        return psnr(float(after[rows].mean())) - psnr(float(before[rows].mean()))

    count = len(before)
    return {"mean": gain(slice(None)), "ci95": bootstrap.interval(gain, count, rng=rng), "n": count}


def ssim(reference: Floats, images: Floats) -> float:
    """Return the mean structural similarity of `(n, height, width)` floats in [0, 1]; 1 for equal images.

    Wang, Bovik, Sheikh and Simoncelli (2004): 11x11 Gaussian window with sigma 1.5, no padding, population
    covariance, data range 1. nan where a side is shorter than the window.
    """
    if min(reference.shape[1:]) < SSIM_WINDOW:
        return float("nan")
    blocks = [slice(start, start + SSIM_BLOCK) for start in range(0, len(reference), SSIM_BLOCK)]
    sums = [_ssim_maps(reference[block], images[block]).mean(axis=(1, 2)).sum() for block in blocks]
    return float(sum(sums) / len(reference))


def _ssim_maps(reference: Floats, images: Floats) -> npt.NDArray[np.float64]:
    """Return the similarity of each window: two `(n, height, width)` -> `(n, height - 10, width - 10)` float64."""
    a, b = reference.astype(np.float64), images.astype(np.float64)
    rows, columns = (_gaussian_windows(side) for side in a.shape[1:])

    def window_means(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.asarray(rows @ values @ columns.T)

    mean_a, mean_b = window_means(a), window_means(b)
    variance_a = window_means(a * a) - mean_a**2
    variance_b = window_means(b * b) - mean_b**2
    covariance = window_means(a * b) - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    numerator = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    return numerator / ((mean_a**2 + mean_b**2 + c1) * (variance_a + variance_b + c2))


def _gaussian_windows(side: int) -> npt.NDArray[np.float64]:
    """Return the Gaussian window at every position along a side, `(side - 10, side)` float64; each row sums to 1."""
    offsets = np.arange(SSIM_WINDOW) - SSIM_WINDOW // 2
    window = np.exp(-(offsets**2) / (2 * SSIM_SIGMA**2))
    matrix = np.zeros((side - SSIM_WINDOW + 1, side))
    for position, row in enumerate(matrix):
        row[position : position + SSIM_WINDOW] = window / window.sum()
    return matrix
