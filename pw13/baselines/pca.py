"""Principal component analysis: the best linear code of a given size, the baseline of the dense autoencoder."""

from typing import NamedTuple

import numpy as np

from pw13.system.cache import cached, digest

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


def fit_cached(images: np.ndarray, size: int) -> PCA:
    """Return what `fit` does, from the cache if it is there."""
    key = {"version": VERSION, "images": digest(images), "size": size}
    return PCA(**cached("pca", key, lambda: fit(images, size)._asdict(), max_bytes=MAX_CACHE_BYTES))


def fit(images: np.ndarray, size: int) -> PCA:
    """Fit the first `size` principal components to images `(n, d)` float32; fewer if n or d is smaller."""
    mean = images.mean(axis=0, dtype=np.float64)
    covariance = np.zeros((images.shape[1],) * 2)
    for start in range(0, len(images), 4096):  # float64 sums without a float64 copy of the data
        batch = images[start : start + 4096] - mean
        covariance += batch.T @ batch
    _, vectors = np.linalg.eigh(covariance)
    components = vectors[:, ::-1][:, : min(size, len(images))].T
    return PCA(mean.astype(np.float32), np.ascontiguousarray(components, dtype=np.float32))
