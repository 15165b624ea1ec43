"""Convert image files by class, or an IDX set with other labels, into a data folder that pw13 reads.

Images are decoded one by one into a spool file beside the destination; 17 bytes per image stay in memory. Which images
are kept, and how they are split, depends on their content and the seed alone, not on file names or their order.
"""

import functools
import itertools
from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from pw13.data.images.dataset import split
from pw13.data.images.idx import format_size, refuse_too_large, write_idx
from pw13.data.images.idx_folder import write_class_names
from pw13.data.importing import idx_sets, picture_files
from pw13.data.importing.options import SEED, TEST_SHARE, ImportOptions, check, refuse_split, source_record
from pw13.data.published import TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS
from pw13.data.source import os_error
from pw13.data.staging import Progress, silent, staging
from pw13.errors import UserError
from pw13.system import files, process_pool

MAX_CLASSES = 256  # labels are bytes
MAX_LISTED = 1000  # unreadable files named in the record; of more only the count is recorded
BATCH = 64  # images decoded together
WORKERS = 2  # a third would be mostly idle: reading and writing the images takes half as long as decoding
FIRST_IN_PROCESS = 4096  # images decoded before worker processes are started, which takes a second
IMAGES_PER_BLOCK = 4096  # images written together


class Spool(NamedTuple):
    """Decoded images.

    Attributes:
        file: the pixels, one image after the other.
        shape: height and width.
        names: class names, in the order of their first image.
        labels: `(n,)` uint8, indices into `names`.
        digests: `(n, 2)` uint64, of the pixels.
    """

    file: BinaryIO
    shape: tuple[int, int]
    names: tuple[str, ...]
    labels: np.ndarray
    digests: np.ndarray


def import_set(source: Path, target: Path, options: ImportOptions, *, progress: Progress = silent) -> dict[str, Any]:
    """Write the data folder `target` from `source` and return its record: counts, classes, and what was skipped.

    Args:
        source: a folder or tar archive of image files in class folders, or a folder of IDX files, whose labels are
            renumbered.
        target: a new or empty folder.
        options: how to import.
        progress: called with the name of the source that is read or of the file that is written, the amount done and
            the total.

    Raises:
        UserError: `source` has no usable images or is corrupt, or `target` is not empty.
        OptionError: an option is out of range, or has no effect on IDX files.
    """
    check(options)
    if not source.exists():
        raise UserError(f"{source}: no such file or folder")
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise UserError(f"{target}: not empty; choose a new folder")
    try:
        with staging(target.absolute().parent) as stage:
            ready = stage / "ready"
            ready.mkdir()
            idx_files = idx_sets.find_idx_set(source) if source.is_dir() else None
            if idx_files:
                refuse_split(source, options)
                record = idx_sets.convert(source, idx_files, ready, options, progress)
            else:
                record = _import_pictures(source, stage, ready, options, progress)
            files.write_json(ready / "import.json", record)
            if target.exists():
                target.rmdir()
            files.rename_folder(ready, target)
    except OSError as error:
        raise os_error(error.filename or target, error) from None
    return record


def _import_pictures(
    source: Path, stage: Path, ready: Path, options: ImportOptions, progress: Progress
) -> dict[str, Any]:
    skipped: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    notes: list[str] = []

    def report(done: int, total: int) -> None:
        progress(source.name, done, total)

    if source.is_dir():
        pictures = picture_files.pictures_in_folder(source, skipped, report)
    elif picture_files.is_archive(source):
        pictures = picture_files.pictures_in_archive(source, skipped, report)
    else:
        raise UserError(f"{source}: expected a folder or a .tar, .tar.gz or .tgz archive")
    with open(stage / "spool", "w+b") as file:
        noted = picture_files.note_splits(pictures, notes)
        spool, unreadable_files = _spool(file, noted, source, options, counts, skipped)
        rows, duplicates, conflicts = _distinct_rows(spool)
        if not len(rows):
            raise UserError(f"{source}: no images remain: {conflicts:,} appear under two classes")
        record = _write_split(spool, rows, source, ready, options, progress)
    return {
        **record,
        "pictures": len(spool.labels),
        "repeats": duplicates,
        "under_two_classes": conflicts,
        "unreadable": counts["unreadable"],
        "unreadable_files": unreadable_files,
        "first_of_several_frames": counts["several frames"],
        "passed_over": dict(sorted(skipped.items())),
        "notes": notes,
    }


def _write_split(
    spool: Spool, rows: np.ndarray, source: Path, ready: Path, options: ImportOptions, progress: Progress
) -> dict[str, Any]:
    """Split the images `rows` of the spool and write them into `ready`; return what the record has of that.

    Raises:
        UserError: too few images for a test set, or more than pw13 reads.
    """
    test_share = TEST_SHARE if options.test_share is None else options.test_share
    seed = SEED if options.seed is None else options.seed
    names, labels = _renumbered(spool.names, spool.labels[rows])
    rng = np.random.default_rng(seed)
    train, test = (rng.permutation(part) for part in split(labels, test_share, rng=rng))
    if not len(test):
        raise UserError(f"{source}: {len(rows)} distinct images are too few for a test set")
    refuse_too_large(source, (max(len(train), len(test)), *spool.shape))
    for images_name, labels_name, part in ((TRAIN_IMAGES, TRAIN_LABELS, train), (TEST_IMAGES, TEST_LABELS, test)):
        report = functools.partial(progress, images_name)
        write_idx(ready / images_name, (len(part), *spool.shape), _blocks(spool, rows[part], report))
        write_idx(ready / labels_name, (len(part),), [labels[part].astype(np.uint8)])
    write_class_names(ready, names)
    record = source_record(source, names, labels[train], labels[test], spool.shape)
    return {**record, "seed": seed, "test_share": test_share}


