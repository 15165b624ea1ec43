"""Progress of long tasks on standard error."""

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pw13.console.output import format_duration, is_live, is_quiet, message, printable

if TYPE_CHECKING:
    from rich.progress import Progress

LINE_INTERVAL = 10.0  # seconds between lines of progress without a terminal
MIN_BAR_WIDTH = 110  # terminal columns; below it progress has no bar


class ProgressBar:
    """Progress of a long task in steps, whole or in part, with a status such as the loss."""

    def __init__(self, progress: "Progress | None", label: str, total: int, completed: int):
        self._progress, self._label, self._total = progress, label, total
        self._initial, self._completed = completed, float(completed)
        self._started_at = self._printed_at = time.monotonic()
        self._task = progress.add_task(label, total=total, completed=completed, status="") if progress else None

    def advance(self, steps: float, status: str) -> None:
        """Add completed steps."""
        self.update(self._completed + steps, status)

    def update(self, completed: float, status: str) -> None:
        """Set the completed steps, of `total`; half of the first one is 0.5."""
        self._completed = completed
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=completed, status=status)
        elif not is_quiet() and time.monotonic() - self._printed_at >= LINE_INTERVAL:
            self._printed_at = time.monotonic()
            message(f"{self._label}: {int(completed)}/{self._total}  {status}  {self._times()}")

    def _times(self) -> str:
        """Return the time spent, and the time left once it can be told."""
        spent = self._printed_at - self._started_at
        if not self._initial < self._completed < self._total:
            return format_duration(spent)
        left = spent * (self._total - self._completed) / (self._completed - self._initial)
        return f"{format_duration(spent)}, about {format_duration(left)} left"


@contextlib.contextmanager
def progress(label: str, total: int, *, completed: int = 0) -> Iterator[ProgressBar]:
    """Show a progress bar with status and time left; without a terminal and under NO_COLOR, a line now and then.

    A narrow terminal gets the numbers without the bar.
    """
    label = printable(label, sys.stderr)
    if not is_live():
        yield ProgressBar(None, label, total, completed)
        return
    from rich import progress as rich_progress
    from rich.console import Console

    terminal = Console(stderr=True)
    wide = terminal.width >= MIN_BAR_WIDTH
    columns = (
        rich_progress.TextColumn("{task.description}", markup=False),
        *([rich_progress.BarColumn()] if wide else []),
        rich_progress.MofNCompleteColumn(),
        rich_progress.TextColumn("{task.fields[status]}", markup=False),
        *([rich_progress.TimeElapsedColumn()] if wide else []),
        rich_progress.TimeRemainingColumn(),
        rich_progress.TextColumn("left"),
    )
    with rich_progress.Progress(*columns, console=terminal, transient=True) as live:
        yield ProgressBar(live, label, total, completed)
