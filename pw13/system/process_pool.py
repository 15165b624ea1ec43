"""The same task over many items in several processes, results in order, in constant memory.

The pools of the standard library leave their workers behind when their parent is killed; here a worker ends as soon as
the other end of its pipe is gone.
"""

import contextlib
import itertools
import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import TypeVar

from pw13.errors import UserError

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_in_processes(
    task: Callable[[Item], Result], items: Iterator[Item], *, workers: int, first: int
) -> Iterator[tuple[Item, Result]]:
    """Each item with what `task` makes of it, in the order of `items`.

    The `first` items are done in this process, so that a short list starts no other. `task` is a function of a module;
    items and results can be pickled.

    Raises:
        UserError: a worker process was ended from outside.
    """
    for item in itertools.islice(items, first):
        yield item, task(item)
    following = next(items, None)
    if following is None:
        return
    with contextlib.ExitStack() as stack:
        idle = deque(stack.enter_context(_worker(task)) for _ in range(workers))
        busy: deque[tuple[Item, Connection]] = deque()
        for item in itertools.chain([following], items):
            if not idle:
                yield _finished(busy, idle)
            _send(idle[0], item)
            busy.append((item, idle.popleft()))
        while busy:
            yield _finished(busy, idle)


def _finished(busy: deque, idle: deque) -> tuple:  # type: ignore[type-arg]
    """The oldest item under way and its result; its worker is idle again."""
    item, connection = busy.popleft()
    try:
        result = connection.recv()
    except (EOFError, OSError):
        raise _ended() from None
    idle.append(connection)
    return item, result


def _send(connection: Connection, item: object) -> None:
    try:
        connection.send(item)
    except OSError:
        raise _ended() from None


def _ended() -> UserError:
    return UserError("a worker process was ended from outside (is the memory full?); nothing was written")


@contextlib.contextmanager
def _worker(task: Callable[[Item], Result]) -> Iterator[Connection]:
    """This end of a pipe to a new process that answers each item with its result."""
    context = multiprocessing.get_context("spawn")  # the one way on every system, and none of our pipes are inherited
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, task), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours
    finally:
        ours.close()
        process.terminate()
        process.join()


def _serve(connection: Connection, task: Callable[[Item], Result]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    with contextlib.suppress(EOFError, OSError):
        while True:
            connection.send(task(connection.recv()))
