"""Arrays as JSON for the page."""

import base64
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

DTYPES = ("uint8", "uint16", "int32", "float32")  # that JavaScript has typed arrays for


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
