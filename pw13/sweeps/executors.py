"""Executors of jobs: processes on this machine, or the workers of a Dask cluster.

An executor starts jobs while it has free slots, reports the finished ones, and can be stopped so that running ones
write their checkpoints. The order of jobs and the retries after a worker's death are up to the queue.
"""

import concurrent.futures
import contextlib
import functools
import itertools
import os
import re
import sys
import time
from collections.abc import Hashable, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any, Protocol

from pw13 import console
from pw13.errors import OptionError, UserError
from pw13.runs.record import read_run
from pw13.sweeps.jobs import INTERRUPTED, WORKER_DIED, Job, JobResult
from pw13.sweeps.worker import request_stop, run_job
from pw13.system import device, signals
from pw13.system.installation import install_hint
from pw13.system.process_pool import Worker, WorkerDied
from pw13.training.shared import FREE

DASK_ADDRESS = re.compile(r"(?:tcp|tls|wss?|ucxx?)://(?:\[[0-9a-fA-F:]+\]|[^\s:/\[\]]+):\d{1,5}/?")
WITHOUT_DASK = "to resume a sweep on this machine, repeat its sweep command with --resume and without --dask"
STOP_SECONDS = 3.5  # for points to write their checkpoints; below `signals.GRACE_SECONDS`


class Executor(Protocol):
    """What `LocalExecutor` and `DaskExecutor` have in common.

    keeps_queue: whether a started job may wait for a worker.
    """

    name: str
    keeps_queue: bool

    @property
    def free_slots(self) -> int:
        """The number of jobs that can be started now."""
        ...

    def choose(self, jobs: Sequence[Job]) -> int:
        """Return the index of the job that is best started next; there must be a free slot."""
        ...

    def start(self, job: Job) -> None:
        """Start a job; there must be a free slot."""
        ...

    def wait_finished(self, seconds: float) -> list[JobResult]:
        """Wait at most `seconds` for a job to finish; return all finished ones."""
        ...

    def stop(self) -> None:
        """Ask running points to write their checkpoints and end; wait for them."""
        ...

    def close(self) -> None:
        """Release the workers."""
        ...


# ---------------------------------------------------------------------------------------------------- this machine


class LocalExecutor:
    """`jobs` worker processes on this machine; one that dies is replaced."""

    name = "this machine"
    keeps_queue = False

    def __init__(self, jobs: int):
        self._slots = [_Slot(number) for number in range(jobs)]

    def resize(self, jobs: int) -> None:
        """Have `jobs` worker processes from now on; none may be at work."""
        for slot in self._slots[jobs:]:
            slot.close()
        self._slots = [*self._slots[:jobs], *(_Slot(number) for number in range(len(self._slots), jobs))]

    @property
    def free_slots(self) -> int:
        return sum(slot.job is None for slot in self._slots)

    def choose(self, jobs: Sequence[Job]) -> int:
        """Choose a job for which a free worker has compiled already, else one for which no other worker has."""
        free, busy = ({slot.program for slot in self._slots if (slot.job is None) == idle} for idle in (True, False))
        programs = [program(job) for job in jobs]
        known = (index for index, each in enumerate(programs) if each in free)
        new = (index for index, each in enumerate(programs) if each not in busy)
        return next(itertools.chain(known, new), 0)

    def start(self, job: Job) -> None:
        free = [slot for slot in self._slots if slot.job is None]
        min(free, key=lambda slot: slot.program != program(job)).start(job)

    def wait_finished(self, seconds: float) -> list[JobResult]:
        busy = {slot.connection: slot for slot in self._slots if slot.job is not None}
        ready = wait(list(busy), seconds)
        return [slot.finish() for connection, slot in busy.items() if connection in ready]

    def stop(self) -> None:
        until = time.monotonic() + STOP_SECONDS
        workers = [slot.worker for slot in self._slots if slot.worker is not None]
        for worker in workers:
            worker.request_stop()
        for worker in workers:
            worker.join(max(until - time.monotonic(), 0))

    def close(self) -> None:
        for slot in self._slots:
            slot.close()


