"""A cache for arrays that follow from data and settings alone: checksummed, bounded, and never needed.

It lies in `$PW13_CACHE_DIR`, else in the user's cache folder. A file that is corrupt is made again, one that cannot be
written is done without: results are the same with the cache and without it.
"""

import contextlib
import hashlib
import io
import json
import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pw13.system import files

Arrays = dict[str, npt.NDArray[Any]]

LEFT_AFTER = 3600  # seconds after which a temporary file is a leftover of a kill
CHECKSUM = "sha256"  # the entry of a cache file that holds the checksum of the others


def folder() -> Path:
    """Return the folder of the cache; it need not exist."""
    import platformdirs

    variable = os.environ.get("PW13_CACHE_DIR")
    return files.expand_user(variable, "PW13_CACHE_DIR") if variable else Path(platformdirs.user_cache_dir("pw13"))


def cached(kind: str, key: Mapping[str, Any], make: Callable[[], Arrays], *, max_bytes: int) -> Arrays:
    """Return the arrays that `make` makes, from the cache if they are there.

    kind: the first part of the file's name. key: all that the arrays depend on, the version of the code that makes
    them included, as JSON can hold it. max_bytes: of all files of this kind; the least recently used ones go.
    """
    name = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:24]
    path = folder() / f"{kind}-{name}.npz"
    found = _read(path)
    if found is not None:
        return found
    arrays = make()
    _write(path, arrays, kind, max_bytes)
    return arrays


def cached_json(kind: str, key: Mapping[str, Any], make: Callable[[], Any], *, max_bytes: int) -> Any:
    """Return what `make` makes, as JSON holds it, from the cache if it is there; see `cached`."""

    def encoded() -> Arrays:
        return {"json": np.frombuffer(json.dumps(make()).encode(), np.uint8)}

    return json.loads(cached(kind, key, encoded, max_bytes=max_bytes)["json"].tobytes())


def digest(*arrays: npt.NDArray[Any]) -> str:
    """Return a sha256 of dtypes, shapes and values."""
    sha256 = hashlib.sha256()
    for array in arrays:
        sha256.update(f"{array.dtype.str} {array.shape}".encode())
        sha256.update(np.ascontiguousarray(array).data)
    return sha256.hexdigest()


def _read(path: Path) -> Arrays | None:
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        checksum = str(arrays.pop(CHECKSUM))
        if checksum != _checksum(arrays):
            return None
        with contextlib.suppress(OSError):  # another user's file
            os.utime(path)  # used now
    except Exception:  # a corrupt file makes NumPy's reader raise almost anything, and it is only a cache
        return None
    return arrays


def _write(path: Path, arrays: Arrays, kind: str, max_bytes: int) -> None:
    if sum(array.nbytes for array in arrays.values()) > max_bytes:
        return
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{**arrays, CHECKSUM: np.array(_checksum(arrays))})
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_atomic(path, buffer.getbuffer())  # no copy: a language model is large
        _drop_oldest(path.parent.glob(f"{kind}-*.npz"), max_bytes)
        for left in path.parent.glob(".*.npz.*.tmp"):
            if time.time() - left.stat().st_mtime > LEFT_AFTER:
                left.unlink(missing_ok=True)


def _drop_oldest(paths: Iterable[Path], max_bytes: int) -> None:
    newest_first = sorted(paths, key=lambda path: path.stat().st_mtime, reverse=True)
    total = 0
    for path in newest_first:
        total += path.stat().st_size
        if total > max_bytes:
            path.unlink(missing_ok=True)


def _checksum(arrays: Arrays) -> str:
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
