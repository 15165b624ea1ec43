"""Arrays as JSON for the page, and arrays of a run folder read without trusting them."""

import base64
import io
import zipfile
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from pw13.errors import UserError
from pw13.runs.record import Record
from pw13.system import files

Array = npt.NDArray[Any]

DTYPES = ("uint8", "uint16", "int32", "float32")  # that JavaScript has typed arrays for
MAX_BYTES = 64 * 2**20  # of a run's arrays; pw13 writes less


def pack(array: Array) -> dict[str, Any]:
    """Return a JSON object of an array, compressed; `page/arrays.js` unpacks it.

    float16, which JavaScript lacks, goes as uint16 with its own name.
    """
    contiguous = np.ascontiguousarray(array)
    if contiguous.dtype == np.float64:
        contiguous = contiguous.astype(np.float32)
    if contiguous.dtype != np.float16 and contiguous.dtype.name not in DTYPES:
        contiguous = contiguous.astype(np.int32)
    data = contiguous.astype(contiguous.dtype.newbyteorder("<")).tobytes()
    return {
        "array": contiguous.dtype.name,
        "shape": list(contiguous.shape),
        "data": base64.b64encode(zlib.compress(data, 6)).decode(),
    }


def read_arrays(record: Record, name: str) -> dict[str, Array]:
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
