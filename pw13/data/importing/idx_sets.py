"""Convert an IDX set with other names or labels into one that pw13 reads."""

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from pw13.data.images.idx import format_size, read_idx, refuse_too_large, write_idx
from pw13.data.images.idx_folder import CLASSES, read_class_names, standard_name, write_class_names
from pw13.data.importing.options import ImportOptions, source_record
from pw13.data.importing.picture_files import ReportProgress
from pw13.data.published import FILES, TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS
from pw13.data.source import os_error
from pw13.data.staging import Progress
from pw13.errors import UserError

IMAGES_PER_BLOCK = 4096  # images transposed and scaled together
MAPPING_PATTERN = "*mapping.txt"  # of EMNIST: a line per class with its label and the code points of its letter
MAX_MAPPING_BYTES = 1 << 16


def find_idx_set(folder: Path) -> dict[str, Path] | None:
    """Find the four IDX files in `folder` under MNIST's or EMNIST's names; return None if there are none.

    Raises:
        UserError: some of the four are missing, or there are two of one.
    """
    candidates: dict[str, list[Path]] = {name: [] for name in FILES}
    for path in sorted(folder.iterdir()):
        name = standard_name(path.name)
        if name and path.is_file():
            candidates[name].append(path)
    if not any(candidates.values()):
        return None
    for name, paths in candidates.items():
        if len(paths) != 1:
            fault = f"both {paths[0].name} and {paths[1].name} exist" if paths else f"missing {name} or an equivalent"
            raise UserError(f"{folder}: {fault}; expected the four files of one IDX set")
    return {name: paths[0] for name, paths in candidates.items()}


def convert(
    source: Path, paths: dict[str, Path], target: Path, options: ImportOptions, progress: Progress
) -> dict[str, Any]:
    """Write the set into `target` with labels 0 to K-1 and return its record; test images stay test images.

    Raises:
        UserError: a file is corrupt, or the four do not match.
    """
    arrays = {name: read_idx(path, 3 if "images" in name else 1)[0] for name, path in paths.items()}
    values = np.unique(arrays[TRAIN_LABELS])
    unknown = np.setdiff1d(arrays[TEST_LABELS], values)
    if len(unknown):
        raise UserError(f"{paths[TEST_LABELS]}: test label {unknown[0]} has no training image")
    new_labels = {name: np.searchsorted(values, arrays[name]) for name in (TRAIN_LABELS, TEST_LABELS)}
    shape, test_shape = (_shape(arrays[name], options) for name in (TRAIN_IMAGES, TEST_IMAGES))
    if shape != test_shape:
        train, test = format_size(shape), format_size(test_shape)
        raise UserError(f"{source}: training images are {train} pixels, test images {test}; use --size 28 to scale all")
    parts = ((TRAIN_IMAGES, TRAIN_LABELS), (TEST_IMAGES, TEST_LABELS))
    for images_name, labels_name in parts:
        images, labels = arrays[images_name], new_labels[labels_name]
        if len(images) != len(labels):
            raise UserError(f"{paths[labels_name]}: {len(images):,} images but {len(labels):,} labels")
        refuse_too_large(paths[images_name], (len(images), *shape))
    for images_name, labels_name in parts:
        images, labels = arrays[images_name], new_labels[labels_name]
        report = functools.partial(progress, images_name)
        write_idx(target / images_name, (len(images), *shape), _blocks(images, options, report))
        write_idx(target / labels_name, labels.shape, [labels.astype(np.uint8)])
    names = _class_names(source, values)
    write_class_names(target, names)
    record = source_record(source, names, new_labels[TRAIN_LABELS], new_labels[TEST_LABELS], shape)
    return {**record, "old_labels": values.tolist(), "notes": list(_notes(source, paths, options))}


def _notes(source: Path, paths: dict[str, Path], options: ImportOptions) -> Iterator[str]:
    named = any("emnist" in path.name.lower() for path in (source, *paths.values()))
    if named and not options.transpose:
        yield "EMNIST's images lie on their side, as its files have rows and columns swapped; use --transpose"


def _shape(images: np.ndarray, options: ImportOptions) -> tuple[int, int]:
    """Return height and width of the images as they are written."""
    if options.side is not None:
        return options.side, options.side
    height, width = images.shape[1:]
    return (width, height) if options.transpose else (height, width)


def _blocks(images: np.ndarray, options: ImportOptions, report: ReportProgress) -> Iterator[np.ndarray]:
    """Yield the transposed and scaled images in blocks `(n, height, width)` uint8, and report each that is written."""
    for start in range(0, len(images), IMAGES_PER_BLOCK):
        block = images[start : start + IMAGES_PER_BLOCK]
        yield _scaled(block.transpose(0, 2, 1) if options.transpose else block, options.side)
        report(start + len(block), len(images))


def _scaled(images: np.ndarray, side: int | None) -> np.ndarray:
    if side is None or images.shape[1:] == (side, side):
        return images
    from PIL import Image

    scaled = (Image.fromarray(image).resize((side, side), Image.Resampling.LANCZOS) for image in images)
    return np.stack([np.asarray(image) for image in scaled])


def _class_names(source: Path, values: np.ndarray) -> tuple[str, ...]:
    """Name the labels `values`: from classes.txt or EMNIST's mapping, else by their numbers."""
    numbers = tuple(str(value) for value in values)
    if (source / CLASSES).is_file():
        return _listed_names(source / CLASSES, values)
    mappings = sorted(source.glob(MAPPING_PATTERN))
    letters = _read_mapping(mappings[0]) if len(mappings) == 1 else {}
    names = tuple(letters.get(number, "") for number in numbers)
    return names if all(names) and len(set(names)) == len(names) else numbers


def _listed_names(path: Path, values: np.ndarray) -> tuple[str, ...]:
    """Read classes.txt, which has a line per label that occurs, or per label from 0.

    Raises:
        UserError: the number of lines matches neither, or a line is not a valid name.
    """
    names, faults = read_class_names(path)
    total = int(values.max()) + 1
    if not faults and len(names) not in (len(values), total):
        counts = " or ".join(f"{count:,}" for count in sorted({len(values), total}))
        faults = [f"{path}: {len(names)} class names, expected {counts}"]
    if faults:
        raise UserError(faults[0])
    return names if len(names) == len(values) else tuple(names[value] for value in values)


def _read_mapping(path: Path) -> dict[str, str]:
    """Read label -> letter from lines such as "1 65 97" (label, code points of the upper and lower case letter)."""
    try:
        with open(path, "rb") as file:
            lines = file.read(MAX_MAPPING_BYTES).decode("ascii", "replace").split("\n")
    except OSError as error:
        raise os_error(path, error) from None
    rows = [line.split() for line in lines]
    return {row[0]: chr(int(row[1])) for row in rows if len(row) > 1 and row[1].isdecimal() and 32 < int(row[1]) < 127}
