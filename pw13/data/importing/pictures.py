"""Turn pictures by class, or an IDX set with other labels, into a data folder that pw13 reads.

Pictures are decoded one by one into a spool file beside the destination; in memory stay 17 bytes a picture. Which of
them are kept, and on which side they come, depends on their content and the seed alone, not on names or their order.
"""

import functools
import itertools
import json
import os
from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from pw13.data.images.dataset import split
from pw13.data.images.idx import write_idx
from pw13.data.images.idx_folder import write_names
from pw13.data.importing import idx_sets, picture_files
from pw13.data.importing.options import ImportOptions, check, parse_size, source_record
from pw13.data.published import TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS
from pw13.data.source import os_error
from pw13.data.staging import Progress, silent, staging
from pw13.errors import UserError
from pw13.system import process_pool

MAX_CLASSES = 256  # labels are bytes
MAX_LISTED = 1000  # unreadable files named in the record; of more only the count is kept
BATCH = 64  # pictures decoded together
WORKERS = 2  # a third process finds hardly any work: finding and writing the pictures takes half as long as decoding
IN_THIS_PROCESS = 4096  # pictures decoded before other processes are started, which takes a second
BLOCK = 4096  # images written together


class Spool(NamedTuple):
    """Decoded pictures one after the other in `file`; `labels` `(n,)` uint8, `marks` `(n, 2)` uint64, their digests."""

    file: BinaryIO
    shape: tuple[int, int]
    names: tuple[str, ...]
    labels: np.ndarray
    marks: np.ndarray


def import_set(source: Path, target: Path, choice: ImportOptions, *, progress: Progress = silent) -> dict[str, Any]:
    """Write the data folder `target` from `source` and return counts: images, classes, what was left out and why.

    source: a folder or tar archive of pictures in class folders, or a folder of IDX files, whose labels are renumbered.

    Raises:
        UserError: nothing usable in `source`, damaged data, or `target` has something in it.
        OptionError: a choice out of range.
    """
    check(choice)
    if not source.exists():
        raise UserError(f"{source}: no such file or folder")
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise UserError(f"{target}: is there already and not empty; name a new folder")
    try:
        with staging(target.absolute().parent) as stage:
            ready = stage / "ready"
            ready.mkdir()
            idx_files = idx_sets.find_idx_set(source) if source.is_dir() else None
            if idx_files:
                facts = idx_sets.convert(source, idx_files, ready, choice)
            else:
                facts = _import_pictures(source, stage, ready, choice, progress)
            (ready / "import.json").write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", "utf-8")
            if target.exists():
                target.rmdir()
            os.replace(ready, target)
    except OSError as error:
        raise os_error(error.filename or target, error) from None
    return facts


def _import_pictures(
    source: Path, stage: Path, ready: Path, choice: ImportOptions, progress: Progress
) -> dict[str, Any]:
    passed: Counter[str] = Counter()
    unreadable: Counter[str] = Counter()

    def tell(done: int, total: int) -> None:
        progress(source.name, done, total)

    if source.is_dir():
        found = picture_files.pictures_in_folder(source, passed, tell)
    elif picture_files.is_archive(source):
        found = picture_files.pictures_in_archive(source, passed, tell)
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
    write_names(ready, names)
    return {
        **source_record(source, choice, names, labels[train], labels[test], spool.shape),
        "pictures": len(spool.labels),
        "repeats": repeats,
        "under_two_classes": contradicting,
        "unreadable": sum(unreadable.values()),
        "unreadable_files": named,
        "passed_over": dict(sorted(passed.items())),
    }


def _spool(
    file: BinaryIO,
    found: Iterator[picture_files.Picture],
    source: Path,
    choice: ImportOptions,
    unreadable: Counter[str],
) -> tuple[Spool, dict[str, str]]:
    """`(spool, named)`: every readable picture, and the unreadable ones (name -> why), the first thousand of them."""
    classes: dict[str, int] = {}
    named: dict[str, str] = {}
    labels, marks = bytearray(), bytearray()
    shape, first = None, ""
    for picture, result in _decoded(found, choice.side):
        if isinstance(result, str):
            unreadable[result] += 1
            if len(named) < MAX_LISTED:
                named[picture.name] = result
            continue
        if shape is None:
            shape, first = result.shape, picture.name
        if result.shape != shape:
            sizes = f"{picture.name} has {parse_size(result.shape)} pixels, {first} {parse_size(shape)}"
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
    found: Iterator[picture_files.Picture], side: int | None
) -> Iterator[tuple[picture_files.Picture, picture_files.Decoded | str]]:
    """Each picture with its pixels, or with why there are none."""
    batches = iter(lambda: list(itertools.islice(found, BATCH)), [])
    task = functools.partial(picture_files.decode_all, side=side)
    for batch, results in process_pool.map_in_processes(task, batches, workers=WORKERS, first=IN_THIS_PROCESS // BATCH):
        yield from zip(batch, results, strict=True)


def _transposed(picture: picture_files.Decoded) -> np.ndarray:
    return np.frombuffer(picture.pixels, np.uint8).reshape(picture.shape).T


def _number(classes: dict[str, int], label: str, source: Path) -> int:
    number = classes.setdefault(label, len(classes))
    if number >= MAX_CLASSES:
        raise UserError(f"{source}: more than {MAX_CLASSES} class folders")
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
    new = np.zeros(MAX_CLASSES, np.int64)
    new[present] = np.arange(len(present))
    return tuple(names[label] for label in present), new[labels]


def _natural(name: str) -> tuple[int, int, str]:
    return (0, int(name), name) if name.isascii() and name.isdigit() else (1, 0, name)


def _blocks(spool: Spool, rows: np.ndarray) -> Iterator[np.ndarray]:
    """The pictures `rows` of the spool, some thousand at a time: `(n, height, width)` uint8."""
    height, width = spool.shape
    each = height * width
    for start in range(0, len(rows), BLOCK):
        some = rows[start : start + BLOCK].tolist()
        block = np.empty((len(some), each), np.uint8)
        for place, row in enumerate(some):
            spool.file.seek(row * each)
            spool.file.readinto(block[place])  # type: ignore[attr-defined]
        yield block
