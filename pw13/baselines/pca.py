"""Principal component analysis: the best linear code of a given size, the baseline of the dense autoencoder."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from pw13.system.cache import cached, digest

ROWS_PER_BLOCK = 4096
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
    covariance = np.zeros((len(mean),) * 2)
    for block in _blocks(images, rows):  # float64 sums without a float64 copy of the data
        centred = block - mean
        covariance += centred.T @ centred
    _, vectors = np.linalg.eigh(covariance)
    components = vectors[:, ::-1][:, : min(size, len(rows))].T
    return PCA(mean.astype(np.float32), np.ascontiguousarray(components, dtype=np.float32))


def project(rows: np.ndarray, size: int) -> np.ndarray:
    """Return rows `(n, d)` along their own first `size` principal axes, `(n, size)` float32; zeros beyond the last.

    For few rows of any length: nothing is `(d, d)`, as it is in `fit`.
    """
    left, scales, _ = np.linalg.svd(rows - rows.mean(axis=0, dtype=np.float64), full_matrices=False)
    points = (left * scales)[:, :size].astype(np.float32)
    return np.pad(points, ((0, 0), (0, size - points.shape[1])))


def _blocks(images: np.ndarray, rows: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the rows as `(n, d)` float32, uint8 divided by 255."""
    for start in range(0, len(rows), ROWS_PER_BLOCK):
        block = images[rows[start : start + ROWS_PER_BLOCK]]
        scaled = np.divide(block, np.float32(255), dtype=np.float32) if block.dtype == np.uint8 else block
        yield scaled.reshape(len(block), -1)
