"""A temporary folder beside the destination of new files, removed whatever happens."""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from pw13.system import locks, signals

PREFIX = ".pw13-staging-"  # not also that of folders of users, such as .pw13-cache
LEFT_AFTER = 3600  # seconds without a change after which an unlocked folder is a leftover of a kill

Progress = Callable[[str, int, int], None]  # called with the item's name, the amount done and the total (0 = unknown)


def silent(what: str, done: int, total: int) -> None:
    """Report no progress."""


@contextlib.contextmanager
def staging(parent: Path) -> Iterator[Path]:
    """Create a hidden folder in `parent`, which is created if missing; remove it at the end, also on a forced exit.

    Of the folders created for it, those that are still empty are removed as well. So is what kills have left in
    `parent` of folders created here.

    Raises:
        OSError: `parent` cannot be created or written.
    """
    missing = [folder for folder in (parent, *parent.parents) if not folder.exists()]
    parent.mkdir(parents=True, exist_ok=True)
    try:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    except OSError as error:
        error.filename = os.fspath(parent)
        raise
    signals.on_forced_exit(lambda: _remove(folder, missing))
    try:
        with contextlib.suppress(OSError):
            locks.acquire(folder)  # no other process takes it for a leftover, however long it is in use
        _remove_leftovers(parent)
        yield folder
    finally:
        _remove(folder, missing)


def try_folder(folder: Path) -> None:
    """Create `folder` and something in it for a moment: permissions alone do not tell whether it can be written.

    Raises:
        OSError: it cannot be created, or not be written into.
    """
    with staging(folder):
        pass


def _remove(folder: Path, created: list[Path]) -> None:
    """Remove a folder with its content, then each of `created`, innermost first, that is empty."""
    locks.release(folder)
    shutil.rmtree(folder, ignore_errors=True)
    for parent in created:
        with contextlib.suppress(OSError):
            parent.rmdir()


def _remove_leftovers(parent: Path) -> None:
    """Remove the folders of processes that were killed; what cannot be removed stays."""
    for folder in parent.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            changed = max(path.stat().st_mtime for path in (folder, *folder.rglob("*")))
            if folder.is_dir() and time.time() - changed > LEFT_AFTER and not locks.is_locked(folder):
                shutil.rmtree(folder, ignore_errors=True)
