"""Turn pictures by class, or an IDX set with other labels, into a data folder that pw13 reads.

Pictures are decoded one by one into a spool file beside the destination; in memory stay 17 bytes a picture. Which of
them are kept, and on which side they come, depends on their content and the seed alone, not on names or their order.
"""

import functools
import itertools
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from pw13.data import pictures, processes
from pw13.data.folder import CLASSES
from pw13.data.idx import read_idx, write_idx
from pw13.data.images import split
from pw13.data.known import FILES, TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS
from pw13.data.source import trouble
from pw13.data.staging import Progress, silent, staging
from pw13.errors import OptionError, UserError

MOST_CLASSES = 256  # labels are bytes
MOST_NAMED = 1000  # unreadable files named in the record; of more only the count is kept
MOST_SIDE = 1024
BATCH = 64  # pictures decoded together
WORKERS = 2  # a third process finds hardly any work: finding and writing the pictures takes half as long as decoding
IN_THIS_PROCESS = 4096  # pictures decoded before other processes are started, which takes a second
BLOCK = 4096  # images written together

# Names of IDX files: MNIST's, and EMNIST's such as "emnist-letters-test-labels-idx1-ubyte.gz".
IDX_NAME = re.compile(r"(?:.*[-_.])?(train|t10k|test)[-_](images|labels)[-_.]idx[13][-_]ubyte(\.gz)?", re.IGNORECASE)


class Choice(NamedTuple):
    """How to import: side of the square to scale to (None: as they are), share of the test file, seed, transposed."""

    side: int | None = None
    test_share: float = 0.1
    seed: int = 0
    transpose: bool = False


class Spool(NamedTuple):
    """Decoded pictures one after the other in `file`; `labels` `(n,)` uint8, `marks` `(n, 2)` uint64, their digests."""

    file: BinaryIO
    shape: tuple[int, int]
    names: tuple[str, ...]
    labels: np.ndarray
    marks: np.ndarray


def import_set(source: Path, target: Path, choice: Choice, *, progress: Progress = silent) -> dict[str, Any]:
    """Write the data folder `target` from `source` and return counts: images, classes, what was left out and why.

    source: a folder or tar archive of pictures in class folders, or a folder of IDX files, whose labels are renumbered.

    Raises:
        UserError: nothing usable in `source`, damaged data, or `target` has something in it.
        OptionError: a choice out of range.
    """
    _check(choice)
    if not source.exists():
        raise UserError(f"{source}: no such file or folder")
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise UserError(f"{target}: is there already and not empty; name a new folder")
    try:
        with staging(target.absolute().parent) as stage:
            ready = stage / "ready"
            ready.mkdir()
            idx_files = find_idx(source) if source.is_dir() else None
            if idx_files:
                record = _import_idx(source, idx_files, ready, choice)
            else:
                record = _import_pictures(source, stage, ready, choice, progress)
            (ready / "import.json").write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", "utf-8")
            if target.exists():
                target.rmdir()
            os.replace(ready, target)
    except OSError as error:
        raise trouble(error.filename or target, error) from None
    return record


def _check(choice: Choice) -> None:
    if choice.side is not None and not 1 <= choice.side <= MOST_SIDE:
        raise OptionError(f"--size: expected 1 to {MOST_SIDE}, received {choice.side}")
    if not 0 < choice.test_share < 1:
        raise OptionError(f"--test-share: expected a share between 0 and 1, received {choice.test_share}")
    if choice.seed < 0:
        raise OptionError(f"--seed: expected 0 or more, received {choice.seed}")


def _import_pictures(source: Path, stage: Path, ready: Path, choice: Choice, progress: Progress) -> dict[str, Any]:
    passed: Counter[str] = Counter()
    unreadable: Counter[str] = Counter()

    def tell(done: int, total: int) -> None:
        progress(source.name, done, total)

    if source.is_dir():
        found = pictures.in_folder(source, passed, tell)
    elif pictures.is_archive(source):
        found = pictures.in_archive(source, passed, tell)
    else:
        raise UserError(f"{source}: expected a folder, or an archive with a name that ends in .tar, .tar.gz or .tgz")
    with open(stage / "spool", "w+b") as file:
        spool, named = _spool(file, found, source, choice, unreadable)
        rows, repeats, contradicting = _distinct(spool)
        if not len(rows):
            raise UserError(f"{source}: no picture is left: {contradicting:,} stand under two classes")
        names, labels = _renumbered(spool.names, spool.labels[rows])
        rng = np.random.default_rng(choice.seed)
        train, test = (rng.permutation(side) for side in split(labels, choice.test_share, rng=rng))
        if not len(test):
            raise UserError(f"{source}: {len(rows)} different pictures are too few for a test file")
        for images_name, labels_name, side in ((TRAIN_IMAGES, TRAIN_LABELS, train), (TEST_IMAGES, TEST_LABELS, test)):
            write_idx(ready / images_name, (len(side), *spool.shape), _blocks(spool, rows[side]))
            write_idx(ready / labels_name, (len(side),), [labels[side].astype(np.uint8)])
    _write_names(ready, names)
    return {
        **_record(source, choice, names, labels[train], labels[test], spool.shape),
        "pictures": len(spool.labels),
        "repeats": repeats,
        "under_two_classes": contradicting,
        "unreadable": sum(unreadable.values()),
        "unreadable_files": named,
        "passed_over": dict(sorted(passed.items())),
    }


