"""The SVMs' inputs: pixels, codes of autoencoders and PCA codes of the same images."""

import functools
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from pw13.baselines import pca
from pw13.baselines.pca import PCA
from pw13.data.images import ImageSet, to_vectors
from pw13.inference.encoders import Encoder

PCA_SIZE = 32  # where there is no dense autoencoder whose code size it could take
CODE_NAMES = {"dense-ae": "codes", "conv-dae": "conv-codes"}


class Features(NamedTuple):
    """`train` `(n, size)` and `test` `(m, size)` float32; `name` as in metrics.json, `run` that of the encoder."""

    name: str
    size: int
    run: str | None
    train: np.ndarray
    test: np.ndarray
    encode_seconds: float


def code_sizes(encoders: Sequence[Encoder]) -> list[int]:
    """Return the sizes of the dense codes, for which there are PCA codes too."""
    return sorted({encoder.size for encoder in encoders if encoder.kind == "dense-ae"}) or [PCA_SIZE]


def fit_pca(images: ImageSet, encoders: Sequence[Encoder]) -> PCA:
    """Fit PCA of the largest code size to all training images, as the autoencoders were: neither needs a label."""
    return pca.fit_cached(to_vectors(images.train_images), max(code_sizes(encoders)))


def feature_sets(images: ImageSet, indices: np.ndarray, encoders: Sequence[Encoder], linear: PCA) -> list[Features]:
    """Return pixels, the codes of each encoder, and PCA codes of each dense code size."""
    train, pixels = images.train_images[indices], int(np.prod(images.train_images.shape[1:]))
    sizes = code_sizes(encoders)

    def pca_codes(size: int, subset: np.ndarray) -> np.ndarray:
        return linear.encode(to_vectors(subset))[:, :size]

    extractors: list[tuple[str, str | None, Callable[[np.ndarray], np.ndarray]]] = [
        ("pixels", None, to_vectors),
        *((CODE_NAMES[encoder.kind], encoder.run, encoder.encode) for encoder in encoders),
        *(("pca", None, functools.partial(pca_codes, size)) for size in sizes if size < pixels),
    ]
    return [extract(name, run, encode, train, images.test_images) for name, run, encode in extractors]


def extract(
    name: str, run: str | None, encode: Callable[[np.ndarray], np.ndarray], train: np.ndarray, test: np.ndarray
) -> Features:
    """Encode training and test images; the seconds are those of the test images."""
    train_codes = encode(train)
    started = time.perf_counter()
    test_codes = encode(test)
    return Features(name, train_codes.shape[1], run, train_codes, test_codes, time.perf_counter() - started)


def reconstructions(
    test: np.ndarray, encoders: Sequence[Encoder], linear: PCA
) -> Iterator[tuple[str, int, str | None, np.ndarray]]:
    """Yield what each decoder, and PCA of the same sizes, makes of `(n, height, width)` uint8 test images.

    Name, size and run as in `Features`, then `(n, pixels)` float32 in [0, 1].
    """
    for encoder in encoders:
        if encoder.decode is not None:
            yield CODE_NAMES[encoder.kind], encoder.size, encoder.run, encoder.decode(encoder.encode(test))
    for size in code_sizes(encoders):
        smaller = linear.truncate(size)
        yield "pca", size, None, smaller.decode(smaller.encode(to_vectors(test)))
