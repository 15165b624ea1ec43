"""Read a folder of four IDX files, and report every fault that keeps it from being an image set."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pw13.data.images.idx import format_size, read_idx
from pw13.data.published import FILES, TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS
from pw13.data.source import DEFAULT_PATHS, os_error
from pw13.errors import UserError

CLASSES = "classes.txt"
MAX_NAMES_BYTES = 1 << 16  # of classes.txt, which has at most 256 names since labels are bytes

# Names of IDX files: MNIST's, and EMNIST's such as "emnist-letters-test-labels-idx1-ubyte.gz".
IDX_NAME = re.compile(r"(?:.*[-_.])?(train|t10k|test)[-_](images|labels)[-_.]idx[13][-_]ubyte(\.gz)?", re.IGNORECASE)


class IdxFolder(NamedTuple):
    """The readable content of a folder, and every fault in it.

    Attributes:
        paths: file by its name in `FILES`.
        arrays: content by its name in `FILES`, uint8.
        files: sha256 by the name on disk.
        class_names: the lines of classes.txt, if any.
        faults: one line each, starting with the file's path.
    """

    paths: dict[str, Path]
    arrays: dict[str, np.ndarray]
    files: dict[str, str]
    class_names: tuple[str, ...] | None
    faults: tuple[str, ...]


def read_idx_folder(folder: Path) -> IdxFolder:
    """Read everything readable in `folder` and collect the faults; raise nothing."""
    paths, faults = find_idx_files(folder)
    arrays, files = {}, {}
    for name, path in paths.items():
        try:
            arrays[name], files[path.name] = read_idx(path, 3 if "images" in name else 1)
        except UserError as error:
            faults.append(str(error))
    faults += _mismatches(paths, arrays)
    label_faults = list(_label_faults(paths, arrays))
    names, name_faults = _class_names(folder, arrays.get(TRAIN_LABELS) if not label_faults else None)
    return IdxFolder(paths, arrays, files, names, (*faults, *label_faults, *name_faults))


def find_idx_files(folder: Path) -> tuple[dict[str, Path], list[str]]:
    """Find the four files, compressed (`.gz`) or plain, as `(paths, faults)`; faults list the missing ones."""
    try:
        present = {path.name for path in folder.iterdir() if path.is_file()}
    except FileNotFoundError:
        return {}, [f"{folder}: no such folder; expected a folder of IDX files ({TRAIN_IMAGES}, ...)"]
    except NotADirectoryError:
        return {}, [f"{folder}: is a file; expected a folder of IDX files ({TRAIN_IMAGES}, ...)"]
    except OSError as error:
        return {}, [str(os_error(folder, error))]
    variants = {name: [file for file in (name, name.removesuffix(".gz")) if file in present] for name in FILES}
    paths = {name: folder / existing[0] for name, existing in variants.items() if existing}
    missing = [name for name in FILES if name not in paths]
    if not missing:
        return paths, []
    other = next((name for name in sorted(present) if standard_name(name) in missing), None)
    hint = ""
    if other:
        hint = f"; found {other}: convert such names with `pw13 data import`"
    elif paths and folder.name == DEFAULT_PATHS["data"][0]:  # as a download that failed leaves it
        hint = f"; to fetch the rest: pw13 data fetch {folder.name} --to {folder.parent}, or use --data builtin"
    return paths, [f"{folder}: missing {', '.join(missing)}{hint}"]


def standard_name(name: str) -> str | None:
    """Return the name in `FILES` that a file of this name corresponds to, or None."""
    match = IDX_NAME.fullmatch(name)
    if not match:
        return None
    part = "train" if match[1].lower() == "train" else "t10k"
    return next(file for file in FILES if file.startswith(f"{part}-{match[2].lower()}"))


def _mismatches(paths: dict[str, Path], arrays: dict[str, np.ndarray]) -> Iterator[str]:
    """Yield mismatches between files: counts and image sizes."""
    for images, labels in ((TRAIN_IMAGES, TRAIN_LABELS), (TEST_IMAGES, TEST_LABELS)):
        if images in arrays and labels in arrays and len(arrays[images]) != len(arrays[labels]):
            yield f"{paths[labels]}: {len(arrays[images]):,} images but {len(arrays[labels]):,} labels"
    if TRAIN_IMAGES in arrays and TEST_IMAGES in arrays:
        train, test = (format_size(arrays[name].shape[1:]) for name in (TRAIN_IMAGES, TEST_IMAGES))
        if train != test:
            yield f"{paths[TEST_IMAGES]}: test images are {test} pixels, expected {train} as in training"


def _label_faults(paths: dict[str, Path], arrays: dict[str, np.ndarray]) -> Iterator[str]:
    """Yield training labels other than 0 to K-1 without gaps, else test labels without a training image."""
    if TRAIN_LABELS not in arrays:
        return
    fault = label_fault(arrays[TRAIN_LABELS])
    if fault:
        yield f"{paths[TRAIN_LABELS]}: {fault}"
    elif TEST_LABELS in arrays:
        unknown = np.setdiff1d(arrays[TEST_LABELS], arrays[TRAIN_LABELS])
        if len(unknown):
            listed = ", ".join(map(str, unknown[:5])) + (", ..." if len(unknown) > 5 else "")
            train_range = f"training labels are 0 to {arrays[TRAIN_LABELS].max()}"
            yield f"{paths[TEST_LABELS]}: test label {listed} has no training image; {train_range}"


def label_fault(labels: np.ndarray) -> str | None:
    """Describe how training labels `(n,)` differ from 0 to K-1 without gaps, or return None."""
    present = np.unique(labels)
    gaps = np.flatnonzero(present != np.arange(len(present)))
    if not len(gaps):
        return None
    if len(present) == 1:
        return f"training labels have only one class, {present[0]}; expected at least two classes, from 0 without gaps"
    wanted = f"expected 0 to {len(present) - 1} without gaps"
    if present[0] > 0 and present[-1] - present[0] == len(present) - 1:
        return f"labels {present[0]} to {present[-1]}, {wanted}; `pw13 data import` renumbers them"
    value = present[gaps[0]]
    row = int(np.flatnonzero(labels == value)[0])
    return (
        f"labels from {present[0]} to {present[-1]} in {len(present)} classes, {wanted}; label {value} "
        f"(first at index {row:,}) follows a gap, {gaps[0]} is missing"
    )


def _class_names(folder: Path, labels: np.ndarray | None) -> tuple[tuple[str, ...] | None, list[str]]:
    """Read classes.txt as `(names, faults)`; names are None without that file or without labels."""
    path = folder / CLASSES
    if labels is None or not path.is_file():
        return None, []
    names, faults = read_class_names(path)
    count = int(labels.max()) + 1
    if names and len(names) != count:
        faults = [f"{path}: {len(names)} class names, but the labels have {count} classes"]
    return names or None, faults


def read_class_names(path: Path) -> tuple[tuple[str, ...], list[str]]:
    """Read the lines of a classes.txt as `(names, faults)`; an unreadable file has no names."""
    try:
        with open(path, "rb") as file:
            text = file.read(MAX_NAMES_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return (), [f"{path}: byte {error.start + 1} is not UTF-8"]
    except OSError as error:
        return (), [str(os_error(path, error))]
    names = [line.rstrip("\r") for line in text.removesuffix("\n").split("\n")]
    faults = [
        f"{path}: line {number}: {name!r} is empty, a duplicate or not printable"
        for number, name in enumerate(names, 1)
        if not name.strip() or not name.isprintable() or name in names[: number - 1]
    ]
    return tuple(names), faults


def write_class_names(folder: Path, names: tuple[str, ...]) -> None:
    """Write classes.txt."""
    (folder / CLASSES).write_text("".join(name + "\n" for name in names), "utf-8", newline="\n")
