"""Image sets: four IDX files in a folder, or the built-in letters; splits of their rows."""

import hashlib
import string
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pw13.data.idx import read_idx
from pw13.data.source import Source, default_place, digest_of, git_blob_id, trouble
from pw13.errors import OptionError, UserError

LETTERS = tuple(string.ascii_uppercase[:10])
TRAIN_IMAGES, TRAIN_LABELS = "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"
TEST_IMAGES, TEST_LABELS = "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"
FILES = (TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS)
CLASSES = "classes.txt"

# The published notMNIST files, and the training files of 10,440 images that stand in for the published 60,000.
PUBLISHED = {
    TRAIN_LABELS: "0db4c4ec5d019838a57f8c9dd764ada7dc3c73e6ccc93032c538c5845f332545",
    TEST_IMAGES: "70ae9e06201f2827e5b0a3781a3169d735dd2efc69996b9eeaee7f10ed4044d7",
    TEST_LABELS: "1fa03836e01c862542f8eb83463bb951bebec6fcb3efa28dad748c6b38a9021b",
}
PUBLISHED_TRAIN_IMAGES_BLOB = "6cf3076b36bafa7da1563b28bbe863fd78a008a8"  # a git blob id: no sha256 is published
STAND_IN = {
    **PUBLISHED,
    TRAIN_IMAGES: "81f4c00925c5213eff9c575ace29ead3f0722d448f14b9fb3fa2782c6bd806dc",
    TRAIN_LABELS: "72c4187334c89e1181b139f49762ba0b0a633cedc4964a96a4e3e7ec386d31dc",
}


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
    place = default_place("notmnist")
    return read_folder(place) if place else _builtin()


def read_folder(folder: Path) -> ImageSet:
    """The image set that the four IDX files in `folder` hold."""
    paths = find_files(folder)
    train_images, train_images_sha256 = read_idx(paths[TRAIN_IMAGES], 3)
    train_labels, train_labels_sha256 = read_idx(paths[TRAIN_LABELS], 1)
    test_images, test_images_sha256 = read_idx(paths[TEST_IMAGES], 3)
    test_labels, test_labels_sha256 = read_idx(paths[TEST_LABELS], 1)
    check_counts(train_images, train_labels, paths[TRAIN_LABELS])
    check_counts(test_images, test_labels, paths[TEST_LABELS])
    check_sizes(train_images, test_images, paths[TEST_IMAGES])
    check_labels(train_labels, paths[TRAIN_LABELS])
    check_test_labels(train_labels, test_labels, paths[TEST_LABELS])
    digests = (train_images_sha256, train_labels_sha256, test_images_sha256, test_labels_sha256)
    files = {paths[name].name: sha256 for name, sha256 in zip(FILES, digests, strict=True)}
    known = known_as(files, paths[TRAIN_IMAGES])
    return ImageSet(
        train_images,
        train_labels.astype(np.int64),
        test_images,
        test_labels.astype(np.int64),
        read_classes(folder, int(train_labels.max()) + 1, known is not None),
        Source("folder", str(folder), known or f"IDX folder {folder.name or folder}", digest_of(files), files),
        (stand_in_note(len(train_images)),) if known and len(train_images) != 60_000 else (),
    )


def find_files(folder: Path) -> dict[str, Path]:
    """Where each of the four files lies, packed (`.gz`) or plain; the missing ones are named all at once."""
    try:
        present = {path.name for path in folder.iterdir() if path.is_file()}
    except FileNotFoundError:
        raise UserError(f"{folder}: no such folder; expected one with {TRAIN_IMAGES} and its siblings") from None
    except NotADirectoryError:
        raise UserError(f"{folder}: is a file; expected a folder with {TRAIN_IMAGES} and its siblings") from None
    except OSError as error:
        raise trouble(folder, error) from None
    found = {name: folder / name if name in present else folder / name.removesuffix(".gz") for name in FILES}
    missing = [name for name, path in found.items() if path.name not in present]
    if missing:
        raise UserError(f"{folder}: missing {', '.join(missing)}")
    return found


def check_counts(images: np.ndarray, labels: np.ndarray, path: Path) -> None:
    if len(images) != len(labels):
        raise UserError(f"{path}: {len(images):,} images but {len(labels):,} labels")


def check_sizes(train_images: np.ndarray, test_images: np.ndarray, path: Path) -> None:
    train, test = ("x".join(map(str, images.shape[1:])) for images in (train_images, test_images))
    if train != test:
        raise UserError(f"{path}: test images of {test} pixels, training images of {train}; expected the same")


