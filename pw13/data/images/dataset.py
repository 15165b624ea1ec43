"""Image sets, from four IDX files in a folder or the built-in letters, and their splits."""

import functools
import hashlib
import string
from collections import Counter
from collections.abc import Callable, Sequence
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
from pw13.data.source import DEFAULT_PATHS, Source, default_path, digest_of, stamp
from pw13.errors import OptionError, UserError
from pw13.system.memory import aligned_empty
from pw13.system.streams import stream

IMAGES_PER_BLOCK = 20_000  # converted to float32 at a time: 63 MB of 28x28 pixels

LETTERS = tuple(string.ascii_uppercase[:10])


@dataclass(frozen=True)
class ImageSet:
    """Greyscale images with labels 0 to K-1.

    Images are `(n, height, width)` uint8, from 0 (black) to 255 (white), and labels `(n,)` int64. `classes` are the K
    class names; `notes` are facts to state next to every figure.
    """

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    classes: tuple[str, ...]
    source: Source
    notes: tuple[str, ...] = ()


def load_images(data: str | None) -> ImageSet:
    """Load the image set in folder `data`, the built-in letters for "builtin", the default data for None.

    Raises:
        UserError: a file is missing, corrupt, or does not match the others.
    """
    if data == "builtin":
        return _load_builtin()
    folder = default_path(*DEFAULT_PATHS["data"]) if data is None else Path(data)
    return read_folder(folder) if folder else _load_builtin()


def read_folder(folder: Path) -> ImageSet:
    """Read the image set from the four IDX files in `folder`; the runs of a process share its arrays, read-only.

    Raises:
        UserError: the first fault of the folder, and how many more there are.
    """
    return _read_folder(folder, stamp(folder))


@functools.lru_cache(maxsize=1)
def _read_folder(folder: Path, unchanged: object) -> ImageSet:
    content = read_idx_folder(folder)
    refuse_faults(folder, content.faults)
    arrays = {name: read_only(array) for name, array in content.arrays.items()}
    known = published_set_name(content.paths, content.files)
    name = known or f"IDX folder {folder.name or folder}"
    count = len(arrays[TRAIN_IMAGES])
    notes: tuple[str, ...] = ()
    if known and count != PUBLISHED_COUNT:
        notes = (f"notMNIST with {count:,} training images, not the published {PUBLISHED_COUNT:,}",)
    return ImageSet(
        arrays[TRAIN_IMAGES],
        read_only(arrays[TRAIN_LABELS].astype(np.int64)),
        arrays[TEST_IMAGES],
        read_only(arrays[TEST_LABELS].astype(np.int64)),
        content.class_names or default_class_names(int(arrays[TRAIN_LABELS].max()) + 1, letters=known is not None),
        Source("folder", str(folder), name, digest_of(content.files), content.files),
        notes,
    )


def refuse_faults(folder: Path, faults: Sequence[str]) -> None:
    """Raise the first fault of a folder, if there is any, and how many more there are."""
    if faults:
        more = len(faults) - 1
        raise UserError(faults[0] + (f" (and {more} more: `pw13 data check {folder}`)" if more else ""))


def read_only(array: np.ndarray) -> np.ndarray:
    """Return the array after forbidding to write to it."""
    array.flags.writeable = False
    return array


def default_class_names(count: int, *, letters: bool) -> tuple[str, ...]:
    """Return class names for a set without classes.txt: A-J for a known set, else the label numbers."""
    return LETTERS if letters and count == len(LETTERS) else tuple(map(str, range(count)))


