"""Jobs: what a sweep asks of a worker, and the worker's answer."""

from pathlib import Path
from typing import Any, NamedTuple

from pw13.config import fields
from pw13.console import Note
from pw13.errors import OptionError
from pw13.runs.folder import Run
from pw13.sweeps.folder import Sweep
from pw13.sweeps.grid import Point
from pw13.system import machine
from pw13.system.device import visible_gpus

# Convolutions keep their threads busy, the small products of the other models do not: those get one run per core.
# Measured on two cores (AMD EPYC) when points still drew figures, one job against two: 27 char-RNN points (8,000 names,
# 1 to 3 epochs) 204 s against 152 s (speed-up 1.34), 4 dense points (60 epochs) 86 s against 63 s (1.36),
# 2 convolutional points (1,500 images, one thread each) 132 s against 91 s (1.45). One job by itself used 1.3 cores.
# On two cores of an Intel Xeon, without figures: the 27 points 81 and 84 s with one job, 47 and 55 s with two (1.6).
MULTITHREADED_KINDS = ("conv-dae",)

INTERRUPTED = "interrupted"
WORKER_DIED = "worker died"
MAX_JOBS = 1024


class Job(NamedTuple):
    """One run to make: its folder, kind and settings, its data and their sha256, and the required package versions.

    lean: whether the run leaves out what no sweep compares. started: when, of a new run, whose folder must not exist
    yet; None for one that is resumed if it exists.
    """

    folder: Path
    kind: str
    settings: dict[str, Any]
    data_paths: dict[str, Any]
    sha256: str
    versions: dict[str, str]
    lean: bool = True
    started: str | None = None


class JobResult(NamedTuple):
    """A finished job: `error` is None if its run is complete, else a message, WORKER_DIED or INTERRUPTED.

    notes: what the worker would have told a user. refused: whether an option was out of range.
    """

    job: Job
    error: str | None
    notes: tuple[Note, ...] = ()
    refused: bool = False


def make_job(sweep: Sweep, run: Run, point: Point, sha256: str, *, lean: bool = True) -> Job:
    """Return the job of a point."""
    folder = (run.folder / point.name).absolute()
    return Job(folder, sweep.kind, fields.as_dict(point.settings), sweep.data_paths, sha256, machine.versions(), lean)


def check_jobs(jobs: int | None) -> None:
    """Refuse a number of jobs out of range.

    Raises:
        OptionError: names --jobs.
    """
    if jobs is not None and not 1 <= jobs <= MAX_JOBS:
        raise OptionError(f"--jobs: expected an integer from 1 to {MAX_JOBS}, received {jobs}")


def parallel_jobs(sweep: Sweep, jobs: int | None) -> int:
    """Return how many points to run at a time: `jobs` if given, else one per core, per `threads` cores, or per GPU.

    Raises:
        OptionError: `jobs` is out of range.
    """
    check_jobs(jobs)
    if any(point.settings.device == "gpu" for point in sweep.points):
        return min(jobs or max(1, len(visible_gpus())), len(sweep.points))
    threads = max(point.settings.threads for point in sweep.points) if sweep.kind in MULTITHREADED_KINDS else 1
    return min(jobs or max(1, machine.cores() // threads), len(sweep.points))
