"""A folder to make files in, beside where they will stand; it goes away whatever happens."""

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from pw13.system import signals

Progress = Callable[[str, int, int], None]  # what is worked on, how much of it is done, how much there is (0: unknown)


def silent(what: str, done: int, total: int) -> None:
    """Progress that nobody sees."""


@contextlib.contextmanager
def staging(parent: Path) -> Iterator[Path]:
    """A fresh hidden folder in `parent` (made where it is missing), removed at the end, also when a signal ends it.

    Raises:
        OSError: `parent` cannot be made or written.
    """
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".pw13-", dir=parent))
    signals.on_forced_exit(lambda: shutil.rmtree(folder, ignore_errors=True))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
