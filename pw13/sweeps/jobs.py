"""Jobs: what a sweep asks of a worker, and the worker's answer."""

from pathlib import Path
from typing import Any, NamedTuple

from pw13.config import fields
from pw13.runs.folder import Run
from pw13.sweeps.folder import Sweep
from pw13.sweeps.grid import Point
from pw13.system import machine

INTERRUPTED = "interrupted"
WORKER_DIED = "worker died"


class Job(NamedTuple):
    """One point to run: its folder, kind and settings, its data and their sha256, and the required package versions."""

    folder: Path
    kind: str
    settings: dict[str, Any]
    data_paths: dict[str, str]
    sha256: str
    versions: dict[str, str]


class JobResult(NamedTuple):
    """A finished job: `error` is None if its run is complete, else a message, WORKER_DIED or INTERRUPTED."""

    job: Job
    error: str | None


def make_job(sweep: Sweep, run: Run, point: Point, sha256: str) -> Job:
    """Return the job of a point."""
    folder = (run.folder / point.name).absolute()
    return Job(folder, sweep.kind, fields.as_dict(point.settings), sweep.data_paths, sha256, machine.versions())
