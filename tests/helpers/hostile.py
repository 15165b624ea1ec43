"""Hostile input, and what must hold for all of it."""

import gzip
import itertools
import os
import re
import resource
import struct
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

TRACE = re.compile(r"Traceback \(most recent call last\)|^\w*(Error|Exception|Warning)\b|Exception ignored", re.M)
MAX_SECONDS = 10.0  # of CPU time; a refusal takes far less
MAX_MEMORY_MIB = 300.0  # that one command may add to the peak memory of the process


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


Pw13 = Callable[..., tuple[int, str, str]]


def attempt(pw13: Pw13, folder: Path, codes: Collection[int], *arguments: object, runs: Path | None = None) -> Outcome:
    """Run a command on hostile input in `folder`: no traceback, one line of error, bounded time and memory, no change.

    codes: the allowed exit codes. runs: a folder in which no run may appear.
    """
    before, peak, started = contents(folder), memory(), time.process_time()
    code, out, err = pw13(*arguments)
    assert code in codes, f"exit {code}, expected {codes}: {out}{err}"
    assert not TRACE.search(out + err), out + err
    if code:
        assert out or err.startswith("pw13: "), err
        assert out or len(err.strip().split("\n")) == 1, err
    assert contents(folder) == before, "the input was changed"
    assert time.process_time() - started < MAX_SECONDS
    assert memory() - peak < MAX_MEMORY_MIB
    assert runs is None or not list(runs.glob("*")), "a refused command left a run"
    return Outcome(code, out, err)


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file in a folder, by relative path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def memory() -> float:
    """Return the peak memory of this process in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def idx(array: np.ndarray, *, magic: bytes | None = None, sizes: tuple[int, ...] | None = None) -> bytes:
    """Return an IDX file of uint8 values, with another magic number or other sizes where given."""
    sizes = array.shape if sizes is None else sizes
    head = bytes([0, 0, 8, len(sizes)]) if magic is None else magic
    return head + struct.pack(f">{len(sizes)}I", *(size % 2**32 for size in sizes)) + array.tobytes()


def is_valid_idx(data: bytes, dimensions: int) -> np.ndarray | None:
    """Return the array in a gzipped IDX file, read independently of pw13; None if it is invalid."""
    try:
        plain = gzip.decompress(data)
    except (OSError, EOFError, ValueError, gzip.zlib.error):
        return None
    if plain[:4] != bytes([0, 0, 8, dimensions]) or len(plain) < 4 + 4 * dimensions:
        return None
    sizes = struct.unpack(f">{dimensions}I", plain[4 : 4 + 4 * dimensions])
    values = np.frombuffer(plain, np.uint8, offset=4 + 4 * dimensions)
    return values.reshape(sizes) if values.size == int(np.prod(sizes, dtype=object)) > 0 else None


def is_valid_set(files: dict[str, bytes]) -> bool:
    """Return whether four gzipped IDX files are a valid image set: counts, sizes and labels match."""
    arrays = [is_valid_idx(data, 3 if "images" in name else 1) for name, data in files.items()]
    if any(array is None for array in arrays):
        return False
    train, labels, test, test_labels = arrays
    known = np.unique(labels)
    return (
        len(train) == len(labels)
        and len(test) == len(test_labels)
        and train.shape[1:] == test.shape[1:]
        and np.array_equal(known, np.arange(len(known)))
        and bool(np.isin(test_labels, known).all())
    )


def write_keras(path: Path, arrays: dict[str, np.ndarray], *, member: str = "model.weights.h5") -> None:
    """Write a `.keras` file with these arrays by path, without Keras."""
    import io
    import zipfile

    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for path_in_file, array in arrays.items():
            file[path_in_file] = array
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", "{}")
        archive.writestr("config.json", "{}")
        archive.writestr(member, buffer.getvalue())


FEW = 30


MANY = int(os.environ.get("PW13_MUTANTS", "500"))


numbers = itertools.count()


def examples(count: int):
    """Return hypothesis settings for `count` mutants; the short form is deterministic."""
    unhealthy = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(
        max_examples=count, deadline=None, derandomize=count == FEW, database=None, suppress_health_check=unhealthy
    )


VALUES = st.sampled_from(
    [None, True, False, -1, 0, 2, 10**30, 1e308, -1e308, "", "x", "\n", "\0", "\ud800", "\x1b[31m", "[red]", "../../x",
     "/etc/passwd", [], [1], [[]], [None], {}, {"a": 1}, {"a": {"b": []}}, "completed", "running", "charrnn",
     "sweep-charrnn", "a" * 5000]
)  # fmt: skip


def paths_in(value: object, prefix: tuple = ()) -> list[tuple]:
    """Return the path of everything inside a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [prefix] + [path for key, item in inner for path in paths_in(item, (*prefix, key))]
