"""Whole files: what stands under a name is always complete, whatever kills the process or fills the disk.

Everything in a run folder is written through `write_whole`. The operations that change the disk stand in
`Disk`, so that a test can put another one in its place and fail, tear or kill at each of them.
"""

import io
import json
import math
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from pw13.errors import UserError


class FileOps:
    """The operations that change a disk; each is one call, so that each can be made to fail."""

    def write(self, file: BinaryIO, data: bytes) -> None:
        """All of `data`: a disk that fills takes a part without a word, and fails at the next write only."""
        rest = memoryview(data)
        while rest:
            rest = rest[file.write(rest) :]

    def fsync(self, descriptor: int) -> None:
        os.fsync(descriptor)

    def rename(self, source: Path, target: Path) -> None:
        os.replace(source, target)

    def unlink(self, path: Path) -> None:
        os.unlink(path)

    def mkdir(self, path: Path) -> None:
        os.mkdir(path)


file_ops = FileOps()

CHUNK = 1 << 20  # bytes a write call takes, so that a torn write can be simulated in the middle of a file


def write_atomic(path: Path, data: bytes) -> None:
    """Put `data` under `path` so that a reader sees the old file or the new one and never a part.

    Written beside, synced, renamed over the old file; then the folder is synced, so that the new name survives a
    power cut. A failure leaves the old file as it was.

    Raises:
        OSError: the disk is full, the folder is gone or not writable.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.tmp")
    try:
        with open(beside, "wb", buffering=0) as file:
            for start in range(0, max(len(data), 1), CHUNK):
                file_ops.write(file, data[start : start + CHUNK])
            file_ops.fsync(file.fileno())
        file_ops.rename(beside, path)
        sync_folder(path.parent)
    except OSError as error:
        beside.unlink(missing_ok=True)
        error.filename = error.filename or os.fspath(path)
        raise


def check_inside(path: Path, *, below: int = 1) -> None:
    """Refuse what stands in a run folder, `below` folders above it, where a link leads out of that folder.

    A folder that came from somewhere else must not bring what lies beside it into a report, nor have pw13 write there.

    Raises:
        UserError: such a link, a loop of links, or neither file nor folder (a pipe would never end).
    """
    if any(part.is_symlink() for part in (path, *path.parents[: below - 1])):
        try:
            inside = path.resolve().is_relative_to(path.parents[below - 1].resolve())
        except (OSError, RuntimeError):  # a loop
            inside = False
        if not inside:
            raise UserError(f"{path}: a link that leads out of its folder; expected the file itself")
    if path.exists() and not path.is_file() and not path.is_dir():
        raise UserError(f"{path}: not a regular file")


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable; a no-op where folders cannot be opened (Windows)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        file_ops.fsync(descriptor)
    finally:
        os.close(descriptor)


def to_json(value: Any) -> str:
    """`value` as strict JSON text: infinite and undefined figures are null, NumPy numbers plain ones."""
    return json.dumps(_plain(value), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def write_json(path: Path, value: Any) -> None:
    write_atomic(path, to_json(value).encode())


def write_with(path: Path, save: Callable[[BinaryIO], object]) -> None:
    """Let `save` write into a buffer, then put the buffer under `path` in one piece."""
    buffer = io.BytesIO()
    save(buffer)
    write_atomic(path, buffer.getvalue())


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "tolist"):  # NumPy scalars and arrays, without importing NumPy
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
