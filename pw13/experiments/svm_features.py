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


def code_sizes(encoders: Sequence[Encoder]) -> list[int]:
    """Return the sizes of the dense codes, for which there are PCA codes too."""
    return sorted({encoder.size for encoder in encoders if encoder.kind == "dense-ae"}) or [PCA_SIZE]


def fit_pca(images: ImageSet, encoders: Sequence[Encoder]) -> dict[int, PCA]:
    """Fit PCA for each dense code size to the training images of the encoder, of several the first; by size.

    Without a dense encoder it is fitted to all training images. Neither needs a label.
    """
    trained_on = {each.size: each.trained_on for each in reversed(encoders) if each.kind == "dense-ae"}
    fits: dict[bytes | None, PCA] = {}
    linear = {}
    for size in reversed(code_sizes(encoders)):  # the largest first: the others are its first components
        rows = trained_on.get(size)
        key = None if rows is None else rows.tobytes()
        if key not in fits:
            fits[key] = pca.fit_cached(images.train_images, size, rows)
        linear[size] = fits[key].truncate(size)
    return linear


def pca_memory(images: ImageSet, encoders: Sequence[Encoder]) -> int:
    """Return the bytes that `fit_pca` takes at most."""
    counts = [len(each.trained_on) for each in encoders if each.trained_on is not None]
    count, size = max(counts, default=len(images.train_images)), max(code_sizes(encoders))
    return pca.memory(count, images.train_images[0].size, size)


def sizes(images: ImageSet, encoders: Sequence[Encoder]) -> list[int]:
    """Return the size of each kind of features, in the order of `kinds`."""
    pixels = images.train_images[0].size
    return [pixels, *(each.size for each in encoders), *(size for size in code_sizes(encoders) if size < pixels)]


def kinds(images: ImageSet, encoders: Sequence[Encoder], linear: Mapping[int, PCA]) -> list[Kind]:
    """Return pixels, the codes of each encoder, and PCA codes of each dense code size."""

    def pca_codes(size: int, subset: np.ndarray) -> np.ndarray:
        return in_blocks(lambda block: linear[size].encode(to_vectors(block)), subset)

    pixels = images.train_images[0].size
    return [
        Kind("pixels", pixels, None, to_vectors),
        *(Kind(CODE_NAMES[each.kind], each.size, each.run, each.encode) for each in encoders),
        *(Kind("pca", n, None, functools.partial(pca_codes, n)) for n in code_sizes(encoders) if n < pixels),
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
    """Yield what each decoder, and PCA of the same sizes, makes of images.

    Name, size and run as in `Features`, then a function of `(n, height, width)` uint8 -> `(n, pixels)` float32 in
    [0, 1].
    """
    for encoder in encoders:
        if encoder.decode is not None:
            yield CODE_NAMES[encoder.kind], encoder.size, encoder.run, functools.partial(_decoded, encoder)
    for size in code_sizes(encoders):
        yield "pca", size, None, functools.partial(_projected, linear[size])


def _decoded(encoder: Encoder, images: np.ndarray) -> np.ndarray:
    assert encoder.decode is not None
    return encoder.decode(encoder.encode(images))


def _projected(linear: PCA, images: np.ndarray) -> np.ndarray:
    return linear.decode(linear.encode(to_vectors(images)))
