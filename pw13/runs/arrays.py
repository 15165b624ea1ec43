"""Arrays of a run folder, read without trusting them."""

import io
import zipfile
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from pw13.errors import UserError
from pw13.runs.record import Record
from pw13.system import files

MAX_BYTES = 64 * 2**20  # of a run's arrays; pw13 writes less


def read_arrays(record: Record, name: str) -> dict[str, npt.NDArray[Any]]:
    """Read `checkpoints/NAME.npz` of a run; empty if the run has none, as those of earlier versions.

    Raises:
        UserError: corrupt, or larger than pw13 writes; the message names the file.
    """
    path = record.folder / "checkpoints" / f"{name}.npz"
    files.check_inside(path, below=2)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UserError(f"{path}: larger than {MAX_BYTES:,} bytes")
        data = io.BytesIO(path.read_bytes())
        if sum(member.file_size for member in zipfile.ZipFile(data).infolist()) > MAX_BYTES:
            raise UserError(f"{path}: larger than {MAX_BYTES:,} bytes")
        with np.load(data, allow_pickle=False) as arrays:
            return {key: arrays[key] for key in arrays.files}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, EOFError, NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error):
        raise UserError(f"{path}: corrupt") from None
