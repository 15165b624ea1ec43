"""Who runs the points of a sweep: processes of this machine, or the workers of a Dask cluster.

Both kinds of crew take a task where they have room, tell which tasks have ended, and can be stopped so that running
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
from pw13.runs import folder as runs
from pw13.runs import record as records
from pw13.sweeps import worker as workers
from pw13.sweeps.jobs import DIED, INTERRUPTED, Ended, Task
from pw13.system import signals as stopping

STOP_SECONDS = 3.5  # how long a crew waits for points to write their checkpoints; below `stopping.PATIENCE`


# ---------------------------------------------------------------------------------------------------- this machine


class Local:
    """`jobs` processes of this machine, each a pool of its own, so that one that dies takes no other with it."""

    name = "this machine"

    def __init__(self, jobs: int):
        self._slots = [_Slot() for _ in range(jobs)]

    @property
    def room(self) -> int:
        """How many more tasks can be started now."""
        return sum(slot.future is None for slot in self._slots)

    def start(self, task: Task) -> None:
        next(slot for slot in self._slots if slot.future is None).start(task)

    def ended(self, seconds: float) -> list[Ended]:
        """The tasks that have ended, after waiting for one at most so long."""
        futures = [slot.future for slot in self._slots if slot.future is not None]
        concurrent.futures.wait(futures, seconds, concurrent.futures.FIRST_COMPLETED)
        return [slot.end() for slot in self._slots if slot.future is not None and slot.future.done()]

    def stop(self) -> None:
        """Ask running points to write their checkpoints and end; waits for them."""
        for slot in self._slots:
            slot.cut()
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
        self._task: Task | None = None
        self._threads: int | None = None

    def start(self, task: Task) -> None:
        if self._pool is not None and self._threads != task.settings.get("threads"):
            self.close()  # TensorFlow takes a number of threads once a process
        with _interrupts_held():
            if self._pool is None:
                self._open()
            assert self._pool is not None
            self.future = self._pool.submit(_carry_out_here, task)
        self._task, self._threads = task, task.settings.get("threads")

    def _open(self) -> None:
        theirs, self._link = multiprocessing.Pipe(duplex=False)
        self._pool = concurrent.futures.ProcessPoolExecutor(
            1, multiprocessing.get_context("spawn"), initializer=_begin, initargs=(theirs,)
        )

    def end(self) -> Ended:
        """What became of the task; the process is replaced if it died."""
        assert self.future is not None and self._task is not None
        task, future, self._task, self.future = self._task, self.future, None, None
        try:
            return Ended(task, future.result())
        except (BrokenProcessPool, concurrent.futures.CancelledError):
            self.close()
            return Ended(task, DIED)

    def cut(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None
        self.cut()


def _begin(link: Connection) -> None:
    """Make this process a worker: Ctrl-C is the parent's to hear; a closed link, or a dead parent, means stop."""
    stopping.listen()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  the parent tells what there is to tell
    threading.Thread(target=_watch, args=(link,), daemon=True, name="link").start()


def _watch(link: Connection) -> None:
    with contextlib.suppress(EOFError, OSError):
        link.recv()
    signal.raise_signal(signal.SIGTERM)


def _carry_out_here(task: Task) -> str | None:
    trouble = workers.carry_out(task)
    if trouble == INTERRUPTED:
        os._exit(143)  # the pool may be in no state to take an answer, and no other task is to be begun
    return trouble


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


class Cluster:
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
            raise UserError(f"--dask {address}: no scheduler answers there") from None
        except (ValueError, TypeError) as error:
            raise OptionError(f"--dask {address}: expected an address such as tcp://HOST:8786: {error}") from None
        self.name = f"Dask at {address}"
        self._futures: dict[Any, Task] = {}
        self._begun: list[Task] = []
        if not self._client.scheduler_info()["workers"]:
            console.message(f"{self.name} has no worker yet; waiting for one")

    def start(self, task: Task) -> None:
        self._begun.append(task)
        key = f"{task.folder.parent.name}/{task.folder.name}/{len(self._begun)}"
        self._futures[self._client.submit(workers.carry_out, task, key=key, pure=False)] = task

    def ended(self, seconds: float) -> list[Ended]:
        """The tasks that have ended, after waiting for one at most so long."""
        until = time.monotonic() + seconds
        while not any(future.done() for future in self._futures) and time.monotonic() < until:
            time.sleep(min(0.1, seconds))
        if self._client.status != "running":
            sweep = runs.as_typed(self._begun[0].folder.parent) if self._begun else "SWEEP"
            raise UserError(
                f"{self.name}: the scheduler is gone; what is finished is kept, go on with: pw13 resume {sweep}"
            )
        return [self._end(future) for future in list(self._futures) if future.done()]

    def _end(self, future: Any) -> Ended:
        from distributed import KilledWorker

        task = self._futures.pop(future)
        try:
            return Ended(task, future.result(timeout=10))
        except (KilledWorker, concurrent.futures.CancelledError):
            return Ended(task, DIED)
        except Exception as error:  # such as a worker on which pw13 cannot be imported
            return Ended(task, f"{type(error).__name__}: {error}")

    def stop(self) -> None:
        """Take back what waits, ask running points to write their checkpoints and end; waits for them."""
        until = time.monotonic() + STOP_SECONDS
        with contextlib.suppress(Exception):
            self._client.cancel(list(self._futures))
            self._client.run(workers.stop_working_on, {task.folder for task in self._begun})
            running = list(self._futures.values())
            while running and time.monotonic() < until:
                time.sleep(0.1)
                running = [task for task in running if records.read(task.folder).facts.get("status") == "running"]

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self._client.close(timeout=2)


class Crew(Protocol):
    """What `crews.Local` and `crews.Cluster` both are."""

    name: str

    @property
    def room(self) -> int: ...
    def start(self, task: Task) -> None: ...
    def ended(self, seconds: float) -> list[Ended]: ...
    def stop(self) -> None: ...
    def close(self) -> None: ...
