"""Classical image filters beside the network, each at its best setting on validation images.

scikit-image takes a millisecond or two for one small image, most of it overhead. What is written out here works on many
images at once and is several times faster; the tests hold it against scikit-image or against the formula.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pywt
from scipy import ndimage

from pw13 import metrics

IMAGES_PER_BLOCK = 100  # images a thread works on at once: their arrays stay in its cache


def median(images: np.ndarray, *, size: int) -> np.ndarray:
    """Median over a `size` x `size` window."""
    return ndimage.median_filter(images, size=(1, size, size))


def gaussian(images: np.ndarray, *, sigma: float) -> np.ndarray:
    """Gaussian blur, `sigma` in pixels."""
    return ndimage.gaussian_filter(images, (0, sigma, sigma))


def tv(images: np.ndarray, *, weight: float, iterations: int = 50) -> np.ndarray:
    """Total-variation denoising; a larger `weight` smooths more.

    Chambolle 2004, "An algorithm for total variation minimization": projected steps on the dual field. As
    `skimage.restoration.denoise_tv_chambolle` with one iteration more.
    """
    pixels, step = _images_last(images), 0.25
    dual = np.zeros((2, *pixels.shape), pixels.dtype)
    gradient = np.zeros_like(dual)
    for _ in range(iterations):
        smooth = pixels + _divergence(dual)
        np.subtract(smooth[1:], smooth[:-1], out=gradient[0, :-1])
        np.subtract(smooth[:, 1:], smooth[:, :-1], out=gradient[1, :, :-1])
        length = np.sqrt(np.square(gradient[0]) + np.square(gradient[1]))
        dual -= step * gradient
        dual /= 1 + (step / weight) * length
    return np.moveaxis(pixels + _divergence(dual), -1, 0)


def _images_last(images: np.ndarray) -> np.ndarray:
    """`(n, height, width)` as `(height, width, n)`: neighbouring pixels lie n apart, so that NumPy's loops are long."""
    return np.ascontiguousarray(np.moveaxis(images, 0, -1))


def _divergence(dual: np.ndarray) -> np.ndarray:
    """Backward differences of a `(2, height, width, n)` field, summed: minus the adjoint of the gradient."""
    down, right = dual
    total = -down - right
    total[1:] += down[:-1]
    total[:, 1:] += right[:, :-1]
    return total


def nlm(images: np.ndarray, *, h: float, patch: int, reach: int = 4) -> np.ndarray:
    """Non-local means: each pixel the mean of those within `reach`, weighted by how alike their patches are.

    Buades, Coll and Morel 2005, with a flat patch: the weight is exp(-d / h^2), d the mean squared difference of the
    `patch` x `patch` pixels around the two. scikit-image's fast mode sums four of five rows and columns instead.
    """
    height, width = images.shape[1:]
    margin = patch // 2
    padded = np.pad(_images_last(images), ((reach + margin,) * 2, (reach + margin,) * 2, (0, 0)), mode="symmetric")
    tall, wide = height + 2 * margin, width + 2 * margin
    here = padded[reach : reach + tall, reach : reach + wide]
    total = np.zeros((height, width, len(images)), images.dtype)
    weights = np.zeros_like(total)
    for down in range(2 * reach + 1):
        for right in range(2 * reach + 1):
            there = padded[down : down + tall, right : right + wide]
            weight = _box_sums(np.square(here - there), patch)
            weight *= np.float32(-1 / (h * patch) ** 2)
            np.exp(weight, out=weight)
            weights += weight
            weight *= there[margin : margin + height, margin : margin + width]
            total += weight
    return np.moveaxis(total / weights, -1, 0)


def _box_sums(values: np.ndarray, side: int) -> np.ndarray:
    """Sums over every whole `side` x `side` box: `(height, width, n)` -> `(height - side + 1, width - side + 1, n)`."""
    height, width = values.shape[0] - side + 1, values.shape[1] - side + 1
    rows = values[:height].copy()
    for i in range(1, side):
        rows += values[i : i + height]
    boxes = rows[:, :width].copy()
    for i in range(1, side):
        boxes += rows[:, i : i + width]
    return boxes


def wavelet(images: np.ndarray, *, sigma: float, levels: int) -> np.ndarray:
    """Soft thresholds on the wavelet coefficients, for noise of deviation `sigma`; wavelet db2.

    Donoho and Johnstone 1994, the universal threshold. As `skimage.restoration.denoise_wavelet` with VisuShrink.
    """
    threshold = sigma * np.sqrt(2 * np.log(images[0].size))
    rough, *details = pywt.wavedec2(images, "db2", level=levels, axes=(1, 2))
    details = [tuple(pywt.threshold(each, threshold, "soft") for each in level) for level in details]
    height, width = images.shape[1:]
    return pywt.waverec2([rough, *details], "db2", axes=(1, 2))[:, :height, :width]


FILTERS: dict[str, Callable[..., np.ndarray]] = {
    "median": median,
    "gaussian": gaussian,
    "tv": tv,
    "nlm": nlm,
    "wavelet": wavelet,
}
SETTINGS: dict[str, tuple[dict[str, float], ...]] = {
    "median": tuple({"size": size} for size in (3, 5, 7)),
    "gaussian": tuple({"sigma": sigma} for sigma in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 1.2)),
    "tv": tuple({"weight": weight} for weight in (0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.3)),
    "nlm": (
        *({"h": h, "patch": 5} for h in (0.1, 0.15, 0.2)),
        *({"h": h, "patch": 3} for h in (0.25, 0.3, 0.4, 0.5)),
    ),
    "wavelet": tuple({"sigma": s, "levels": n} for n in (1, 2) for s in (0.02, 0.04, 0.06, 0.1, 0.15, 0.2)),
}


def denoise(name: str, setting: dict[str, float], images: np.ndarray, *, threads: int = 1) -> np.ndarray:
    """Images `(n, height, width)` float32 in [0, 1] through one filter: the same shape, type and range."""
    slabs = [images[start : start + IMAGES_PER_BLOCK] for start in range(0, len(images), IMAGES_PER_BLOCK)]
    with ThreadPoolExecutor(threads) as pool:
        filtered = pool.map(lambda slab: FILTERS[name](slab, **setting), slabs)
        return np.clip(np.concatenate(list(filtered)), 0, 1).astype(np.float32)


def best_setting(name: str, clean: np.ndarray, noisy: np.ndarray, *, threads: int = 1) -> dict[str, float]:
    """The setting of a filter that brings `noisy` nearest to `clean`, both `(n, height, width)` in [0, 1].

    Every fifth image tells which three settings are worth a look at all of them.
    """

    def error(setting: dict[str, float], step: int = 1) -> float:
        return metrics.mse(clean[::step], denoise(name, setting, noisy[::step], threads=threads))

    promising = sorted(SETTINGS[name], key=lambda setting: error(setting, 5))[:3]
    return min(promising, key=error)
