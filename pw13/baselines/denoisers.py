"""Classical image filters, the baselines of the denoiser.

scikit-image takes a millisecond or two per small image, most of it overhead. The filters here work on many images at
once and are several times faster; the tests compare them with scikit-image or with the formula.
"""

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pywt
from numpy.typing import NDArray
from scipy import ndimage

Images = NDArray[np.float32]  # `(n, height, width)`
Setting = dict[str, float]

IMAGES_PER_BLOCK = 100  # per thread: their arrays stay in its cache


def median(images: Images, *, size: int) -> Images:
    """Filter by the median over `size` x `size` pixels."""
    filtered: Images = ndimage.median_filter(images, size=(1, size, size))
    return filtered


def gaussian(images: Images, *, sigma: float) -> Images:
    """Blur with a Gaussian, `sigma` in pixels."""
    filtered: Images = ndimage.gaussian_filter(images, (0, sigma, sigma))
    return filtered


def tv(images: Images, *, weight: float, iterations: int = 50) -> Images:
    """Denoise by total variation; a larger `weight` smooths more.

    Chambolle 2004, "An algorithm for total variation minimization": projected steps on the dual field. As
    `skimage.restoration.denoise_tv_chambolle` with one more iteration.
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


def _images_last(images: Images) -> NDArray[np.float32]:
    """Return `(n, height, width)` as contiguous `(height, width, n)`, so that NumPy's inner loops are long."""
    return np.ascontiguousarray(np.moveaxis(images, 0, -1))


def _divergence(dual: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the divergence of a field `(2, height, width, n)` by backward differences: `(height, width, n)`."""
    down, right = dual
    total: NDArray[np.float32] = -down - right
    total[1:] += down[:-1]
    total[:, 1:] += right[:, :-1]
    return total


def nlm(images: Images, *, h: float, patch: int, radius: int = 4) -> Images:
    """Denoise by non-local means: average the pixels within `radius`, weighted by the similarity of their patches.

    Buades, Coll and Morel 2005, with a flat patch: the weight is exp(-d / h^2), d the mean squared difference of the
    `patch` x `patch` pixels around the two. scikit-image's fast mode sums four of five rows and columns instead.
    """
    return nlm_strengths(images, strengths=(h,), patch=patch, radius=radius)[0]


def nlm_strengths(images: Images, *, strengths: Sequence[float], patch: int, radius: int = 4) -> list[Images]:
    """Return what `nlm` does with each h of `strengths`; the differences of patches are computed once for all."""
    height, width = images.shape[1:]
    margin = patch // 2
    padded = np.pad(_images_last(images), ((radius + margin,) * 2, (radius + margin,) * 2, (0, 0)), mode="symmetric")
    tall, wide = height + 2 * margin, width + 2 * margin
    center = padded[radius : radius + tall, radius : radius + wide]
    totals = np.zeros((len(strengths), height, width, len(images)), images.dtype)
    weights = np.zeros_like(totals)
    for down in range(2 * radius + 1):
        for right in range(2 * radius + 1):
            shifted = padded[down : down + tall, right : right + wide]
            differences = _box_sums(np.square(center - shifted), patch)
            pixels = shifted[margin : margin + height, margin : margin + width]
            for index, h in enumerate(strengths):
                weight = differences * np.float32(-1 / (h * patch) ** 2)
                np.exp(weight, out=weight)
                weights[index] += weight
                weight *= pixels
                totals[index] += weight
    return [np.moveaxis(total / weight, -1, 0) for total, weight in zip(totals, weights, strict=True)]


def _box_sums(values: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """Sum over `side` x `side` boxes: `(height, width, n)` -> `(height - side + 1, width - side + 1, n)`."""
    height, width = values.shape[0] - side + 1, values.shape[1] - side + 1
    rows = values[:height].copy()
    for i in range(1, side):
        rows += values[i : i + height]
    boxes = rows[:, :width].copy()
    for i in range(1, side):
        boxes += rows[:, i : i + width]
    return boxes


def wavelet(images: Images, *, sigma: float, levels: int, pixels: int | None = None) -> Images:
    """Denoise by soft-thresholding db2 wavelet coefficients, for noise of standard deviation `sigma`.

    Donoho and Johnstone 1994, the universal threshold, which grows with the size of the image: `pixels`, where the
    images are tiles but `sigma` was tuned on images of another size. As `skimage.restoration.denoise_wavelet` with
    VisuShrink, but for images of any size.
    """
    threshold = sigma * np.sqrt(2 * np.log(pixels or images[0].size))

    def shrink(image: Images, levels: int) -> Images:
        low, details = pywt.dwt2(image, "db2", axes=(1, 2))
        details = tuple(pywt.threshold(band, threshold, "soft") for band in details)
        low = shrink(low, levels - 1) if levels > 1 else low
        height, width = image.shape[1:]
        denoised: Images = pywt.idwt2((low, details), "db2", axes=(1, 2))[:, :height, :width]
        return denoised

    return shrink(images, levels)


FILTERS: dict[str, Callable[..., Images]] = {
    "median": median,
    "gaussian": gaussian,
    "tv": tv,
    "nlm": nlm,
    "wavelet": wavelet,
}


def denoise(name: str, setting: Setting, images: Images, *, threads: int = 1) -> Images:
    """Filter images `(n, height, width)` float32 in [0, 1]; same shape, dtype and range."""
    return denoise_each(name, [setting], images, threads=threads)[0]


def denoise_each(name: str, settings: Sequence[Setting], images: Images, *, threads: int = 1) -> list[Images]:
    """Return the images filtered with each of the settings: the same as one by one, but sooner."""
    groups = _groups(name, settings)
    blocks = [images[start : start + IMAGES_PER_BLOCK] for start in range(0, len(images), IMAGES_PER_BLOCK)]
    with ThreadPoolExecutor(threads) as pool:
        filtered = list(pool.map(partial(_apply, name), *zip(*itertools.product(groups, blocks), strict=True)))
    results: dict[int, Images] = {}
    for number, group in enumerate(groups):
        parts = zip(*filtered[number * len(blocks) : (number + 1) * len(blocks)], strict=True)
        for setting, part in zip(group, parts, strict=True):
            results[id(setting)] = np.clip(np.concatenate(part), 0, 1).astype(np.float32)
    return [results[id(setting)] for setting in settings]


def _groups(name: str, settings: Sequence[Setting]) -> list[list[Setting]]:
    """Group the settings that share work: those of non-local means with one size of patches."""
    if name != "nlm":
        return [[setting] for setting in settings]
    sizes = dict.fromkeys(setting["patch"] for setting in settings)
    return [[setting for setting in settings if setting["patch"] == size] for size in sizes]


def _apply(name: str, group: Sequence[Setting], images: Images) -> list[Images]:
    if name != "nlm":
        return [FILTERS[name](images, **setting) for setting in group]
    return nlm_strengths(images, strengths=[setting["h"] for setting in group], patch=int(group[0]["patch"]))
