"""Ctrl-C and SIGTERM: a request that the work looks at between two chunks, and a way out when it cannot look.

Python runs its own signal handlers only when the interpreter has control again, and a compiled call can keep it for
seconds. So a thread listens to the wake-up pipe of the C handler and sees every signal at once. Work that looks for a
request says so by `cooperative`; it gets `PATIENCE` seconds to come to a good end. All other work is left at once, and
so is any work on a second signal: that is safe at any moment, since what is finished stands in whole files.
"""

import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator

GRACE_SECONDS = 4.0  # seconds from the first signal to leaving without waiting for cooperative work any longer

SHOW_CURSOR = b"\x1b[?25h"  # a progress bar hides it, and is not asked to end when the process is left at once

EXIT_CODES = {int(signal.SIGINT): 130, int(signal.SIGTERM): 143}


class Interrupted(Exception):
    """A signal asked the work to end, between two chunks; `number` is the signal's, `run` the run's name."""

    def __init__(self, number: int):
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.number = number
        self.run: str | None = None

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.number]


_received: list[int] = []
_graceful: list[bool] = []
_exit_hooks: list[Callable[[], None]] = []


def listen() -> None:
    """From now on take SIGINT and SIGTERM as requests; called once, from the main thread."""
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    _kept.append(theirs)
    for number in EXIT_CODES:
        signal.signal(number, lambda *_: None)
    threading.Thread(target=_watch, args=(ours,), daemon=True, name="signals").start()


@contextlib.contextmanager
def graceful_stop() -> Iterator[None]:
    """Within this context the work calls `requested` or `check` every second or so, and is waited for."""
    _graceful.append(True)
    try:
        yield
    finally:
        _graceful.pop()


def requested() -> int | None:
    """The number of the signal that asked to stop, or None."""
    return _received[0] if _received else None


def request(number: int = signal.SIGTERM) -> None:
    """Ask the work in this process to stop, as a signal would; for a process whose signals are not ours to take."""
    _received.append(int(number))


def check() -> None:
    """Raise Stopped if a signal has asked to stop; for places where nothing is half done."""
    if _received:
        raise Interrupted(_received[0])


def on_forced_exit(action: Callable[[], None]) -> None:
    """Run `action` when the process is left at once; it must be quick and may run in another thread."""
    _exit_hooks.append(action)


def clear_exit_hooks() -> None:
    """Forget what `before_leaving` was given; for a run that has ended. A request is still to be answered."""
    _exit_hooks.clear()


def reset() -> None:
    """Forget requests too; for a worker, whose next task is none of their business, and for tests."""
    clear_exit_hooks()
    _received.clear()
    while _timers:
        _timers.pop().cancel()


_kept: list[socket.socket] = []
_timers: list[threading.Timer] = []


def _watch(wake: socket.socket) -> None:
    while True:
        for number in wake.recv(64):
            if number not in EXIT_CODES:
                continue
            _received.append(number)
            if len(_received) > 1 or not _graceful:
                _force_exit(number)
            timer = threading.Timer(GRACE_SECONDS, _force_exit, (number,))
            timer.daemon = True
            _timers.append(timer)
            timer.start()


def _force_exit(number: int) -> None:
    try:
        for action in _exit_hooks:
            action()
        if sys.stderr is not None and sys.stderr.isatty():
            os.write(sys.stderr.fileno(), SHOW_CURSOR)
    finally:
        os._exit(EXIT_CODES[number])
