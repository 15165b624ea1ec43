"""Memory: how much is free, and arrays that other libraries can use without a copy."""

import contextlib
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

GROUP = Path("/sys/fs/cgroup")
ALIGNMENT = 64  # bytes, that TensorFlow's kernels may rely on


def free_memory() -> int:
    """Return the bytes that are free for a process, within the limit of its control group."""
    import psutil

    return min([int(psutil.virtual_memory().available), *_free_in_group()])


def _free_in_group() -> Iterator[int]:
    """Yield the free bytes of the control group (version 2, of a container or a service), if it has a limit."""
    with contextlib.suppress(OSError, ValueError):
        limit = int((GROUP / "memory.max").read_text())
        facts = dict(line.split() for line in (GROUP / "memory.stat").read_text().splitlines())
        used = int((GROUP / "memory.current").read_text()) - int(facts["inactive_file"])
        yield max(0, limit - used)


def is_aligned(array: npt.NDArray[np.generic]) -> bool:
    """Return whether the array is contiguous and starts at a multiple of `ALIGNMENT`."""
    return bool(array.flags.c_contiguous) and (array.size == 0 or array.ctypes.data % ALIGNMENT == 0)


def aligned_empty(shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[np.generic]:
    """Return a new array that `is_aligned`, with undefined values."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    memory = np.empty(size + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + size].view(dtype).reshape(shape)