def _spool(
    file: BinaryIO,
    pictures: Iterator[picture_files.Picture],
    source: Path,
    options: ImportOptions,
    counts: Counter[str],
    skipped: Counter[str],
) -> tuple[Spool, dict[str, str]]:
    """Decode all images into `file`, and count in `counts` the unreadable ones and those of several frames.

    Returns:
        `(spool, unreadable_files)`; the latter maps names to reasons, at most `MAX_LISTED`.

    Raises:
        UserError: no images, images of different sizes, or too many classes.
    """
    classes: dict[str, int] = {}
    unreadable_files: dict[str, str] = {}
    labels, digests = bytearray(), bytearray()
    shape, first = None, ""
    for picture, result in _decode(pictures, options.side):
        if isinstance(result, str):
            counts["unreadable"] += 1
            if len(unreadable_files) < MAX_LISTED:
                unreadable_files[picture_files.as_text(picture.name)] = result
            continue
        counts["several frames"] += result.frames > 1
        if shape is None:
            shape, first = result.shape, picture.name
        if result.shape != shape:
            sizes = f"{picture.name} is {format_size(result.shape)} pixels, {first} {format_size(shape)}"
            raise UserError(f"{source}: {sizes}; use --size 28 to scale all")
        data = _transposed(result).tobytes() if options.transpose else result.pixels
        labels.append(_label_id(classes, picture.label, source))
        digests += blake2b(data, digest_size=16).digest()
        file.write(data)
    if shape is None:
        ignored = {"unreadable files": counts["unreadable"]} | {
            f"skipped {what}": skipped[what] for what in sorted(skipped)
        }
        hints = "".join(f"; {what}: {count:,}" for what, count in ignored.items() if count)
        raise UserError(f"{source}: no images in class folders (A/..., B/...){hints}")
    file.flush()
    shape = shape[::-1] if options.transpose else shape
    pairs = np.frombuffer(digests, np.uint64).reshape(-1, 2)
    return Spool(file, shape, tuple(classes), np.frombuffer(labels, np.uint8), pairs), unreadable_files


def _decode(
    pictures: Iterator[picture_files.Picture], side: int | None
) -> Iterator[tuple[picture_files.Picture, picture_files.Decoded | str]]:
    """Yield each image file with its pixels or the reason why it is unreadable."""
    batches = iter(lambda: list(itertools.islice(pictures, BATCH)), [])
    decode_batch = functools.partial(picture_files.decode_all, side=side)
    first = FIRST_IN_PROCESS // BATCH
    for batch, results in process_pool.map_in_processes(decode_batch, batches, workers=WORKERS, first=first):
        yield from zip(batch, results, strict=True)


def _transposed(image: picture_files.Decoded) -> np.ndarray:
    return np.frombuffer(image.pixels, np.uint8).reshape(image.shape).T


def _label_id(classes: dict[str, int], label: str, source: Path) -> int:
    label_id = classes.setdefault(label, len(classes))
    if label_id >= MAX_CLASSES:
        raise UserError(f"{source}: more than {MAX_CLASSES} class folders")
    return label_id


def _distinct_rows(spool: Spool) -> tuple[np.ndarray, int, int]:
    """Select distinct images as `(rows, duplicates, conflicts)`, rows in the order of their digests.

    Duplicates within a class are dropped. So are all copies of an image that appears under two classes (the conflicts),
    since one of the labels is wrong.
    """
    order = np.lexsort((spool.labels, spool.digests[:, 1], spool.digests[:, 0]))
    digests, labels = spool.digests[order], spool.labels[order]
    first = np.r_[True, np.any(digests[1:] != digests[:-1], axis=1)]
    group = np.cumsum(first) - 1
    lowest, highest = labels[first], labels[np.r_[first[1:], True]]  # sorted by label within a group
    consistent = (lowest == highest)[group]
    return order[first & consistent], int(np.sum(consistent & ~first)), int(np.sum(~consistent))


def _renumbered(names: tuple[str, ...], labels: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
    """Return class names in natural order, without empty classes, and the matching labels `(n,)` int64."""
    present = [int(label) for label in np.unique(labels)]
    present.sort(key=lambda label: _natural_key(names[label]))
    new = np.zeros(MAX_CLASSES, np.int64)
    new[present] = np.arange(len(present))
    return tuple(names[label] for label in present), new[labels]


def _natural_key(name: str) -> tuple[int, int, str]:
    return (0, int(name), name) if name.isascii() and name.isdigit() else (1, 0, name)


def _blocks(spool: Spool, rows: np.ndarray, report: picture_files.ReportProgress) -> Iterator[np.ndarray]:
    """Yield the images `rows` of the spool in blocks `(n, height * width)` uint8, and report each that is written."""
    size = spool.shape[0] * spool.shape[1]
    for start in range(0, len(rows), IMAGES_PER_BLOCK):
        selected = rows[start : start + IMAGES_PER_BLOCK].tolist()
        block = np.empty((len(selected), size), np.uint8)
        for pixels, row in zip(block, selected, strict=True):
            spool.file.seek(row * size)
            spool.file.readinto(pixels)  # type: ignore[attr-defined]
        yield block
        report(start + len(block), len(rows))
