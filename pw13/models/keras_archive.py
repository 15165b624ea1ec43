"""Read the weights in a `.keras` file as arrays, without Keras.

A `.keras` file is a zip with an HDF5 file of arrays; nothing in it is ever executed.
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

ZIP_ERRORS = (zipfile.BadZipFile, zlib.error)
MAX_HEADER = 16 * 2**20  # bytes of HDF5 structure besides the arrays


class WeightSpec(NamedTuple):
    """One array of a `.keras` file: its path in the HDF5 file and its expected shape."""

    path: str  # such as "layers/dense/vars/0"
    shape: tuple[int, ...]


def read_weights(path: Path, specs: Sequence[WeightSpec]) -> list[np.ndarray]:
    """Read the float32 arrays that `specs` name, in their order, from a `.keras` file.

    Nothing else is read: links, compressed or external data and other shapes are refused, so a foreign file can neither
    run code nor fill the memory.

    Raises:
        UserError: missing, corrupt, or not the model that `specs` describe; the message names the file.
    """
    import h5py

    files.check_inside(path, below=2)
    expected_bytes = sum(4 * int(np.prod(spec.shape, dtype=np.int64)) for spec in specs)
    weights = _read_weights_file(path, expected_bytes + MAX_HEADER)
    try:
        with h5py.File(io.BytesIO(weights), "r") as file:
            return [_read_array(file, spec, path) for spec in specs]
    except UserError:
        raise
    except Exception:  # a corrupt header makes HDF5 raise almost anything, such as OverflowError
        raise UserError(f"{path}: corrupt: cannot read its weights") from None


def _read_weights_file(path: Path, max_bytes: int) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive:
            member = archive.getinfo("model.weights.h5")
            if member.file_size > max_bytes:
                raise UserError(f"{path}: {member.file_size:,} bytes of weights, expected at most {max_bytes:,}")
            with archive.open(member) as stream:
                data = stream.read(max_bytes + 1)
    except FileNotFoundError:
        raise UserError(f"{path}: missing") from None
    except (OSError, KeyError, ValueError, EOFError, NotImplementedError, RuntimeError, *ZIP_ERRORS):
        raise UserError(f"{path}: corrupt: not a complete .keras file") from None
    if len(data) != member.file_size:
        raise UserError(f"{path}: corrupt: {len(data):,} bytes of weights, expected {member.file_size:,}")
    return data


def _read_array(file: Any, spec: WeightSpec, path: Path) -> np.ndarray:
    import h5py

    mismatch = f"{path}: does not match the model in config.json"
    node = file
    for name in spec.path.split("/"):
        link = node.get(name, getlink=True) if isinstance(node, h5py.Group) else None
        if not isinstance(link, h5py.HardLink):
            raise UserError(f"{mismatch}: no {spec.path}")
        node = node[name]
    if not isinstance(node, h5py.Dataset) or node.dtype != np.float32 or node.chunks or node.external:
        raise UserError(f"{mismatch}: {spec.path} is not a plain float32 array")
    if node.shape != spec.shape:
        raise UserError(f"{mismatch}: {spec.path} has shape {node.shape}, expected {spec.shape}")
    array: np.ndarray = node[()]
    return array
