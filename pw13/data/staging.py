"""A temporary folder beside the destination of new files, removed whatever happens."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from pw13.system import signals

Progress = Callable[[str, int, int], None]  # called with the item's name, the amount done and the total (0 = unknown)


def silent(what: str, done: int, total: int) -> None:
    """Report no progress."""


@contextlib.contextmanager
def staging(parent: Path) -> Iterator[Path]:
    """Create a hidden folder in `parent`, which is created if missing; remove it at the end, also on a forced exit.

    Of the folders created for it, those that are still empty are removed as well.

    Raises:
        OSError: `parent` cannot be created or written.
    """
    missing = [folder for folder in (parent, *parent.parents) if not folder.exists()]
    parent.mkdir(parents=True, exist_ok=True)
    try:
        folder = Path(tempfile.mkdtemp(prefix=".pw13-", dir=parent))
    except OSError as error:
        error.filename = os.fspath(parent)
        raise
    signals.on_forced_exit(lambda: _remove(folder, missing))
    try:
        yield folder
    finally:
        _remove(folder, missing)


def _remove(folder: Path, created: list[Path]) -> None:
    """Remove a folder with its content, then each of `created`, innermost first, that is empty."""
    shutil.rmtree(folder, ignore_errors=True)
    for parent in created:
        with contextlib.suppress(OSError):
            parent.rmdir()
