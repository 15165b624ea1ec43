"""The SVMs' inputs: pixels, codes of autoencoders and PCA codes of the same images."""

import functools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from pw13.baselines import pca
from pw13.baselines.pca import PCA
from pw13.data.images import ImageSet, in_blocks, to_vectors
from pw13.inference.encoders import Encoder
from pw13.svm.kernels import Rows

PCA_SIZE = 32  # where there is no dense autoencoder whose code size it could take
CODE_NAMES = {"dense-ae": "codes", "conv-dae": "conv-codes"}

Encode = Callable[[np.ndarray], np.ndarray]


class Kind(NamedTuple):
    """A kind of features: `name` as in metrics.json, `run` that of the encoder.

    encode: `(n, height, width)` uint8 -> `(n, size)` float32.
    """

    name: str
    size: int
    run: str | None
    encode: Encode


class Features(NamedTuple):
    """`train` `(n, size)` and `test` `(m, size)` float32; `name` and `run` as in `Kind`."""

    name: str
    size: int
    run: str | None
    train: Rows
    test: Rows
    encode_seconds: float


@dataclass(frozen=True)
class EncodedRows:
    """Features that are computed when they are asked for: of `images[indices]`, `(n, height, width)` uint8."""

    images: np.ndarray
    indices: np.ndarray
    encode: Encode

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, rows: Any) -> np.ndarray:
        return self.encode(self.images[self.indices[rows]])


def pca_rows(encoders: Sequence[Encoder]) -> dict[int, np.ndarray | None]:
    """Return what PCA is fitted to for each dense code size, ascending: the images of the first encoder of that size.

    Without a dense encoder there is one size, and None: all training images. Neither needs a label.
    """
    trained_on = {each.size: each.trained_on for each in reversed(encoders) if each.kind == "dense-ae"}
    return dict(sorted(trained_on.items())) or {PCA_SIZE: None}


def fit_pca(images: ImageSet, encoders: Sequence[Encoder]) -> dict[int, PCA]:
    """Fit PCA for each dense code size, see `pca_rows`; by number of components, ascending.

    They are fewer than the code has values where images or pixels are fewer.
    """
    fits: dict[bytes | None, PCA] = {}
    linear = {}
    for size, rows in reversed(pca_rows(encoders).items()):  # the largest first: the others are its first components
        key = None if rows is None else rows.tobytes()
        if key not in fits:
            fits[key] = pca.fit_cached(images.train_images, size, rows)
        fit = fits[key].truncate(size)
        linear[len(fit.components)] = fit
    return dict(sorted(linear.items()))


def pca_sizes(images: ImageSet, encoders: Sequence[Encoder]) -> list[int]:
    """Return the numbers of components of `fit_pca`, before it is fitted."""
    available, pixels = len(images.train_images), images.train_images[0].size
    counts = {size: available if rows is None else len(rows) for size, rows in pca_rows(encoders).items()}
    return sorted({min(size, count, pixels) for size, count in counts.items()})


def pca_memory(images: ImageSet, encoders: Sequence[Encoder]) -> int:
    """Return the bytes that `fit_pca` takes at most."""
    counts = [len(each.trained_on) for each in encoders if each.trained_on is not None]
    count, size = max(counts, default=len(images.train_images)), max(pca_rows(encoders))
    return pca.memory(count, images.train_images[0].size, size)


def sizes(images: ImageSet, encoders: Sequence[Encoder]) -> list[int]:
    """Return the size of each kind of features, in the order of `kinds`."""
    pixels = images.train_images[0].size
    linear = [size for size in pca_sizes(images, encoders) if size < pixels]
    return [pixels, *(each.size for each in encoders), *linear]


def kinds(images: ImageSet, encoders: Sequence[Encoder], linear: Mapping[int, PCA]) -> list[Kind]:
    """Return pixels, the codes of each encoder, and the PCA codes."""

    def pca_codes(size: int, subset: np.ndarray) -> np.ndarray:
        return in_blocks(lambda block: linear[size].encode(to_vectors(block)), subset)

    pixels = images.train_images[0].size
    return [
        Kind("pixels", pixels, None, to_vectors),
        *(Kind(CODE_NAMES[each.kind], each.size, each.run, each.encode) for each in encoders),
        *(Kind("pca", n, None, functools.partial(pca_codes, n)) for n in linear if n < pixels),
    ]


def feature_sets(
    images: ImageSet,
    indices: np.ndarray,
    encoders: Sequence[Encoder],
    linear: Mapping[int, PCA],
    held: Sequence[bool] | None = None,
) -> list[Features]:
    """Return each kind of features of the training images `indices` and of all test images.

    held: for each kind whether it is computed once and kept, which all are by default, or anew for every block.
    """
    found = kinds(images, encoders, linear)
    return [
        extract(kind, images, indices, held=keep) for kind, keep in zip(found, held or [True] * len(found), strict=True)
    ]


def extract(kind: Kind, images: ImageSet, indices: np.ndarray, *, held: bool) -> Features:
    """Encode training and test images; the seconds are those of the test images."""
    train = EncodedRows(images.train_images, indices, kind.encode)
    test = EncodedRows(images.test_images, np.arange(len(images.test_images)), kind.encode)
    if not held:
        return Features(kind.name, kind.size, kind.run, train, test, 0.0)
    train_codes, started = keep(train), time.perf_counter()
    return Features(kind.name, kind.size, kind.run, train_codes, keep(test), time.perf_counter() - started)


def keep(rows: EncodedRows) -> np.ndarray:
    """Return the features as an array."""
    return in_blocks(lambda indices: rows.encode(rows.images[indices]), rows.indices)


def reconstructions(
    encoders: Sequence[Encoder], linear: Mapping[int, PCA]
) -> Iterator[tuple[str, int, str | None, Encode]]:
    """Yield what each decoder, and PCA, makes of images.

    Name, size and run as in `Features`, then a function of `(n, height, width)` uint8 -> `(n, pixels)` float32 in
    [0, 1].
    """
    for encoder in encoders:
        if encoder.decode is not None:
            yield CODE_NAMES[encoder.kind], encoder.size, encoder.run, functools.partial(_decoded, encoder)
    for size, fit in linear.items():
        yield "pca", size, None, functools.partial(_projected, fit)


def _decoded(encoder: Encoder, images: np.ndarray) -> np.ndarray:
    assert encoder.decode is not None
    return encoder.decode(encoder.encode(images))


def _projected(linear: PCA, images: np.ndarray) -> np.ndarray:
    return linear.decode(linear.encode(to_vectors(images)))
