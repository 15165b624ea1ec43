"""A lock on a folder, held by one process at a time; the system releases it when that process ends, even by a kill.

It is a lock on the file `.lock` in the folder, which also works on network shares that have locks. Where the file
system has none, every lock is granted.
"""

import contextlib
import os
import sys
import time
from pathlib import Path

NAME = ".lock"
RETRY = 0.05  # seconds between attempts
PATIENCE = 0.5  # seconds; `is_locked` of another process holds the lock for an instant


_held: dict[tuple[int, int], int] = {}  # descriptors of the lock files of this process, by device and inode


def acquire(folder: Path) -> bool:
    """Lock a folder for this process; return whether it could, which is not so while another process holds the lock.

    Raises:
        OSError: the folder is missing or not writable.
    """
    until = time.monotonic() + PATIENCE
    while _identity(folder) not in _held:
        descriptor = os.open(folder / NAME, os.O_RDWR | os.O_CREAT, 0o666)
        if _try_lock(descriptor, shared=False) is not False and (identity := _identity(folder)) == _of(descriptor):
            _held[identity] = descriptor
            return True
        os.close(descriptor)  # held by another process, or deleted by the one that held it before
        if time.monotonic() > until:
            return False
        time.sleep(RETRY)
    return True


def release(folder: Path) -> None:
    """Release the lock of a folder, which may have been renamed since `acquire`, and delete its file."""
    descriptor = _held.pop(_identity(folder), None)
    if descriptor is not None:
        with contextlib.suppress(OSError):  # Windows deletes no open file
            (folder / NAME).unlink()
        os.close(descriptor)


def is_locked(folder: Path) -> bool | None:
    """Return whether a process holds the lock of a folder; None if there is no lock to ask."""
    try:
        descriptor = os.open(folder / NAME, os.O_RDONLY)
    except OSError:
        return None
    try:
        free = _try_lock(descriptor, shared=True)
    finally:
        os.close(descriptor)
    return None if free is None else not free


def _identity(folder: Path) -> tuple[int, int]:
    """Return device and inode of the lock file of a folder, (0, 0) if there is none."""
    try:
        status = (folder / NAME).stat()
    except OSError:
        return 0, 0
    return status.st_dev, status.st_ino


def _of(descriptor: int) -> tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int, *, shared: bool) -> bool | None:
        """Lock the first byte; return whether that succeeded."""
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(descriptor: int, *, shared: bool) -> bool | None:
        """Lock a file; return whether that succeeded, None if its file system has no locks."""
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            return False
        except OSError:
            return None
        return True
