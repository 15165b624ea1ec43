"""What a command without a run of its own says when a signal stops it."""

import contextlib
from collections.abc import Iterator

import typer

from pw13 import console
from pw13.system import signals


@contextlib.contextmanager
def interruptible(outcome: str) -> Iterator[None]:
    """Print "interrupted; OUTCOME" and exit with the code of the signal that stops the work in this context."""
    try:
        yield
    except signals.Interrupted as stop:
        console.warning(f"interrupted; {outcome}")
        raise typer.Exit(stop.exit_code) from None
