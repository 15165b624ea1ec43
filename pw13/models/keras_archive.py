"""Weights out of a `.keras` file, read as arrays without Keras.

A `.keras` file is a zip with an HDF5 file of arrays; nothing in it is ever run.
"""

import io
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pw13.errors import UserError
from pw13.system import files

BROKEN_ZIP = (zipfile.BadZipFile, zlib.error)


MAX_HEADER = 16 * 2**20  # bytes of the HDF5 structure beside the arrays


class WeightSpec(NamedTuple):
    """One array of a `.keras` file: its place in the HDF5 file and the shape that it must have."""

    path: str  # such as "layers/dense/vars/0"
    shape: tuple[int, ...]


def read_weights(path: Path, parts: Sequence[WeightSpec]) -> list[np.ndarray]:
    """The float32 arrays that `parts` name, in their order, out of a `.keras` file.

    Nothing but these arrays is read: links, compressed or external data and other shapes are refused, so a foreign file
    can neither run code nor fill the memory.

    Raises:
        UserError: missing, damaged, or not the model that `parts` describe; the message names the file.
    """
    import h5py

    files.check_inside(path, below=2)
    expected_bytes = sum(4 * int(np.prod(part.shape, dtype=np.int64)) for part in parts)
    weights = _read_weights_file(path, expected_bytes + MAX_HEADER)
    try:
        with h5py.File(io.BytesIO(weights), "r") as file:
            return [_array(file, part, path) for part in parts]
    except (OSError, RuntimeError, ValueError, KeyError):
        raise UserError(f"{path}: damaged: its weights cannot be read") from None


def _read_weights_file(path: Path, most: int) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive:
            member = archive.getinfo("model.weights.h5")
            if member.file_size > most:
                raise UserError(f"{path}: holds {member.file_size:,} bytes of weights, expected at most {most:,}")
            with archive.open(member) as stream:
                data = stream.read(most + 1)
    except FileNotFoundError:
        raise UserError(f"{path}: missing") from None
    except (OSError, KeyError, ValueError, EOFError, NotImplementedError, RuntimeError, *BROKEN_ZIP):
        raise UserError(f"{path}: damaged: not a whole .keras file") from None
    if len(data) != member.file_size:
        raise UserError(f"{path}: damaged: {len(data):,} bytes of weights, {member.file_size:,} promised")
    return data


def _array(file: Any, part: WeightSpec, path: Path) -> np.ndarray:
    import h5py

    node = file
    for name in part.path.split("/"):
        link = node.get(name, getlink=True) if isinstance(node, h5py.Group) else None
        if not isinstance(link, h5py.HardLink):
            raise UserError(f"{path}: does not hold the model of its run: no {part.path}")
        node = node[name]
    if not isinstance(node, h5py.Dataset) or node.dtype != np.float32 or node.chunks or node.external:
        raise UserError(f"{path}: does not hold the model of its run: {part.path} is not a plain float32 array")
    if node.shape != part.shape:
        raise UserError(f"{path}: does not hold the model of its run: {part.path} {node.shape}, expected {part.shape}")
    return node[()]
