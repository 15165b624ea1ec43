"""Image sets: four IDX files in a folder, or the built-in letters; splits of their rows."""

import hashlib
import string
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pw13.data.images.idx_folder import read_idx_folder
from pw13.data.published import (
    FILES,
    PUBLISHED_COUNT,
    TEST_IMAGES,
    TEST_LABELS,
    TRAIN_IMAGES,
    TRAIN_LABELS,
    published_set_name,
)
from pw13.data.source import Source, default_path, digest_of
from pw13.errors import OptionError, UserError

LETTERS = tuple(string.ascii_uppercase[:10])


@dataclass(frozen=True)
class ImageSet:
    """Grey images with labels 0 to K-1.

    Images: `(n, height, width)` uint8, 0 black to 255 white; labels: `(n,)` int64; `classes`: K names; `notes`: facts
    that belong beside every figure.
    """

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    classes: tuple[str, ...]
    source: Source
    notes: tuple[str, ...] = ()


def load_images(data: str | None) -> ImageSet:
    """The image set in folder `data`, the built-in letters for "builtin", the default place for None.

    Raises:
        UserError: a file is missing, damaged, or does not fit the others.
    """
    if data == "builtin":
        return _builtin()
    if data is not None:
        return read_folder(Path(data))
    place = default_path("notmnist")
    return read_folder(place) if place else _builtin()


def read_folder(folder: Path) -> ImageSet:
    """The image set that the four IDX files in `folder` hold."""
    reading = read_idx_folder(folder)
    if reading.faults:
        more = len(reading.faults) - 1
        also = f" (and {more} more: `pw13 data check {folder}`)" if more else ""
        raise UserError(reading.faults[0] + also)
    arrays = reading.arrays
    known = published_set_name(reading.paths, reading.files)
    name = known or f"IDX folder {folder.name or folder}"
    source = Source("folder", str(folder), name, digest_of(reading.files), reading.files)
    count = len(arrays[TRAIN_IMAGES])
    return ImageSet(
        arrays[TRAIN_IMAGES],
        arrays[TRAIN_LABELS].astype(np.int64),
        arrays[TEST_IMAGES],
        arrays[TEST_LABELS].astype(np.int64),
        reading.class_names or default_names(int(arrays[TRAIN_LABELS].max()) + 1, letters=known is not None),
        source,
        (f"notMNIST with {count:,} training images, not the published 60,000",)
        if known and count != PUBLISHED_COUNT
        else (),
    )


def default_names(count: int, *, letters: bool) -> tuple[str, ...]:
    """Class names where no classes.txt gives them: A-J for a known set, else the numbers."""
    return LETTERS if letters and count == len(LETTERS) else tuple(map(str, range(count)))


def split(labels: np.ndarray, share: float, *, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """`(train_rows, val_rows)`, int64, ascending: `share` of every class into the second.

    A class with two rows or more stands on both sides (unless `share` is 0), one with a single row in training.
    """
    chosen = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        count = min(max(round(len(rows) * share), 1), len(rows) - 1) if share > 0 else 0
        chosen.append(rng.permutation(rows)[:count])
    val_rows = np.sort(np.concatenate(chosen)).astype(np.int64)
    return np.setdiff1d(np.arange(len(labels), dtype=np.int64), val_rows), val_rows


def stratified_sample(labels: np.ndarray, limit: int | None, *, rng: np.random.Generator) -> np.ndarray:
    """At most `limit` rows, int64, ascending, each class by its share (largest remainder); all for None or above."""
    if limit is not None and limit < 1:
        raise OptionError(f"--limit: expected 1 or more, received {limit}")
    if limit is None or limit >= len(labels):
        return np.arange(len(labels), dtype=np.int64)
    values, counts = np.unique(labels, return_counts=True)
    base = min(1, limit // len(values))  # every class keeps an image where the limit allows
    quota = (counts - base) * (limit - base * len(values)) / (len(labels) - base * len(values))
    take = base + quota.astype(np.int64)
    take[np.argsort(take - base - quota, kind="stable")[: limit - take.sum()]] += 1
    chosen = [rng.permutation(np.flatnonzero(labels == value))[:n] for value, n in zip(values, take, strict=True)]
    return np.sort(np.concatenate(chosen)).astype(np.int64)


def _builtin() -> ImageSet:
    """The built-in letters; `files` holds the sha256 of each array's bytes."""
    from pw13.data.builtin.datasets import letters

    arrays = letters()
    files = {
        name.removesuffix(".gz"): hashlib.sha256(array.astype(np.uint8).tobytes()).hexdigest()
        for name, array in zip(FILES, arrays, strict=True)
    }
    train_images, train_labels, test_images, test_labels = arrays
    source = Source("builtin", "builtin", "built-in letters (rendered)", digest_of(files), files)
    return ImageSet(
        train_images, train_labels.astype(np.int64), test_images, test_labels.astype(np.int64), LETTERS, source
    )


class TrainValSplit(NamedTuple):
    """The training file in two parts: images `(n, height, width)` uint8, labels `(n,)` int64."""

    train_images: np.ndarray
    train_labels: np.ndarray
    val_images: np.ndarray
    val_labels: np.ndarray


def train_val_split(images: ImageSet, *, share: float, limit: int | None, seed: int) -> TrainValSplit:
    """Training and validation part; `limit` cuts training only, so that the validation part is always the same."""
    train, val = split(images.train_labels, share, rng=np.random.default_rng([seed, 1]))
    train = train[stratified_sample(images.train_labels[train], limit, rng=np.random.default_rng([seed, 2]))]
    if not len(val):
        raise UserError(f"{images.source.path}: {len(images.train_labels)} training images are too few to validate on")
    labels = images.train_labels
    return TrainValSplit(images.train_images[train], labels[train], images.train_images[val], labels[val])


def to_vectors(images: np.ndarray) -> np.ndarray:
    """`(n, height, width)` uint8 -> `(n, height * width)` float32 in [0, 1]."""
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)


def to_float(images: np.ndarray) -> np.ndarray:
    """`(n, height, width)` uint8 -> the same shape, float32 in [0, 1]."""
    return images.astype(np.float32) / np.float32(255)


def unique_mask(images: np.ndarray) -> np.ndarray:
    """Which of `(n, height, width)` images stand there only once: `(n,)` bool."""
    _, group, counts = np.unique(images.reshape(len(images), -1), axis=0, return_inverse=True, return_counts=True)
    return counts[group.reshape(-1)] == 1