def split(labels: np.ndarray, share: float, *, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Split rows, stratified by label, into `(train_rows, val_rows)`, both int64 and ascending.

    The fraction `share` of every class goes to the second. Unless `share` is 0, a class of two rows or more has rows in
    both; a class of one row is in the first.
    """
    selected = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        count = min(max(round(len(rows) * share), 1), len(rows) - 1) if share > 0 else 0
        selected.append(rng.permutation(rows)[:count])
    val_rows = np.sort(np.concatenate(selected)).astype(np.int64)
    return np.setdiff1d(np.arange(len(labels), dtype=np.int64), val_rows), val_rows


def stratified_sample(labels: np.ndarray, limit: int | None, *, rng: np.random.Generator) -> np.ndarray:
    """Sample at most `limit` rows, stratified by label (largest remainder method), as ascending int64.

    All rows are returned for None or a limit above their number.

    Raises:
        OptionError: `limit` is below 1.
    """
    if limit is not None and limit < 1:
        raise OptionError(f"--limit: expected 1 or more, received {limit}")
    if limit is None or limit >= len(labels):
        return np.arange(len(labels), dtype=np.int64)
    values, counts = np.unique(labels, return_counts=True)
    base = min(1, limit // len(values))  # at least one row per class where the limit allows
    quota = (counts - base) * (limit - base * len(values)) / (len(labels) - base * len(values))
    sizes = base + quota.astype(np.int64)
    sizes[np.argsort(sizes - base - quota, kind="stable")[: limit - sizes.sum()]] += 1
    selected = [rng.permutation(np.flatnonzero(labels == value))[:n] for value, n in zip(values, sizes, strict=True)]
    return np.sort(np.concatenate(selected)).astype(np.int64)


@functools.lru_cache(maxsize=1)
def _load_builtin() -> ImageSet:
    """Load the built-in letters; `files` holds the sha256 of each array's bytes."""
    from pw13.data.builtin.datasets import letters

    arrays = letters()
    files = {
        name.removesuffix(".gz"): hashlib.sha256(array.astype(np.uint8).tobytes()).hexdigest()
        for name, array in zip(FILES, arrays, strict=True)
    }
    train_images, train_labels, test_images, test_labels = map(read_only, arrays)
    source = Source("builtin", "builtin", "built-in letters (rendered)", digest_of(files), files)
    return ImageSet(
        train_images, read_only(train_labels.astype(np.int64)), test_images, read_only(test_labels.astype(np.int64)),
        LETTERS, source,
    )  # fmt: skip


class TrainValSplit(NamedTuple):
    """The training file split in two: images `(n, height, width)` uint8, labels `(n,)` int64."""

    train_images: np.ndarray
    train_labels: np.ndarray
    val_images: np.ndarray
    val_labels: np.ndarray


def train_val_split(images: ImageSet, *, share: float, limit: int | None, split_seed: int) -> TrainValSplit:
    """Split the training file, stratified by label; `limit` does not change the validation part.

    Raises:
        UserError: no image is left for validation.
    """
    train, val = train_val_rows(images.train_labels, share=share, limit=limit, split_seed=split_seed)
    if not len(val):
        count = len(images.train_labels)
        raise UserError(f"{images.source.path}: {count:,} training images are too few for a validation split")
    labels = images.train_labels
    return TrainValSplit(take(images.train_images, train), labels[train], images.train_images[val], labels[val])


def train_val_rows(
    labels: np.ndarray, *, share: float, limit: int | None, split_seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of `train_val_split` in the training file, both int64 and ascending; labels `(n,)`."""
    train, val = split(labels, share, rng=np.random.default_rng([split_seed, 1]))
    return train[stratified_sample(labels[train], limit, rng=stream("limit", split_seed))], val


def take(images: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return `images[rows]` as an array that TensorFlow can use without a copy."""
    taken = aligned_empty((len(rows), *images.shape[1:]), images.dtype)
    return np.take(images, rows, axis=0, out=taken, mode="clip")  # the mode that writes to `out` directly


def to_vectors(images: np.ndarray) -> np.ndarray:
    """Convert `(n, height, width)` uint8 to `(n, height * width)` float32 in [0, 1]."""
    return to_float(images.reshape(len(images), -1))


def to_float(images: np.ndarray) -> np.ndarray:
    """Convert uint8 to float32 in [0, 1], of the same shape."""
    return np.asarray(np.divide(images, np.float32(255), dtype=np.float32))


def in_blocks(function: Callable[[np.ndarray], np.ndarray], images: np.ndarray) -> np.ndarray:
    """Return `function(images)`, an array with a row per image, computed for `IMAGES_PER_BLOCK` images at a time."""
    first = function(images[:IMAGES_PER_BLOCK])
    if len(images) <= IMAGES_PER_BLOCK:
        return first
    result = np.empty((len(images), *first.shape[1:]), first.dtype)
    result[:IMAGES_PER_BLOCK] = first
    for start in range(IMAGES_PER_BLOCK, len(images), IMAGES_PER_BLOCK):
        result[start : start + IMAGES_PER_BLOCK] = function(images[start : start + IMAGES_PER_BLOCK])
    return result


def unique_mask(images: np.ndarray) -> np.ndarray:
    """Mark which of `(n, height, width)` images occur only once: `(n,)` bool."""
    hashes = digests(images)
    counts = Counter(hashes)
    return np.array([counts[digest] == 1 for digest in hashes], dtype=bool)


def contained_mask(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Mark which of `(n, height, width)` images are among `others`, pixel by pixel: `(n,)` bool."""
    known = set(digests(others))
    return np.array([digest in known for digest in digests(images)], dtype=bool)


def digests(images: np.ndarray) -> list[bytes]:
    """Return a 16-byte BLAKE2b digest per image, equal for equal pixels."""
    rows = np.ascontiguousarray(images).reshape(len(images), -1)
    return [hashlib.blake2b(row.data, digest_size=16).digest() for row in rows]
