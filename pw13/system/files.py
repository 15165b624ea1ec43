"""Atomic writes: a file is always complete, whatever kills the process or fills the disk.

Everything in a run folder is written by `write_atomic`. The operations that change the disk are methods of `FileOps`,
so that a test can substitute one that fails, truncates or kills at any of them.
"""

import codecs
import contextlib
import errno
import io
import json
import math
import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from pw13.errors import UserError


class FileOps:
    """The operations that change the disk, one call each, so that a test can make each fail."""

    def write(self, file: BinaryIO, data: bytes | memoryview) -> None:
        """Write all of `data`: on a full disk a write first falls short without an error; only the next one fails."""
        rest = memoryview(data)
        while rest:
            rest = rest[file.write(rest) :]

    def fsync(self, descriptor: int) -> None:
        os.fsync(descriptor)

    def rename(self, source: Path, target: Path) -> None:
        _patiently(os.replace, source, target)

    def unlink(self, path: Path) -> None:
        _patiently(os.unlink, path)

    def mkdir(self, path: Path) -> None:
        os.mkdir(path)


def _patiently(operation: Callable[..., None], *paths: Path) -> None:
    """Change the disk; on Windows, which refuses while another process reads the file, try again for `PATIENCE`."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return operation(*paths)
        except PermissionError:
            if not WINDOWS or time.monotonic() > until or paths[-1].is_dir():
                raise
        time.sleep(RETRY)


file_ops = FileOps()

WINDOWS = os.name == "nt"
RETRY, PATIENCE = 0.02, 1.0  # seconds between attempts and for all of them; a reader has a file open for an instant
CHUNK = 1 << 20  # bytes per write call, so that a test can truncate a write in the middle of a file

# Errors of file systems that have no sync (some network shares and FUSE); those of a failing disk are others.
NO_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)
NO_FOLDER_SYNC = (*NO_SYNC, errno.EBADF, errno.EACCES, errno.EPERM, errno.EISDIR)
NO_REPLACE = (errno.EEXIST, errno.EPERM)  # of a rename onto an existing file
ASIDE = ".old"  # ends the name of a file that is being replaced in two steps


def write_atomic(path: Path, data: bytes | memoryview) -> None:
    """Write `data` to `path` so that a reader sees the old file or the new one, never a part.

    Writes a temporary file, syncs it and renames it over the old one; then syncs the folder, so that the rename
    survives a power cut. A failure leaves the old file unchanged.

    Raises:
        OSError: the disk is full, the folder is missing or not writable.
    """
    write_together({path: data})


def write_together(contents: Mapping[Path, bytes | memoryview]) -> None:
    """Write several files as `write_atomic` does; none is replaced before all are on the disk.

    Raises:
        OSError: the disk is full, a folder is missing or not writable.
    """
    suffix = f"{os.getpid()}.{threading.get_ident()}.tmp"
    temporary = {path: path.with_name(f".{path.name}.{suffix}") for path in contents}
    path = next(iter(contents))
    try:
        for path, data in contents.items():
            with open(temporary[path], "wb", buffering=0) as file:
                for start in range(0, max(len(data), 1), CHUNK):
                    file_ops.write(file, data[start : start + CHUNK])
                sync_file(file)
        for path in contents:
            replace(temporary[path], path)
        for folder in dict.fromkeys(path.parent for path in contents):
            sync_folder(folder)
    except OSError as error:
        for left in temporary.values():
            left.unlink(missing_ok=True)
        if error.filename in (None, *map(os.fspath, temporary.values())):
            error.filename = os.fspath(path)  # the user knows the file, not where its content is first written
        raise


def check_inside(path: Path, *, below: int = 1) -> None:
    """Refuse a path that a symbolic link takes out of its run folder, `below` levels up.

    A run folder from elsewhere must not bring files from outside into a report, nor make pw13 write outside.

    Raises:
        UserError: such a link, a loop of links, or neither file nor folder (reading a pipe would never end).
    """
    if any(part.is_symlink() for part in (path, *path.parents[: below - 1])):
        try:
            inside = path.resolve().is_relative_to(path.parents[below - 1].resolve())
        except (OSError, RuntimeError):  # a loop
            inside = False
        if not inside:
            raise UserError(f"{path}: symbolic link points outside the run folder")
    if not path.is_file() and not path.is_dir() and path.exists():
        raise UserError(f"{path}: not a regular file")


def replace(source: Path, target: Path) -> None:
    """Rename onto an existing file; in two steps on file systems that cannot do it in one.

    Raises:
        OSError: a rename fails; `target` is as it was.
    """
    try:
        file_ops.rename(source, target)
    except OSError as error:
        if error.errno not in NO_REPLACE or not target.is_file():
            raise
        aside = _aside(target)
        if aside.exists():  # left by a kill before the end of an earlier write
            file_ops.unlink(aside)
        file_ops.rename(target, aside)
        try:
            file_ops.rename(source, target)
        except OSError:
            file_ops.rename(aside, target)
            raise
        file_ops.unlink(aside)


def current(path: Path) -> Path:
    """Return where the content of `path` is: there, or moved aside by a write that a kill cut off before its end."""
    return _aside(path) if not path.exists() and _aside(path).is_file() else path


def clean_up(folder: Path) -> None:
    """Remove what kills have left of writes in `folder` and below; bring back files that were moved aside.

    Raises:
        OSError: a file cannot be removed or renamed.
    """
    for left in folder.rglob(".*.tmp"):
        left.unlink(missing_ok=True)
    for aside in [path for path in folder.rglob(f".*{ASIDE}") if path.is_file()]:
        target = aside.with_name(aside.name[1:].removesuffix(ASIDE))
        if target.exists():
            file_ops.unlink(aside)
        else:
            file_ops.rename(aside, target)


def _aside(path: Path) -> Path:
    return path.with_name(f".{path.name}{ASIDE}")


def sync_file(file: BinaryIO) -> None:
    """Sync an open file to disk; a no-op on file systems without sync."""
    try:
        file_ops.fsync(file.fileno())
    except OSError as error:
        if error.errno not in NO_SYNC:
            raise


def sync_folder(folder: Path) -> None:
    """Sync the entries of `folder` to disk; a no-op where folders cannot be opened (Windows) or synced."""
    if WINDOWS:
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:  # a folder that may be written but not listed
        return
    try:
        file_ops.fsync(descriptor)
    except OSError as error:
        if error.errno not in NO_FOLDER_SYNC:
            raise
    finally:
        os.close(descriptor)


def rename_folder(source: Path, target: Path) -> None:
    """Rename a folder of files to a name that is free; file by file where the file system renames no folders.

    Raises:
        OSError: the name is taken, or a rename fails; the files are still in `source`.
    """
    try:
        file_ops.rename(source, target)
    except OSError as error:
        if error.errno not in (*NO_SYNC, errno.EXDEV, errno.EPERM):
            raise
        file_ops.mkdir(target)
        try:
            _move_files(source, target)
        except OSError:
            with contextlib.suppress(OSError):
                _move_files(target, source)
            raise
    sync_folder(target.parent)


def _move_files(source: Path, target: Path) -> None:
    """Rename every file in `source` into the folder `target`, and remove `source`."""
    for path in sorted(source.iterdir()):
        file_ops.rename(path, target / path.name)
    source.rmdir()


def expand_user(path: str | Path, option: str = "") -> Path:
    """Return a path of the user's with `~` and `~NAME` at its start expanded, which a shell does not do everywhere.

    Raises:
        UserError: no such user; `option` names the path in the message.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise UserError(f"{option} {path}: no such user".lstrip()) from None


