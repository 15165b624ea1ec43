"""Principal component analysis: the best linear code of a given size, the baseline of the dense autoencoder."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from pw13.system.cache import cached, digest

ROWS_PER_BLOCK = 4096
MAX_SQUARE = 4096  # pixels up to which there is a `(d, d)` array however few the images
VALUES_PER_BLOCK = 2**22  # of larger images
VERSION = 1  # of the fit: a change makes what is in the cache unusable
MAX_CACHE_BYTES = 100_000_000


class PCA(NamedTuple):
    """`mean` `(d,)` and `components` `(k, d)`, orthonormal rows by decreasing variance, float32."""

    mean: np.ndarray
    components: np.ndarray

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Encode `(n, d)` float32: `(n, k)` float32."""
        codes: np.ndarray = (images - self.mean) @ self.components.T
        return codes

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Decode `(n, k)`: `(n, d)` float32, clipped to [0, 1] as the images are."""
        images: np.ndarray = np.clip(codes @ self.components + self.mean, 0, 1)
        return images

    def truncate(self, size: int) -> "PCA":
        """Return the first `size` components; all if there are fewer."""
        return PCA(self.mean, self.components[:size])


def fit_cached(images: np.ndarray, size: int, rows: np.ndarray | None = None) -> PCA:
    """Return what `fit` does, from the cache if it is there."""
    arrays = [images] if rows is None else [images, rows]
    key = {"version": VERSION, "images": digest(*arrays), "size": size}
    return PCA(**cached("pca", key, lambda: fit(images, size, rows)._asdict(), max_bytes=MAX_CACHE_BYTES))


def fit(images: np.ndarray, size: int, rows: np.ndarray | None = None) -> PCA:
    """Fit the first `size` principal components to images, in blocks; fewer if n or d is smaller.

    images: `(n, d)` float32, or `(n, height, width)` uint8, which stand for their values divided by 255. rows: of the
    images to fit, int64; None for all.
    """
    rows = np.arange(len(images)) if rows is None else rows
    total = np.zeros(images[0].size)
    for block in _blocks(images, rows):  # added row after row, as NumPy adds the rows of one array
        total = np.add.reduce(np.concatenate([total[None], block]), axis=0)
    mean = total / len(rows)
    size = min(size, len(rows), len(mean))
    axes = _axes_of_few(images, rows, mean, size) if _few(len(rows), len(mean)) else _axes(images, rows, mean, size)
    return PCA(mean.astype(np.float32), np.ascontiguousarray(axes.T, dtype=np.float32))


def memory(count: int, pixels: int, size: int) -> int:
    """Return the bytes that `fit` takes at most for so many images and components, the images not counted."""
    square = count if _few(count, pixels) else pixels
    axes, block = pixels * min(size, count, pixels), min(count, _rows_per_block(pixels)) * pixels
    return 8 * (5 * square**2 + 3 * axes + 2 * block)  # LAPACK copies the square array, and works on three more


def _few(count: int, pixels: int) -> bool:
    return count < pixels and pixels > MAX_SQUARE


def _axes(images: np.ndarray, rows: np.ndarray, mean: np.ndarray, size: int) -> np.ndarray:
    """Return the first principal axes, `(d, size)` float64, from the covariance of pixels, `(d, d)`."""
    covariance = np.zeros((len(mean),) * 2)
    for block in _blocks(images, rows):  # float64 sums without a float64 copy of the data
        centred = block - mean
        covariance += centred.T @ centred
    _, vectors = np.linalg.eigh(covariance)
    axes: np.ndarray = vectors[:, ::-1][:, :size]
    return axes


def _axes_of_few(images: np.ndarray, rows: np.ndarray, mean: np.ndarray, size: int) -> np.ndarray:
    """Return what `_axes` does from the products of images, `(n, n)`: each axis is a sum of weighted images."""
    products, axes = np.zeros((len(rows),) * 2), np.zeros((len(mean), size))
    for _, centred in _column_blocks(images, rows, mean):
        products += centred @ centred.T
    _, weights = np.linalg.eigh(products)
    for columns, centred in _column_blocks(images, rows, mean):
        axes[columns] = centred.T @ weights[:, ::-1][:, :size]
    return np.linalg.qr(axes)[0]  # of length 1, those without variance too


def project(rows: np.ndarray, size: int) -> np.ndarray:
    """Return rows `(n, d)` along their own first `size` principal axes, `(n, size)` float32; zeros beyond the last.

    For few rows of any length: nothing is `(d, d)`, as it is in `fit`.
    """
    left, scales, _ = np.linalg.svd(rows - rows.mean(axis=0, dtype=np.float64), full_matrices=False)
    points = (left * scales)[:, :size].astype(np.float32)
    return np.pad(points, ((0, 0), (0, size - points.shape[1])))


def _blocks(images: np.ndarray, rows: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the rows as `(n, d)` float32, uint8 divided by 255."""
    step = _rows_per_block(images[0].size)
    for start in range(0, len(rows), step):
        block = images[rows[start : start + step]]
        yield _scaled(block).reshape(len(block), -1)


def _column_blocks(images: np.ndarray, rows: np.ndarray, mean: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield some pixels of all rows at a time, `(n, some)` float64 minus their mean, and which."""
    pixels, step = images.reshape(len(images), -1), max(1, VALUES_PER_BLOCK // len(rows))
    for start in range(0, len(mean), step):
        columns = slice(start, start + step)
        yield columns, _scaled(pixels[rows, columns]) - mean[columns]


def _scaled(block: np.ndarray) -> np.ndarray:
    return np.divide(block, np.float32(255), dtype=np.float32) if block.dtype == np.uint8 else block


def _rows_per_block(pixels: int) -> int:
    return ROWS_PER_BLOCK if pixels <= MAX_SQUARE else max(1, VALUES_PER_BLOCK // pixels)