def _spool(
    file: BinaryIO, found: Iterator[pictures.Picture], source: Path, choice: Choice, unreadable: Counter[str]
) -> tuple[Spool, dict[str, str]]:
    """`(spool, named)`: every readable picture, and the unreadable ones (name -> why), the first thousand of them."""
    classes: dict[str, int] = {}
    named: dict[str, str] = {}
    labels, marks = bytearray(), bytearray()
    shape, first = None, ""
    for picture, result in _decoded(found, choice.side):
        if isinstance(result, str):
            unreadable[result] += 1
            if len(named) < MOST_NAMED:
                named[picture.name] = result
            continue
        if shape is None:
            shape, first = result.shape, picture.name
        if result.shape != shape:
            sizes = f"{picture.name} has {_size(result.shape)} pixels, {first} {_size(shape)}"
            raise UserError(f"{source}: {sizes}; --size 28 scales all to one size")
        data = _transposed(result).tobytes() if choice.transpose else result.pixels
        labels.append(_number(classes, picture.label, source))
        marks += blake2b(data, digest_size=16).digest()
        file.write(data)
    if shape is None:
        what = f"; {sum(unreadable.values()):,} files are unreadable" if unreadable else ""
        raise UserError(f"{source}: no pictures in class folders (A/..., B/...){what}")
    file.flush()
    shape = shape[::-1] if choice.transpose else shape
    pairs = np.frombuffer(marks, np.uint64).reshape(-1, 2)
    return Spool(file, shape, tuple(classes), np.frombuffer(labels, np.uint8), pairs), named


