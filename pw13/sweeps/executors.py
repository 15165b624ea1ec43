"""Who runs the points of a sweep: processes of this machine, or the workers of a Dask cluster.

Both kinds of executor take a task where they have room, tell which tasks have ended, and can be stopped so that running
points write their checkpoints. Which points wait, and what becomes of a point whose worker died, is not decided here.
"""

import concurrent.futures
import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from typing import Any, Protocol

from pw13 import console
from pw13.errors import OptionError, UserError
from pw13.runs.folder import cli_name
from pw13.runs.record import read_run
from pw13.sweeps.jobs import INTERRUPTED, WORKER_DIED, Job, JobResult
from pw13.sweeps.worker import request_stop, run_job
from pw13.system import signals

STOP_SECONDS = 3.5  # how long a executor waits for points to write their checkpoints; below `stopping.PATIENCE`


# ---------------------------------------------------------------------------------------------------- this machine


class LocalExecutor:
    """`jobs` processes of this machine, each a pool of its own, so that one that dies takes no other with it."""

    name = "this machine"

    def __init__(self, jobs: int):
        self._slots = [_Slot() for _ in range(jobs)]

    @property
    def free_slots(self) -> int:
        """How many more tasks can be started now."""
        return sum(slot.future is None for slot in self._slots)

    def start(self, job: Job) -> None:
        next(slot for slot in self._slots if slot.future is None).start(job)

    def wait_finished(self, seconds: float) -> list[JobResult]:
        """The tasks that have ended, after waiting for one at most so long."""
        futures = [slot.future for slot in self._slots if slot.future is not None]
        concurrent.futures.wait(futures, seconds, concurrent.futures.FIRST_COMPLETED)
        return [slot.end() for slot in self._slots if slot.future is not None and slot.future.done()]

    def stop(self) -> None:
        """Ask running points to write their checkpoints and end; waits for them."""
        for slot in self._slots:
            slot.close_pipe()
        futures = [slot.future for slot in self._slots if slot.future is not None]
        concurrent.futures.wait(futures, STOP_SECONDS)

    def close(self) -> None:
        """End the processes; none of them works any more."""
        for slot in self._slots:
            slot.close()


class _Slot:
    """One process: a pool of one, the link that it watches, and the task in its hands."""

    def __init__(self) -> None:
        self.future: concurrent.futures.Future | None = None
        self._pool: concurrent.futures.ProcessPoolExecutor | None = None
        self._link: Connection | None = None
        self._job: Job | None = None
        self._threads: int | None = None

    def start(self, job: Job) -> None:
        if self._pool is not None and self._threads != job.settings.get("threads"):
            self.close()  # TensorFlow takes a number of threads once a process
        with _interrupts_held():
            if self._pool is None:
                self._open()
            assert self._pool is not None
            self.future = self._pool.submit(_run_job, job)
        self._job, self._threads = job, job.settings.get("threads")

    def _open(self) -> None:
        theirs, self._link = multiprocessing.Pipe(duplex=False)
        self._pool = concurrent.futures.ProcessPoolExecutor(
            1, multiprocessing.get_context("spawn"), initializer=_init_worker, initargs=(theirs,)
        )

    def end(self) -> JobResult:
        """What became of the task; the process is replaced if it died."""
        assert self.future is not None and self._job is not None
        job, future, self._job, self.future = self._job, self.future, None, None
        try:
            return JobResult(job, future.result())
        except (BrokenProcessPool, concurrent.futures.CancelledError):
            self.close()
            return JobResult(job, WORKER_DIED)

    def close_pipe(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None
        self.close_pipe()


def _init_worker(link: Connection) -> None:
    """Make this process a worker: Ctrl-C is the parent's to hear; a closed link, or a dead parent, means stop."""
    signals.listen()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  the parent tells what there is to tell
    threading.Thread(target=_exit_when_parent_dies, args=(link,), daemon=True, name="link").start()


def _exit_when_parent_dies(link: Connection) -> None:
    with contextlib.suppress(EOFError, OSError):
        link.recv()
    signal.raise_signal(signal.SIGTERM)


def _run_job(job: Job) -> str | None:
    error = run_job(job)
    if error == INTERRUPTED:
        os._exit(143)  # the pool may be in no state to take an answer, and no other task is to be begun
    return error


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """Processes that start in here never see Ctrl-C, not even before they can say so (where the system can do that)."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# ------------------------------------------------------------------------------------------------- a Dask cluster


class DaskExecutor:
    """The workers of a Dask cluster, which may come and go; what a lost one had begun, another goes on with."""

    room = 1_000_000  # the scheduler keeps the queue

    def __init__(self, address: str):
        try:
            from distributed import Client
        except ImportError:
            raise UserError(
                "--dask: distributed is not installed; pip install -e '.[cluster]' in pw13's folder"
            ) from None
        try:
            self._client = Client(address, timeout=10, set_as_default=False)
        except (OSError, TimeoutError):
            raise UserError(f"--dask {address}: no scheduler reachable at this address") from None
        except (ValueError, TypeError) as error:
            raise OptionError(f"--dask {address}: expected an address such as tcp://HOST:8786: {error}") from None
        self.name = f"Dask at {address}"
        self._futures: dict[Any, Job] = {}
        self._begun: list[Job] = []
        if not self._client.scheduler_info()["workers"]:
            console.message(f"{self.name} has no workers yet; waiting for one")

    def start(self, job: Job) -> None:
        self._begun.append(job)
        key = f"{job.folder.parent.name}/{job.folder.name}/{len(self._begun)}"
        self._futures[self._client.submit(run_job, job, key=key, pure=False)] = job

    def wait_finished(self, seconds: float) -> list[JobResult]:
        """The tasks that have ended, after waiting for one at most so long."""
        until = time.monotonic() + seconds
        while not any(future.done() for future in self._futures) and time.monotonic() < until:
            time.sleep(min(0.1, seconds))
        if self._client.status != "running":
            sweep = cli_name(self._begun[0].folder.parent) if self._begun else "SWEEP"
            raise UserError(
                f"{self.name}: lost the scheduler; finished points are kept. Resume with: pw13 resume {sweep}"
            )
        return [self._end(future) for future in list(self._futures) if future.done()]

    def _end(self, future: Any) -> JobResult:
        from distributed import KilledWorker

        job = self._futures.pop(future)
        try:
            return JobResult(job, future.result(timeout=10))
        except (KilledWorker, concurrent.futures.CancelledError):
            return JobResult(job, WORKER_DIED)
        except Exception as error:  # such as a worker on which pw13 cannot be imported
            return JobResult(job, f"{type(error).__name__}: {error}")

    def stop(self) -> None:
        """Take back what waits, ask running points to write their checkpoints and end; waits for them."""
        until = time.monotonic() + STOP_SECONDS
        with contextlib.suppress(Exception):
            self._client.cancel(list(self._futures))
            self._client.run(request_stop, {job.folder for job in self._begun})
            running = list(self._futures.values())
            while running and time.monotonic() < until:
                time.sleep(0.1)
                running = [job for job in running if read_run(job.folder).facts.get("status") == "running"]

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self._client.close(timeout=2)


class Executor(Protocol):
    """What `crews.Local` and `crews.Cluster` both are."""

    name: str

    @property
    def free_slots(self) -> int: ...
    def start(self, job: Job) -> None: ...
    def wait_finished(self, seconds: float) -> list[JobResult]: ...
    def stop(self) -> None: ...
    def close(self) -> None: ...
