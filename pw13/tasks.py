"""What a sweep asks of a worker, and what it is told."""

from pathlib import Path
from typing import Any, NamedTuple

INTERRUPTED = "interrupted"
DIED = "its worker died"


class Task(NamedTuple):
    """One point: where it lies, what it is, where its data are and their sha256, the versions it is to be made with."""

    folder: Path
    kind: str
    settings: dict[str, Any]
    places: dict[str, str]
    sha256: str
    versions: dict[str, str]


class Ended(NamedTuple):
    """A task that ended: `trouble` is None when its run is complete, else what went wrong, DIED or INTERRUPTED."""

    task: Task
    trouble: str | None
