"""Classical image filters beside the network, each at its best setting on validation images."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from scipy import ndimage
from skimage import restoration

from pw13 import metrics

SLAB = 100  # images a thread works on at once: their arrays stay in its cache


def median(images: np.ndarray, *, size: int) -> np.ndarray:
    """Median over a `size` x `size` window (scipy)."""
    return ndimage.median_filter(images, size=(1, size, size))


def gaussian(images: np.ndarray, *, sigma: float) -> np.ndarray:
    """Gaussian blur, `sigma` in pixels (scipy)."""
    return ndimage.gaussian_filter(images, (0, sigma, sigma))


def tv(images: np.ndarray, *, weight: float, iterations: int = 50) -> np.ndarray:
    """Total-variation denoising of every image at once; a larger `weight` smooths more.

    Chambolle 2004, "An algorithm for total variation minimization": projected steps on the dual field. Equal to
    scikit-image's `denoise_tv_chambolle` at the same number of iterations, several times faster on small images.
    """
    dual = np.zeros((2, *images.shape), images.dtype)
    gradient = np.zeros_like(dual)
    step = 0.25
    for _ in range(iterations):
        smooth = images + _divergence(dual)
        gradient[0, :, :-1] = np.diff(smooth, axis=1)
        gradient[1, :, :, :-1] = np.diff(smooth, axis=2)
        length = np.sqrt(np.square(gradient).sum(axis=0))
        dual -= step * gradient
        dual /= 1 + (step / weight) * length
    return images + _divergence(dual)


def _divergence(dual: np.ndarray) -> np.ndarray:
    """Backward differences of a `(2, n, height, width)` field, summed: the negative adjoint of the gradient."""
    down, right = dual
    total = -down - right
    total[:, 1:] += down[:, :-1]
    total[:, :, 1:] += right[:, :, :-1]
    return total


def nlm(images: np.ndarray, *, h: float, patch: int) -> np.ndarray:
    """Non-local means over 13x13 neighbourhoods, `h` the cut-off in grey values (scikit-image, fast mode)."""
    return _each(images, lambda image: restoration.denoise_nl_means(image, patch, 6, h, fast_mode=True))


def wavelet(images: np.ndarray, *, sigma: float) -> np.ndarray:
    """Soft thresholds on wavelet coefficients for noise of deviation `sigma` (scikit-image, VisuShrink, db2)."""

    def denoise(image: np.ndarray) -> np.ndarray:
        return restoration.denoise_wavelet(image, sigma=sigma, wavelet="db2", method="VisuShrink", mode="soft")

    return _each(images, denoise)


def _each(images: np.ndarray, denoise: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    return np.stack([denoise(image) for image in images])


FILTERS: dict[str, Callable[..., np.ndarray]] = {
    "median": median,
    "gaussian": gaussian,
    "tv": tv,
    "nlm": nlm,
    "wavelet": wavelet,
}
SETTINGS: dict[str, tuple[dict[str, float], ...]] = {
    "median": tuple({"size": size} for size in (3, 5)),
    "gaussian": tuple({"sigma": sigma} for sigma in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 1.2)),
    "tv": tuple({"weight": weight} for weight in (0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4)),
    "nlm": tuple({"h": h, "patch": patch} for patch in (3, 5) for h in (0.1, 0.2, 0.3)),
    "wavelet": tuple({"sigma": sigma} for sigma in (0.03, 0.06, 0.1, 0.15, 0.2, 0.3)),
}


class Choice(NamedTuple):
    """A filter's setting with the lowest mean squared error, and that error."""

    setting: dict[str, float]
    mse: float


def denoise(name: str, setting: dict[str, float], images: np.ndarray, *, threads: int = 1) -> np.ndarray:
    """Images `(n, height, width)` float32 in [0, 1] through one filter: the same shape and range."""
    slabs = [images[start : start + SLAB] for start in range(0, len(images), SLAB)]
    with ThreadPoolExecutor(threads) as pool:
        filtered = pool.map(lambda slab: FILTERS[name](slab, **setting), slabs)
        return np.clip(np.concatenate(list(filtered)), 0, 1).astype(np.float32)


def best_setting(name: str, clean: np.ndarray, noisy: np.ndarray, *, threads: int = 1) -> Choice:
    """The setting of a filter that brings `noisy` nearest to `clean`, both `(n, height, width)` in [0, 1]."""
    choices = [
        Choice(setting, metrics.mse(clean, denoise(name, setting, noisy, threads=threads)))
        for setting in SETTINGS[name]
    ]
    return min(choices, key=lambda choice: choice.mse)