class _Slot:
    """One worker process and the job that it runs; both may be None."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.job: Job | None = None
        self.program: Hashable = None  # of the last job
        self.worker: Worker[Job, JobResult] | None = None
        self._setup: tuple[int | None, str | None] = (None, None)

    @property
    def connection(self) -> Connection:
        assert self.worker is not None
        return self.worker.connection

    def start(self, job: Job) -> None:
        setup = (job.settings.get("threads"), job.settings.get("device"))
        if setup != self._setup and job.kind != "svm-eval":
            self.close()  # TensorFlow's number of threads and its device are fixed per process
        if self.worker is None:
            self.worker = Worker(_run_job, setup=functools.partial(_init_worker, self.number))
            self._setup = setup
        self.job, self.program = job, program(job)
        with contextlib.suppress(WorkerDied):  # `finish` finds out
            self.worker.send(job)

    def finish(self) -> JobResult:
        """Return the result of the job; a dead worker is removed."""
        assert self.job is not None and self.worker is not None
        job, self.job = self.job, None
        try:
            return self.worker.receive()._replace(job=job)
        except WorkerDied:
            self.close()
            return JobResult(job, WORKER_DIED)

    def close(self) -> None:
        if self.worker is not None:
            self.worker.request_stop()
            self.worker.join()
            self.worker = None


def program(job: Job) -> Hashable:
    """Return what jobs have in common that share compiled functions."""
    return tuple((name, value) for name, value in job.settings.items() if name not in FREE)


def _init_worker(number: int) -> None:
    signals.listen()
    device.take_turns(number)
    sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  the parent prints the messages


def _run_job(job: Job) -> JobResult:
    result = run_job(job)
    if result.error == INTERRUPTED:
        os._exit(143)  # no other job is to be started in this process
    return result


# ------------------------------------------------------------------------------------------------- a Dask cluster


class DaskExecutor:
    """The workers of a Dask cluster, which may come and go; points of a lost worker are resumed by another."""

    free_slots = 1_000_000
    keeps_queue = True  # the Dask scheduler does

    def __init__(self, address: str):
        if not DASK_ADDRESS.fullmatch(address):
            raise OptionError(f"--dask: expected an address such as tcp://HOST:8786, received {address!r}")
        try:
            from distributed import Client
        except ImportError:
            raise UserError(f"--dask: distributed is not installed; {install_hint('cluster')}") from None
        try:
            self._client: Any = Client(address, timeout=10, set_as_default=False)  # type: ignore[no-untyped-call]
        except (OSError, TimeoutError):
            raise UserError(f"--dask {address}: no scheduler reachable at this address; {WITHOUT_DASK}") from None
        except (ValueError, TypeError) as error:
            raise OptionError(f"--dask {address}: expected an address such as tcp://HOST:8786: {error}") from None
        self.name = f"Dask at {address}"
        self._futures: dict[Any, Job] = {}
        self._started: list[Job] = []
        if not self._client.scheduler_info()["workers"]:
            console.message(f"{self.name} has no workers yet; waiting for one")

    def choose(self, jobs: Sequence[Job]) -> int:
        return 0

    def start(self, job: Job) -> None:
        self._started.append(job)
        key = f"{job.folder.parent.name}/{job.folder.name}/{len(self._started)}"
        self._futures[self._client.submit(run_job, job, key=key, pure=False)] = job

    def wait_finished(self, seconds: float) -> list[JobResult]:
        until = time.monotonic() + seconds
        while not any(future.done() for future in self._futures) and time.monotonic() < until:
            time.sleep(min(0.1, seconds))
        if self._client.status != "running":
            raise UserError(f"{self.name}: lost the scheduler; finished points are kept; {WITHOUT_DASK}")
        return [self._finish(future) for future in list(self._futures) if future.done()]

    def _finish(self, future: Any) -> JobResult:
        from distributed import KilledWorker

        job = self._futures.pop(future)
        try:
            result: JobResult = future.result(timeout=10)
            return result
        except (KilledWorker, concurrent.futures.CancelledError):
            return JobResult(job, WORKER_DIED)
        except Exception as error:  # such as a worker that cannot import pw13
            return JobResult(job, f"{type(error).__name__}: {error}")

    def stop(self) -> None:
        until = time.monotonic() + STOP_SECONDS
        with contextlib.suppress(Exception):
            self._client.cancel(list(self._futures))
            self._client.run(request_stop, {job.folder for job in self._started})
            running = list(self._futures.values())
            while running and time.monotonic() < until:
                time.sleep(0.1)
                running = [job for job in running if read_run(job.folder).facts.get("status") == "running"]

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self._client.close(timeout=2)
