"""Ctrl-C and SIGTERM: a graceful stop between two chunks of work, or a forced exit.

Python runs signal handlers only when the interpreter regains control, and a compiled call can hold it for seconds. So a
thread reads the wake-up pipe of the C handler and sees every signal at once. Work inside `graceful_stop` checks for a
request itself and gets `GRACE_SECONDS` to finish. All other work is left at once, as is any work on a second signal:
safe at any moment, since files are written atomically.
"""

import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator

GRACE_SECONDS = 4.0  # from the first signal to the forced exit of work that does not stop by itself

SHOW_CURSOR = b"\x1b[?25h"  # a progress bar hides it and cannot restore it on a forced exit

EXIT_CODES = {int(signal.SIGINT): 130, int(signal.SIGTERM): 143}


class Interrupted(Exception):
    """A signal stopped the work between two chunks; `number` is the signal's, `run` the name of the run."""

    def __init__(self, number: int):
        super().__init__(f"interrupted by {signal.Signals(number).name}")
        self.number = number
        self.run: str | None = None

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.number]


_received: list[int] = []
_graceful: list[bool] = []
_exit_hooks: list[Callable[[], None]] = []


def listen() -> None:
    """Handle SIGINT and SIGTERM from now on; call once, from the main thread."""
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    _open_sockets.append(writer)
    for number in EXIT_CODES:
        signal.signal(number, lambda *_: None)
    threading.Thread(target=_watch, args=(reader,), daemon=True, name="signals").start()


@contextlib.contextmanager
def graceful_stop() -> Iterator[None]:
    """Give the work in this context time to stop; it must call `requested` or `check` about every second."""
    _graceful.append(True)
    try:
        yield
    finally:
        _graceful.pop()


def requested() -> int | None:
    """Return the number of the signal that asked to stop, or None."""
    return _received[0] if _received else None


def request(number: int = signal.SIGTERM) -> None:
    """Ask the work in this process to stop, as a signal would; for a process whose signals pw13 does not handle."""
    _received.append(int(number))


def check() -> None:
    """Raise Interrupted if a signal has asked to stop; call where no work is half done."""
    if _received:
        raise Interrupted(_received[0])


def on_forced_exit(action: Callable[[], None]) -> None:
    """Run `action` on a forced exit; it must be quick and may run in another thread."""
    _exit_hooks.append(action)


def clear_exit_hooks() -> None:
    """Remove all actions of `on_forced_exit`, at the end of a run. Requests to stop remain."""
    _exit_hooks.clear()


def reset() -> None:
    """Clear requests to stop as well, for a worker before its next job, and for tests."""
    clear_exit_hooks()
    _received.clear()
    while _timers:
        _timers.pop().cancel()


_open_sockets: list[socket.socket] = []
_timers: list[threading.Timer] = []


def _watch(reader: socket.socket) -> None:
    while True:
        for number in reader.recv(64):
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
