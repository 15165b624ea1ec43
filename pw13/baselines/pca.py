"""Principal components: the best linear code of a given size, which a dense autoencoder has to beat."""

from typing import NamedTuple

import numpy as np


class PCA(NamedTuple):
    """`mean` `(d,)` and `components` `(k, d)`, orthonormal rows in order of falling variance, float32."""

    mean: np.ndarray
    components: np.ndarray

    def encode(self, images: np.ndarray) -> np.ndarray:
        """`(n, d)` -> `(n, k)`."""
        return (images - self.mean) @ self.components.T

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """`(n, k)` -> `(n, d)`, clipped to [0, 1] as the images are: the linear yardstick at its best."""
        return np.clip(codes @ self.components + self.mean, 0, 1)


def fit(images: np.ndarray, size: int) -> PCA:
    """The first `size` principal components of `(n, d)` float32 images; fewer where n or d is smaller."""
    mean = images.mean(axis=0, dtype=np.float64)
    covariance = np.zeros((images.shape[1],) * 2)
    for start in range(0, len(images), 4096):  # float64 sums without a float64 copy of the data
        part = images[start : start + 4096] - mean
        covariance += part.T @ part
    _, vectors = np.linalg.eigh(covariance)
    components = vectors[:, ::-1][:, : min(size, len(images))].T
    return PCA(mean.astype(np.float32), np.ascontiguousarray(components, dtype=np.float32))