def _decoded(
    found: Iterator[pictures.Picture], side: int | None
) -> Iterator[tuple[pictures.Picture, pictures.Decoded | str]]:
    """Each picture with its pixels, or with why there are none."""
    batches = iter(lambda: list(itertools.islice(found, BATCH)), [])
    task = functools.partial(pictures.decode_all, side=side)
    for batch, results in processes.mapped(task, batches, workers=WORKERS, first=IN_THIS_PROCESS // BATCH):
        yield from zip(batch, results, strict=True)


def _transposed(picture: pictures.Decoded) -> np.ndarray:
    return np.frombuffer(picture.pixels, np.uint8).reshape(picture.shape).T


def _number(classes: dict[str, int], label: str, source: Path) -> int:
    number = classes.setdefault(label, len(classes))
    if number >= MOST_CLASSES:
        raise UserError(f"{source}: more than {MOST_CLASSES} class folders")
    return number


def _distinct(spool: Spool) -> tuple[np.ndarray, int, int]:
    """`(rows, repeats, contradicting)`: one row a content, in the order of their digests.

    A repeat within its class is left out; so is every picture that stands under two classes, since one label is wrong.
    """
    order = np.lexsort((spool.labels, spool.marks[:, 1], spool.marks[:, 0]))
    marks, labels = spool.marks[order], spool.labels[order]
    begins = np.r_[True, np.any(marks[1:] != marks[:-1], axis=1)]
    group = np.cumsum(begins) - 1
    lowest, highest = labels[begins], labels[np.r_[begins[1:], True]]  # sorted by label within a group
    sound = (lowest == highest)[group]
    kept = begins & sound
    return order[kept], int(np.sum(sound & ~begins)), int(np.sum(~sound))


def _renumbered(names: tuple[str, ...], labels: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
    """Class names in their natural order, those without a picture left out, and the labels `(n,)` int64 to match."""
    present = [int(label) for label in np.unique(labels)]
    present.sort(key=lambda label: _natural(names[label]))
    new = np.zeros(MOST_CLASSES, np.int64)
    new[present] = np.arange(len(present))
    return tuple(names[label] for label in present), new[labels]


def _natural(name: str) -> tuple[int, int, str]:
    return (0, int(name), name) if name.isascii() and name.isdigit() else (1, 0, name)


def _blocks(spool: Spool, rows: np.ndarray) -> Iterator[np.ndarray]:
    """The pictures `rows` of the spool, some thousand at a time: `(n, height, width)` uint8."""
    height, width = spool.shape
    size = height * width
    for start in range(0, len(rows), BLOCK):
        some = rows[start : start + BLOCK].tolist()
        block = np.empty((len(some), size), np.uint8)
        for place, row in enumerate(some):
            spool.file.seek(row * size)
            spool.file.readinto(block[place])  # type: ignore[attr-defined]
        yield block


def find_idx(folder: Path) -> dict[str, Path] | None:
    """The four IDX files in `folder` under MNIST's or EMNIST's names, or None where there are none.

    Raises:
        UserError: some of the four are missing, or one is there twice.
    """
    found: dict[str, list[Path]] = {name: [] for name in FILES}
    for path in sorted(folder.iterdir()):
        match = IDX_NAME.fullmatch(path.name)
        if match and path.is_file():
            part = "train" if match[1].lower() == "train" else "t10k"
            found[next(name for name in FILES if name.startswith(f"{part}-{match[2].lower()}"))].append(path)
    if not any(found.values()):
        return None
    for name, paths in found.items():
        if len(paths) != 1:
            what = f"{paths[0].name} and {paths[1].name} are both there" if paths else f"missing {name} or the like"
            raise UserError(f"{folder}: {what}; expected the four files of one IDX set")
    return {name: paths[0] for name, paths in found.items()}


def _import_idx(source: Path, paths: dict[str, Path], ready: Path, choice: Choice) -> dict[str, Any]:
    """Write an IDX set with labels 0 to K-1 and the old labels as class names; the test file stays the test file."""
    arrays = {name: read_idx(path, 3 if "images" in name else 1)[0] for name, path in paths.items()}
    values = np.unique(arrays[TRAIN_LABELS])
    foreign = np.setdiff1d(arrays[TEST_LABELS], values)
    if len(foreign):
        raise UserError(f"{paths[TEST_LABELS]}: test label {foreign[0]} has no training image")
    new = {name: np.searchsorted(values, arrays[name]) for name in (TRAIN_LABELS, TEST_LABELS)}
    for images_name, labels_name in ((TRAIN_IMAGES, TRAIN_LABELS), (TEST_IMAGES, TEST_LABELS)):
        images, labels = arrays[images_name], arrays[labels_name]
        if len(images) != len(labels):
            raise UserError(f"{paths[labels_name]}: {len(images):,} images but {len(labels):,} labels")
        images = _resized(images.transpose(0, 2, 1) if choice.transpose else images, choice.side)
        arrays[images_name] = images
        write_idx(ready / images_name, images.shape, [images])
        write_idx(ready / labels_name, labels.shape, [new[labels_name].astype(np.uint8)])
    if arrays[TRAIN_IMAGES].shape[1:] != arrays[TEST_IMAGES].shape[1:]:
        sizes = " and ".join(_size(arrays[name].shape[1:]) for name in (TRAIN_IMAGES, TEST_IMAGES))
        raise UserError(f"{source}: training and test images of {sizes} pixels; --size 28 scales all to one size")
    names = tuple(str(value) for value in values)
    _write_names(ready, names)
    shape = arrays[TRAIN_IMAGES].shape[1:]
    record = _record(source, choice, names, new[TRAIN_LABELS], new[TEST_LABELS], shape)
    return {**record, "old_labels": values.tolist()}


def _resized(images: np.ndarray, side: int | None) -> np.ndarray:
    if side is None or images.shape[1:] == (side, side):
        return images
    from PIL import Image

    scaled = (Image.fromarray(image).resize((side, side), Image.Resampling.LANCZOS) for image in images)
    return np.stack([np.asarray(image) for image in scaled])


def _write_names(ready: Path, names: tuple[str, ...]) -> None:
    (ready / CLASSES).write_text("".join(name + "\n" for name in names), "utf-8", newline="\n")


def _record(
    source: Path, choice: Choice, names: tuple[str, ...], train: np.ndarray, test: np.ndarray, shape: tuple[int, ...]
) -> dict[str, Any]:
    return {
        "source": str(source),
        "seed": choice.seed,
        "test_share": choice.test_share,
        "height": shape[0],
        "width": shape[1],
        "classes": list(names),
        "train": np.bincount(train, minlength=len(names)).tolist(),
        "test": np.bincount(test, minlength=len(names)).tolist(),
    }


def _size(shape: tuple[int, ...]) -> str:
    return "x".join(str(side) for side in shape)
