"""A folder of four IDX files: what stands in it, and every fault that keeps it from being an image set."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pw13.data.images.idx import read_idx
from pw13.data.published import FILES, TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS
from pw13.data.source import os_error
from pw13.errors import UserError

CLASSES = "classes.txt"
MAX_NAMES_BYTES = 1 << 16  # 256 class names at most: labels are bytes

# Names of IDX files: MNIST's, and EMNIST's such as "emnist-letters-test-labels-idx1-ubyte.gz".
IDX_NAME = re.compile(r"(?:.*[-_.])?(train|t10k|test)[-_](images|labels)[-_.]idx[13][-_]ubyte(\.gz)?", re.IGNORECASE)


class IdxFolder(NamedTuple):
    """What could be read (`paths`, `arrays` under the names of `FILES`; `files` name -> sha256), and every fault."""

    paths: dict[str, Path]
    arrays: dict[str, np.ndarray]
    files: dict[str, str]
    class_names: tuple[str, ...] | None
    faults: tuple[str, ...]


def read_idx_folder(folder: Path, *, labels_from_zero: bool = True) -> IdxFolder:
    """Everything readable in `folder` and every fault, each a line that names its file; nothing is raised."""
    paths, faults = find_files(folder)
    arrays, files = {}, {}
    for name, path in paths.items():
        try:
            arrays[name], files[path.name] = read_idx(path, 3 if "images" in name else 1)
        except UserError as error:
            faults.append(str(error))
    faults += _mismatches(paths, arrays)
    labels = [fault for fault in _label_faults(paths, arrays) if labels_from_zero]
    names, name_faults = _class_names(folder, arrays.get(TRAIN_LABELS) if not labels else None)
    return IdxFolder(paths, arrays, files, names, (*faults, *labels, *name_faults))


def find_files(folder: Path) -> tuple[dict[str, Path], list[str]]:
    """`(paths, faults)`: where each of the four files lies, packed (`.gz`) or plain, and which are missing."""
    try:
        present = {path.name for path in folder.iterdir() if path.is_file()}
    except FileNotFoundError:
        return {}, [f"{folder}: no such folder; expected one with {TRAIN_IMAGES} and its siblings"]
    except NotADirectoryError:
        return {}, [f"{folder}: is a file; expected a folder with {TRAIN_IMAGES} and its siblings"]
    except OSError as error:
        return {}, [str(os_error(folder, error))]
    either = {name: [here for here in (name, name.removesuffix(".gz")) if here in present] for name in FILES}
    missing = [name for name, here in either.items() if not here]
    other = next((name for name in sorted(present) if standard_name(name) in missing), None) if missing else None
    hint = f"; {other} is there: `pw13 data import` takes such names" if other else ""
    faults = [f"{folder}: missing {', '.join(missing)}{hint}"] if missing else []
    return {name: folder / here[0] for name, here in either.items() if here}, faults


def standard_name(name: str) -> str | None:
    """Which of the four files a file of this name is, or None."""
    match = IDX_NAME.fullmatch(name)
    if not match:
        return None
    part = "train" if match[1].lower() == "train" else "t10k"
    return next(file for file in FILES if file.startswith(f"{part}-{match[2].lower()}"))


def _mismatches(paths: dict[str, Path], arrays: dict[str, np.ndarray]) -> Iterator[str]:
    """Files that do not fit one another: counts and image sizes."""
    for images, labels in ((TRAIN_IMAGES, TRAIN_LABELS), (TEST_IMAGES, TEST_LABELS)):
        if images in arrays and labels in arrays and len(arrays[images]) != len(arrays[labels]):
            yield f"{paths[labels]}: {len(arrays[images]):,} images but {len(arrays[labels]):,} labels"
    if TRAIN_IMAGES in arrays and TEST_IMAGES in arrays:
        train, test = ("x".join(map(str, arrays[name].shape[1:])) for name in (TRAIN_IMAGES, TEST_IMAGES))
        if train != test:
            yield f"{paths[TEST_IMAGES]}: test images of {test} pixels, training images of {train}; expected the same"


def _label_faults(paths: dict[str, Path], arrays: dict[str, np.ndarray]) -> Iterator[str]:
    """Training labels other than 0 to K-1 without gaps; else test labels that no training image has."""
    if TRAIN_LABELS not in arrays:
        return
    fault = label_fault(arrays[TRAIN_LABELS])
    if fault:
        yield f"{paths[TRAIN_LABELS]}: {fault}"
    elif TEST_LABELS in arrays:
        foreign = np.setdiff1d(arrays[TEST_LABELS], arrays[TRAIN_LABELS])
        if len(foreign):
            listed = ", ".join(map(str, foreign[:5])) + (", ..." if len(foreign) > 5 else "")
            known = f"training labels are 0 to {arrays[TRAIN_LABELS].max()}"
            yield f"{paths[TEST_LABELS]}: test label {listed} has no training image; {known}"


def label_fault(labels: np.ndarray) -> str | None:
    """What is wrong with training labels `(n,)` that should be 0 to K-1 without gaps, or None."""
    present = np.unique(labels)
    gaps = np.flatnonzero(present != np.arange(len(present)))
    if not len(gaps):
        return None
    if len(present) == 1:
        return (
            f"the training labels hold only one class, {present[0]}; a classifier needs at least two classes, "
            "numbered from 0 without gaps"
        )
    wanted = f"expected 0 to {len(present) - 1} without gaps"
    if present[0] > 0 and present[-1] - present[0] == len(present) - 1:
        return f"labels {present[0]} to {present[-1]}, {wanted}; `pw13 data import` shifts them"
    value = present[gaps[0]]
    row = int(np.flatnonzero(labels == value)[0])
    return (
        f"labels from {present[0]} to {present[-1]} of {len(present)} classes, {wanted}; label {value} "
        f"(first at position {row:,}) leaves a gap, {gaps[0]} is missing"
    )


def _class_names(folder: Path, labels: np.ndarray | None) -> tuple[tuple[str, ...] | None, list[str]]:
    """`(names, faults)` of classes.txt; no names where there is no such file or no labels to name."""
    path = folder / CLASSES
    if labels is None or not path.is_file():
        return None, []
    names, faults = read_names(path)
    count = int(labels.max()) + 1
    if names and len(names) != count:
        faults = [f"{path}: {len(names)} class names, but the labels have {count} classes"]
    return names or None, faults


def read_names(path: Path) -> tuple[tuple[str, ...], list[str]]:
    """`(names, faults)`: the lines of a classes.txt, none where it cannot be read, and what is wrong with them."""
    try:
        with open(path, "rb") as file:
            text = file.read(MAX_NAMES_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return (), [f"{path}: byte {error.start + 1} is not UTF-8"]
    except OSError as error:
        return (), [str(os_error(path, error))]
    names = [line.rstrip("\r") for line in text.removesuffix("\n").split("\n")]
    faults = [
        f"{path}: line {number}: {name!r} is empty, a repeat or not printable"
        for number, name in enumerate(names, 1)
        if not name.strip() or not name.isprintable() or name in names[: number - 1]
    ]
    return tuple(names), faults


def write_names(folder: Path, names: tuple[str, ...]) -> None:
    """Write classes.txt."""
    (folder / CLASSES).write_text("".join(name + "\n" for name in names), "utf-8", newline="\n")
