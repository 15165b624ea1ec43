"""Turn an IDX set under other names, or with other labels, into one that pw13 reads."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from pw13.data.images.idx import read_idx, write_idx
from pw13.data.images.idx_folder import CLASSES, read_names, standard_name, write_names
from pw13.data.importing.options import ImportOptions, parse_size, source_record
from pw13.data.published import FILES, TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS
from pw13.data.source import os_error
from pw13.errors import UserError

BLOCK = 4096  # images turned and scaled together
MAPPING = "*mapping.txt"  # EMNIST's: a line a class, its label and the code points of its letter
MAX_MAPPING_BYTES = 1 << 16


def find_idx_set(folder: Path) -> dict[str, Path] | None:
    """The four IDX files in `folder` under MNIST's or EMNIST's names, or None where there are none.

    Raises:
        UserError: some of the four are missing, or one is there twice.
    """
    found: dict[str, list[Path]] = {name: [] for name in FILES}
    for path in sorted(folder.iterdir()):
        name = standard_name(path.name)
        if name and path.is_file():
            found[name].append(path)
    if not any(found.values()):
        return None
    for name, paths in found.items():
        if len(paths) != 1:
            what = f"{paths[0].name} and {paths[1].name} are both there" if paths else f"missing {name} or the like"
            raise UserError(f"{folder}: {what}; expected the four files of one IDX set")
    return {name: paths[0] for name, paths in found.items()}


def convert(source: Path, paths: dict[str, Path], ready: Path, choice: ImportOptions) -> dict[str, Any]:
    """Write the set into `ready` with labels 0 to K-1 and return what was done; the test file stays the test file.

    Raises:
        UserError: a file is damaged, or the four do not fit one another.
    """
    arrays = {name: read_idx(path, 3 if "images" in name else 1)[0] for name, path in paths.items()}
    values = np.unique(arrays[TRAIN_LABELS])
    foreign = np.setdiff1d(arrays[TEST_LABELS], values)
    if len(foreign):
        raise UserError(f"{paths[TEST_LABELS]}: test label {foreign[0]} has no training image")
    new = {name: np.searchsorted(values, arrays[name]) for name in (TRAIN_LABELS, TEST_LABELS)}
    shapes = []
    for images_name, labels_name in ((TRAIN_IMAGES, TRAIN_LABELS), (TEST_IMAGES, TEST_LABELS)):
        images, labels = arrays[images_name], new[labels_name]
        if len(images) != len(labels):
            raise UserError(f"{paths[labels_name]}: {len(images):,} images but {len(labels):,} labels")
        shapes.append(_shape(images, choice))
        write_idx(ready / images_name, (len(images), *shapes[-1]), _blocks(images, choice))
        write_idx(ready / labels_name, labels.shape, [labels.astype(np.uint8)])
    if shapes[0] != shapes[1]:
        sizes = " and ".join(map(parse_size, shapes))
        raise UserError(f"{source}: training and test images of {sizes} pixels; --size 28 scales all to one size")
    names = _class_names(source, values)
    write_names(ready, names)
    facts = source_record(source, choice, names, new[TRAIN_LABELS], new[TEST_LABELS], shapes[0])
    return {**facts, "old_labels": values.tolist()}


def _shape(images: np.ndarray, choice: ImportOptions) -> tuple[int, ...]:
    if choice.side is not None:
        return choice.side, choice.side
    return images.shape[:0:-1] if choice.transpose else images.shape[1:]


def _blocks(images: np.ndarray, choice: ImportOptions) -> Iterator[np.ndarray]:
    """The images as chosen, some thousand at a time: `(n, height, width)` uint8."""
    for start in range(0, len(images), BLOCK):
        block = images[start : start + BLOCK]
        yield _scaled(block.transpose(0, 2, 1) if choice.transpose else block, choice.side)


def _scaled(images: np.ndarray, side: int | None) -> np.ndarray:
    if side is None or images.shape[1:] == (side, side):
        return images
    from PIL import Image

    scaled = (Image.fromarray(image).resize((side, side), Image.Resampling.LANCZOS) for image in images)
    return np.stack([np.asarray(image) for image in scaled])


def _class_names(source: Path, values: np.ndarray) -> tuple[str, ...]:
    """Names for the labels `values`: those of classes.txt or of EMNIST's mapping, else the labels themselves."""
    numbers = tuple(str(value) for value in values)
    if (source / CLASSES).is_file():
        return _listed(source / CLASSES, values)
    mappings = sorted(source.glob(MAPPING))
    letters = _letters(mappings[0]) if len(mappings) == 1 else {}
    names = tuple(letters.get(number, "") for number in numbers)
    return names if all(names) and len(set(names)) == len(names) else numbers


def _listed(path: Path, values: np.ndarray) -> tuple[str, ...]:
    """The lines of classes.txt: one a label that occurs, or one a label from 0 on.

    Raises:
        UserError: their number fits neither way, or a line is no name.
    """
    names, faults = read_names(path)
    highest = int(values.max()) + 1
    if not faults and len(names) not in (len(values), highest):
        counts = " or ".join(f"{count:,}" for count in sorted({len(values), highest}))
        faults = [f"{path}: {len(names)} class names, expected {counts}"]
    if faults:
        raise UserError(faults[0])
    return names if len(names) == len(values) else tuple(names[value] for value in values)


def _letters(path: Path) -> dict[str, str]:
    """Label -> letter, from lines such as "1 65 97" (label, code points of the capital and the small letter)."""
    try:
        with open(path, "rb") as file:
            lines = file.read(MAX_MAPPING_BYTES).decode("ascii", "replace").split("\n")
    except OSError as error:
        raise os_error(path, error) from None
    rows = [line.split() for line in lines]
    return {row[0]: chr(int(row[1])) for row in rows if len(row) > 1 and row[1].isdecimal() and 32 < int(row[1]) < 127}
