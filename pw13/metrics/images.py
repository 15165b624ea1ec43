"""Image quality: MSE, PSNR and SSIM; NumPy only."""

import numpy as np

SSIM_WINDOW, SSIM_SIGMA = 11, 1.5


def mse(reference: np.ndarray, images: np.ndarray) -> float:
    """Mean squared difference of two arrays of one shape, floats in [0, 1]."""
    return float(np.mean(np.square(reference - images), dtype=np.float64))


def psnr(mean_mse: float) -> float:
    """Peak signal-to-noise ratio in dB, -10 log10 of the mean MSE over images (peak 1); inf for equal images."""
    return float("inf") if mean_mse == 0 else float(-10 * np.log10(mean_mse))


def image_mse(reference: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Mean squared difference of each pair: `(n, height, width)` floats in [0, 1] -> `(n,)` float64."""
    return np.asarray(np.mean(np.square(reference - images), axis=(1, 2), dtype=np.float64))


def ssim(reference: np.ndarray, images: np.ndarray) -> float:
    """Structural similarity of `(n, height, width)` floats in [0, 1], mean over images; 1 for equal images.

    Wang, Bovik, Sheikh and Simoncelli 2004, as published: 11x11 Gaussian window of sigma 1.5, whole windows only,
    population covariance, data range 1. nan where a side is shorter than the window.
    """
    if min(reference.shape[1:]) < SSIM_WINDOW:
        return float("nan")
    slabs = range(0, len(reference), 1000)  # bounds the memory of the five filtered copies
    sums = [_ssim_maps(reference[i : i + 1000], images[i : i + 1000]).mean(axis=(1, 2)).sum() for i in slabs]
    return float(sum(sums) / len(reference))


def _ssim_maps(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """One similarity per whole window: `(n, height, width)` twice -> `(n, height - 10, width - 10)` float64."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    rows, columns = (_gaussian_windows(side) for side in a.shape[1:])

    def window_means(values: np.ndarray) -> np.ndarray:
        return rows @ values @ columns.T

    mean_a, mean_b = window_means(a), window_means(b)
    variance_a = window_means(a * a) - mean_a**2
    variance_b = window_means(b * b) - mean_b**2
    covariance = window_means(a * b) - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    likeness = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    return likeness / ((mean_a**2 + mean_b**2 + c1) * (variance_a + variance_b + c2))


def _gaussian_windows(side: int) -> np.ndarray:
    """Every position of the Gaussian window along one side, as a matrix `(side - 10, side)` float64, rows sum to 1."""
    offsets = np.arange(SSIM_WINDOW) - SSIM_WINDOW // 2
    window = np.exp(-(offsets**2) / (2 * SSIM_SIGMA**2))
    matrix = np.zeros((side - SSIM_WINDOW + 1, side))
    for position, row in enumerate(matrix):
        row[position : position + SSIM_WINDOW] = window / window.sum()
    return matrix
