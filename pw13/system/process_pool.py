"""Worker processes that end with their parent, and a map over them with results in order, in constant memory.

The pools of the standard library leave their workers running when the parent is killed, and one dead worker breaks the
whole pool. A worker here has a pipe of its own: its death is the end of that pipe alone, and the end of the pipe is
SIGTERM for the worker, even in the middle of an item.
"""

import contextlib
import itertools
import multiprocessing
import os
import queue
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import Any, Generic, TypeVar

from pw13.errors import UserError
from pw13.system import environment

Item = TypeVar("Item")
Result = TypeVar("Result")


class WorkerDied(Exception):
    """A worker process ended without an answer."""


class Worker(Generic[Item, Result]):
    """A process that answers each item with `function(item)`; items and results are pickled.

    function: a function of a module, or a partial of one. setup: called once in the process, before the first item.
    """

    def __init__(self, function: Callable[[Item], Result], setup: Callable[[], None] | None = None):
        os.environ.update(environment.for_processes())
        context = multiprocessing.get_context("spawn")  # available on every system, and inherits no pipes
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, function, setup), daemon=True)
        with _sigint_blocked():
            self._process.start()
        theirs.close()

    def send(self, item: Item) -> None:
        """Send an item; the worker must have answered the one before.

        Raises:
            WorkerDied: the process has ended.
        """
        try:
            self.connection.send(item)
        except OSError:
            raise WorkerDied from None

    def receive(self) -> Result:
        """Wait for the answer to the item sent last.

        Raises:
            WorkerDied: the process has ended.
        """
        try:
            result: Result = self.connection.recv()
        except (EOFError, OSError):
            raise WorkerDied from None
        return result

    def request_stop(self) -> None:
        """Close the pipe: SIGTERM for the process."""
        self.connection.close()

    def join(self, seconds: float | None = None) -> None:
        """Wait for the end of the process, for at most `seconds`."""
        self._process.join(seconds)

    def terminate(self) -> None:
        """End the process at once."""
        self.request_stop()
        self._process.terminate()
        self._process.join()


def map_in_processes(
    task: Callable[[Item], Result], items: Iterator[Item], *, workers: int, first: int
) -> Iterator[tuple[Item, Result]]:
    """Yield each item with `task(item)`, in the order of `items`.

    The `first` items are done in this process, so that a short list starts no other.

    Raises:
        UserError: a worker process was killed.
    """
    for item in itertools.islice(items, first):
        yield item, task(item)
    next_item = next(items, None)
    if next_item is None:
        return
    with contextlib.ExitStack() as stack:
        idle: deque[Worker[Item, Result]] = deque(Worker(task) for _ in range(workers))
        for worker in idle:
            stack.callback(worker.terminate)
        busy: deque[tuple[Item, Worker[Item, Result]]] = deque()
        try:
            for item in itertools.chain([next_item], items):
                if not idle:
                    yield _receive_oldest(busy, idle)
                idle[0].send(item)
                busy.append((item, idle.popleft()))
            while busy:
                yield _receive_oldest(busy, idle)
        except WorkerDied:
            raise UserError("a worker process was killed (out of memory?); nothing was written") from None


def _receive_oldest(
    busy: deque[tuple[Item, Worker[Item, Result]]], idle: deque[Worker[Item, Result]]
) -> tuple[Item, Result]:
    item, worker = busy.popleft()
    result = worker.receive()
    idle.append(worker)
    return item, result


def _serve(connection: Connection, function: Callable[[Any], Any], setup: Callable[[], None] | None) -> None:
    if setup is not None:
        setup()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole process group; the parent decides
    items: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_receive_items, args=(connection, items), daemon=True, name="pipe").start()
    with contextlib.suppress(OSError):
        while True:
            connection.send(function(items.get()))


def _receive_items(connection: Connection, items: "queue.SimpleQueue[Any]") -> None:
    with contextlib.suppress(EOFError, OSError):
        while True:
            items.put(connection.recv())
    signal.raise_signal(signal.SIGTERM)


@contextlib.contextmanager
def _sigint_blocked() -> Iterator[None]:
    """Block SIGINT for processes started in this context, so that Ctrl-C cannot reach them while they start."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    resource_tracker.ensure_running()  # its start ends with SIGINT unblocked
    previous = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, previous)