def read_text(path: Path, option: str = "") -> str:
    """Read a user's text file in UTF-8, without a byte order mark at its start; `option` names it in messages.

    Raises:
        UserError: it cannot be read, or is in another encoding.
    """
    where = f"{option} {path}".lstrip()
    try:
        data = path.read_bytes()
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        line = data.count(b"\n", 0, error.start) + 1
        fault = "UTF-16" if utf16 else f"line {line:,} is not UTF-8"
        raise UserError(f"{where}: cannot be read: {fault}; save it as UTF-8") from None
    except OSError as error:
        raise UserError(f"{where}: cannot be read: {error.strerror}") from None


def to_json(value: Any, *, ascii_only: bool = False) -> str:
    """Return strict JSON: infinities and NaN as null, NumPy values as plain numbers."""
    return json.dumps(_to_plain(value), ensure_ascii=ascii_only, indent=2, allow_nan=False) + "\n"


def to_utf8(text: str) -> bytes:
    """Return text in UTF-8; bytes of file names that are not UTF-8 as escapes, which JSON reads back as they were."""
    return text.encode("utf-8", "backslashreplace")


def write_json(path: Path, value: Any) -> None:
    """Write strict JSON to `path`."""
    write_atomic(path, to_utf8(to_json(value)))


def write_with(path: Path, save: Callable[[BinaryIO], object]) -> None:
    """Let `save` write to a buffer, then write the buffer to `path` atomically."""
    buffer = io.BytesIO()
    save(buffer)
    write_atomic(path, buffer.getbuffer())


def _to_plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_to_plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "tolist"):  # NumPy scalars and arrays, without importing NumPy
        return _to_plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
