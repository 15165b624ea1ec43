"""What a sweep asks of a worker, and what it is told."""

from pathlib import Path
from typing import Any, NamedTuple

from pw13.config import fields
from pw13.runs.folder import Run
from pw13.sweeps.folder import Sweep
from pw13.sweeps.grid import Point
from pw13.system import machine

INTERRUPTED = "interrupted"
WORKER_DIED = "its worker died"


class Job(NamedTuple):
    """One point: where it lies, what it is, where its data are and their sha256, the versions it is to be made with."""

    folder: Path
    kind: str
    settings: dict[str, Any]
    data_paths: dict[str, str]
    sha256: str
    versions: dict[str, str]


class JobResult(NamedTuple):
    """A task that ended: `trouble` is None when its run is complete, else what went wrong, DIED or INTERRUPTED."""

    job: Job
    error: str | None


def make_job(sweep: Sweep, run: Run, point: Point, sha256: str) -> Job:
    """The point as a worker gets it."""
    folder = (run.folder / point.name).absolute()
    return Job(folder, sweep.kind, fields.as_dict(point.settings), sweep.data_paths, sha256, machine.versions())