def check_labels(labels: np.ndarray, path: Path) -> None:
    """Refuse training labels `(n,)` other than 0 to K-1 without gaps."""
    present = np.unique(labels)
    gaps = np.flatnonzero(present != np.arange(len(present)))
    if not len(gaps):
        return
    wanted = f"expected 0 to {len(present) - 1} without gaps"
    if len(present) == 1:
        raise UserError(
            f"{path}: the training labels hold only one class, {present[0]}; a classifier needs at least two classes, "
            "numbered from 0 without gaps"
        )
    if present[0] > 0 and np.array_equal(present, present[0] + np.arange(len(present))):
        raise UserError(f"{path}: labels {present[0]} to {present[-1]}, {wanted}; `pw13 data import` shifts them")
    value = present[gaps[0]]
    row = int(np.flatnonzero(labels == value)[0])
    raise UserError(
        f"{path}: labels from {present[0]} to {present[-1]} of {len(present)} classes, {wanted}; label {value} "
        f"(first at position {row:,}) leaves a gap, {gaps[0]} is missing"
    )


def check_test_labels(train_labels: np.ndarray, test_labels: np.ndarray, path: Path) -> None:
    """Refuse test labels that no training image has."""
    foreign = np.setdiff1d(test_labels, train_labels)
    if len(foreign):
        listed = ", ".join(map(str, foreign[:5])) + (", ..." if len(foreign) > 5 else "")
        raise UserError(
            f"{path}: test label {listed} has no training image; training labels are 0 to {train_labels.max()}"
        )


def known_as(files: dict[str, str], train_images: Path) -> str | None:
    """The name of a set whose files (name -> sha256) are all known, or None."""
    packed = {name if name.endswith(".gz") else f"{name}.gz": sha256 for name, sha256 in files.items()}
    if packed == STAND_IN:
        return "notMNIST (known by sha256)"
    rest = {name: sha256 for name, sha256 in packed.items() if name != TRAIN_IMAGES}
    if rest == PUBLISHED and git_blob_id(train_images) == PUBLISHED_TRAIN_IMAGES_BLOB:
        return "notMNIST (as published)"
    return None


def stand_in_note(count: int) -> str:
    return f"notMNIST with {count:,} training images, not the published 60,000"


def read_classes(folder: Path, count: int, letters: bool) -> tuple[str, ...]:
    """The `count` class names of `folder`: classes.txt, else A-J where `letters`, else the numbers."""
    path = folder / CLASSES
    if not path.is_file():
        return LETTERS if letters and count == len(LETTERS) else tuple(map(str, range(count)))
    try:
        with open(path, "rb") as file:
            text = file.read(CHUNK_OF_NAMES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: byte {error.start + 1} is not UTF-8") from None
    except OSError as error:
        raise trouble(path, error) from None
    names = [line.rstrip("\r") for line in text.removesuffix("\n").split("\n")]
    if len(names) != count:
        raise UserError(f"{path}: {len(names)} class names, but the labels have {count} classes")
    for number, name in enumerate(names, 1):
        if not name.strip() or not name.isprintable() or name in names[: number - 1]:
            raise UserError(f"{path}: line {number}: {name!r} is empty, a repeat or not printable")
    return tuple(names)


CHUNK_OF_NAMES = 1 << 16  # 256 class names at most: labels are bytes


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


def stratified(labels: np.ndarray, limit: int | None, *, rng: np.random.Generator) -> np.ndarray:
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
    from pw13.data.builtin import letters

    arrays = letters()
    files = {
        name.removesuffix(".gz"): hashlib.sha256(np.ascontiguousarray(array).astype(np.uint8)).hexdigest()
        for name, array in zip(FILES, arrays, strict=True)
    }
    train_images, train_labels, test_images, test_labels = arrays
    source = Source("builtin", "builtin", "built-in letters (rendered)", digest_of(files), files)
    return ImageSet(
        train_images, train_labels.astype(np.int64), test_images, test_labels.astype(np.int64), LETTERS, source
    )


class Parts(NamedTuple):
    """The training file in two parts: images `(n, height, width)` uint8, labels `(n,)` int64."""

    train_images: np.ndarray
    train_labels: np.ndarray
    val_images: np.ndarray
    val_labels: np.ndarray


def parts(images: ImageSet, *, share: float, limit: int | None, seed: int) -> Parts:
    """Training and validation part; `limit` cuts training only, so that the validation part is always the same."""
    train, val = split(images.train_labels, share, rng=np.random.default_rng([seed, 1]))
    train = train[stratified(images.train_labels[train], limit, rng=np.random.default_rng([seed, 2]))]
    if not len(val):
        raise UserError(f"{images.source.path}: {len(images.train_labels)} training images are too few to validate on")
    labels = images.train_labels
    return Parts(images.train_images[train], labels[train], images.train_images[val], labels[val])


def flat(images: np.ndarray) -> np.ndarray:
    """`(n, height, width)` uint8 -> `(n, height * width)` float32 in [0, 1]."""
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
