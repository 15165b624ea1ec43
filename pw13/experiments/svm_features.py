"""What the SVMs are given: pixels, the codes of autoencoders, PCA codes, all of the same images."""

import functools
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from pw13.baselines import pca
from pw13.data.images import ImageSet, to_vectors
from pw13.inference.encoders import Encoder

PCA_SIZE = 32  # where there is no dense run whose size it could have


class Features(NamedTuple):
    """`train` `(n, size)` and `test` `(m, size)` float32; `name` as in metrics.json, `run` that of the encoder."""

    name: str
    size: int
    run: str | None
    train: np.ndarray
    test: np.ndarray
    encode_seconds: float


def feature_sets(images: ImageSet, rows: np.ndarray, found: Sequence[Encoder]) -> list[Features]:
    """Pixels, the codes of each encoder, and PCA codes of each size that a dense one has.

    PCA learns from all training images, not from `rows` alone, as the autoencoders did: neither needs a label.
    """
    train, pixels = images.train_images[rows], int(np.prod(images.train_images.shape[1:]))
    sizes = sorted({encoder.size for encoder in found if encoder.kind == "dense-ae"}) or [PCA_SIZE]
    linear = pca.fit(to_vectors(images.train_images), max(sizes))

    def pca_codes(size: int, part: np.ndarray) -> np.ndarray:
        return linear.encode(to_vectors(part))[:, :size]

    names = {"dense-ae": "codes", "conv-dae": "conv-codes"}
    makers: list[tuple[str, str | None, Callable[[np.ndarray], np.ndarray]]] = [
        ("pixels", None, to_vectors),
        *((names[encoder.kind], encoder.run, encoder.encode) for encoder in found),
        *(("pca", None, functools.partial(pca_codes, size)) for size in sizes if size < pixels),
    ]
    return [features(name, run, encode, train, images.test_images) for name, run, encode in makers]


def features(
    name: str, run: str | None, encode: Callable[[np.ndarray], np.ndarray], train: np.ndarray, test: np.ndarray
) -> Features:
    """What `encode` makes of training and test images, and the seconds for the test images."""
    train_codes = encode(train)
    begun = time.perf_counter()
    test_codes = encode(test)
    return Features(name, train_codes.shape[1], run, train_codes, test_codes, time.perf_counter() - begun)
