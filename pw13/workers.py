"""Where the points of a sweep are run: processes of this machine, or the workers of a Dask cluster.

Both kinds of crew take a task where they have room, tell which tasks have ended, and can be stopped so that running
points write their checkpoints. Which points wait, and what becomes of a point whose worker died, is not decided here.
"""

import concurrent.futures
import contextlib
import dataclasses
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from pw13 import config, console, machine, runs, stopping
from pw13.errors import OptionError, UserError
from pw13.stopping import Stopped

INTERRUPTED = "interrupted"
DIED = "its worker died"
STOP_SECONDS = 3.5  # how long a crew waits for points to write their checkpoints; below `stopping.PATIENCE`
VERSIONS = ("pw13", "tensorflow", "keras", "numpy")  # must be the same on all machines


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


# ------------------------------------------------------------------------------------------------ inside a worker

_one_at_a_time = threading.Lock()  # a Dask worker may have several threads, but TensorFlow's seed is one a process
_at_work: list[Path] = []


def carry_out(task: Task) -> str | None:
    """Run or go on with one point in this process; None when it is complete, else what went wrong."""
    with _one_at_a_time:
        _at_work.append(task.folder)
        stopping.reset()
        console.start(quiet=True)
        try:
            _perform(task)
            return None
        except Stopped:
            return INTERRUPTED
        except (UserError, OptionError) as error:
            return str(error)
        except Exception as error:  # told in the results; a fault of one point must not end the others
            return f"{type(error).__name__}: {error}"
        finally:
            _at_work.clear()


def _perform(task: Task) -> None:
    from pw13 import experiments

    here = machine.versions()
    for name in VERSIONS:
        if here[name] != task.versions[name]:
            raise UserError(
                f"{name} is {here[name]} on {machine.facts()['host']}, {task.versions[name]} where it started"
            )
    if not task.folder.parent.is_dir():
        raise UserError(
            f"{task.folder.parent}: not to be seen from {machine.facts()['host']}; --runs-dir must be shared"
        )
    settings = config.from_dict(config.KINDS[task.kind], task.settings, str(task.folder))
    run = _opened(task, settings)
    if run is not None:
        experiments.perform(task.kind, settings, run=run, **task.places)


def _opened(task: Task, settings: Any) -> runs.Run | None:
    """The run of the point, new or open again; None if it is complete."""
    began = time.time()
    if not task.folder.exists():
        described = {**config.as_dict(settings), **task.places}
        data = {"sha256": task.sha256}  # so that other data under the same name are refused
        run = runs.create(task.folder.parent, task.kind, described, name=task.folder.name, data=data)
        return dataclasses.replace(run, began=began)
    record = _settled(task.folder)
    if record.problem:
        raise UserError(record.problem)
    if runs.settings_of(record) != settings:
        raise UserError(f"{record.folder}: was made with other settings")
    if record.status == "completed":
        return None
    return dataclasses.replace(runs.reopen(record, settings), began=began)


def _settled(folder: Path) -> runs.Record:
    """The record of a point once no other process of this machine works on it, as may be after a cut connection."""
    while True:
        record = runs.read(folder)
        if record.status != "running" or record.facts.get("pid") == os.getpid():
            return record
        time.sleep(0.5)


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
    trouble = carry_out(task)
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
            raise UserError("--dask: distributed is not installed; pip install 'pw13[cluster]'") from None
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
        self._futures[self._client.submit(carry_out, task, key=key, pure=False)] = task

    def ended(self, seconds: float) -> list[Ended]:
        """The tasks that have ended, after waiting for one at most so long."""
        until = time.monotonic() + seconds
        while not any(future.done() for future in self._futures) and time.monotonic() < until:
            time.sleep(min(0.1, seconds))
        if self._client.status != "running":
            raise UserError(f"{self.name}: the scheduler is gone; what is finished is kept, go on with: pw13 resume")
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
            self._client.run(_stop_working_on, {task.folder for task in self._begun})
            running = list(self._futures.values())
            while running and time.monotonic() < until:
                time.sleep(0.1)
                running = [task for task in running if runs.read(task.folder).facts.get("status") == "running"]

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self._client.close(timeout=2)


def _stop_working_on(folders: set[Path]) -> None:
    if folders.intersection(_at_work):
        stopping.request()
