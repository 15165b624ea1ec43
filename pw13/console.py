"""The terminal: results on standard output, progress and messages on standard error; no other module writes there.

Rich is imported where it draws: every command starts through this file, and few of them draw at once.
"""

import contextlib
import os
import sys
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pw13.system import files

if TYPE_CHECKING:
    from rich.progress import Progress

_quiet = False
PLAIN_ROWS = 100  # a longer table is plain text
PLAIN_SECONDS = 10.0  # without a terminal, a line of progress at most this often
WIDE = 110  # columns of a terminal from which on a bar has room beside the figures


def start(*, quiet: bool = False) -> None:
    """Choose for this process whether progress and messages are shown."""
    global _quiet
    _quiet = quiet


def open_streams() -> None:
    """Put something in the place of standard streams that the caller has closed.

    Else the next file that is opened would get their number, and what a library prints would go into it. Writing to
    a closed standard output fails as on a full disk; what would go to a closed standard error is lost.
    """
    if None not in (sys.stdin, sys.stdout, sys.stderr):
        return
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)
    sys.stdout = sys.stdout or open(os.devnull, encoding="utf-8")  # noqa: SIM115  for reading: a write is an OSError
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def message(text: str) -> None:
    """One line for the user on standard error, unless --quiet."""
    if not _quiet:
        _line(text)


def warning(text: str) -> None:
    """One line on standard error that --quiet does not hide."""
    _line(f"note: {text}")


def error(text: str) -> None:
    """The one line of a refusal or a failure."""
    _line(f"pw13: {text}")


def _line(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):  # a closed standard error must not hide the exit code
        sys.stderr.write(printable(text, sys.stderr) + "\n")
        sys.stderr.flush()


def print_result(text: str) -> None:
    """A result on standard output, a whole line of its own."""
    sys.stdout.write(printable(text, sys.stdout) + "\n")


def json_document(value: Any) -> None:
    """The one document of --json."""
    sys.stdout.write(escaped(files.to_json(value), sys.stdout.encoding))


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, caption: str | None = None) -> None:
    """A table on standard output; text is never markup, numbers stand at the right."""
    cells = [[format_cell(value) for value in row] for row in rows]
    if len(cells) > PLAIN_ROWS:
        return _plain_table(title, columns, cells)
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    view = Table(title=Text(title), caption=Text(caption) if caption else None, title_justify="left")
    view.show_header = any(columns)
    for number, name in enumerate(columns):
        numeric = all(_numeric(row[number]) for row in cells if row[number])
        view.add_column(Text(name), justify="right" if numeric and cells else "left", overflow="fold")
    for row in cells:
        view.add_row(*(Text(printable(value, sys.stdout)) for value in row))
    width = None if sys.stdout.isatty() else 200
    printer = Console(file=sys.stdout, width=width, highlight=False, soft_wrap=False, emoji=False)
    with printer.capture() as captured:
        printer.print(view)
    text = captured.get()
    if width:
        text = "\n".join(line.rstrip() for line in text.split("\n"))
    sys.stdout.write(escaped(text, sys.stdout.encoding))


def _plain_table(title: str, columns: Sequence[str], rows: list[list[str]]) -> None:
    """A long table without lines, which takes milliseconds where Rich takes a second for a thousand rows."""
    from rich.cells import cell_len

    shown = [list(columns), *([printable(value, sys.stdout) for value in row] for row in rows)]
    widths = [max(cell_len(row[number]) for row in shown) for number in range(len(columns))]
    pad = [str.rjust if all(_numeric(row[n]) for row in rows if row[n]) else str.ljust for n in range(len(columns))]
    lines = ["  ".join(pad[n](text, widths[n]) for n, text in enumerate(row)).rstrip() for row in shown]
    sys.stdout.write(escaped("\n".join([title, *lines, ""]), sys.stdout.encoding))


def key_values(title: str, values: Mapping[str, Any]) -> None:
    """A table of two columns: what, and its value."""
    table(title, ("", ""), list(values.items()))


def format_cell(value: Any) -> str:
    """A value as a table shows it: four significant digits, thousands apart, an empty cell for nothing."""
    if value is None or value != value:  # nothing, or not a number
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"
    return str(value)


def printable(text: str, stream: Any = None) -> str:
    """`text` with control characters, and what the stream's encoding lacks, as escapes such as `\\x85`."""
    if text.isascii() and text.isprintable():
        return text
    shown = "".join(_escape(c) if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Cs") else c for c in text)
    return escaped(shown, getattr(stream, "encoding", None) or "utf-8")


def escaped(text: str, encoding: str) -> str:
    """`text` with the characters that `encoding` lacks as escapes."""
    return text.encode(encoding or "utf-8", "backslashreplace").decode(encoding or "utf-8")


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _numeric(text: str) -> bool:
    return (
        text == "-"
        or text.replace(",", "").replace(".", "").replace("-", "").replace("e", "").replace("%", "").isdigit()
    )


Show = Callable[[str, Sequence[str], Sequence[Sequence[Any]], int], None]


@contextlib.contextmanager
def live_table() -> Iterator[Show | None]:
    """A table on standard error that changes in place: call it with title, columns, rows, and the row to keep in sight.

    None where there is no terminal, under NO_COLOR and --quiet; say there in lines what happens.
    """
    if _quiet or not _live():
        yield None
        return
    from rich.console import Console
    from rich.live import Live
    from rich.table import Column, Table
    from rich.text import Text

    printer = Console(stderr=True, highlight=False, emoji=False)
    with Live(console=printer, auto_refresh=False, transient=True) as view:

        def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], focus: int) -> None:
            room = max(printer.height - 7, 1)
            first = max(0, min(focus - 1, len(rows) - room))
            headings = (Column(Text(name)) for name in columns)
            table = Table(*headings, title=Text(title), title_justify="left")
            for row in rows[first : first + room]:
                table.add_row(*(Text(printable(format_cell(value), sys.stderr)) for value in row))
            view.update(table, refresh=True)

        yield show


class ProgressBar:
    """Progress of one long task, in whole steps and parts of them, beside figures such as the loss."""

    def __init__(self, progress: "Progress | None", label: str, total: int, done: int):
        self._progress, self._label, self._total = progress, label, total
        self._done, self._from, self._began, self._told = float(done), done, time.monotonic(), time.monotonic()
        self._task = progress.add_task(label, total=total, completed=done, figures="") if progress else None

    def advance(self, steps: int, figures: str) -> None:
        self.set(self._done + steps, figures)

    def set(self, done: float, figures: str) -> None:
        """Be at `done` steps, counted as `total` is; half of the first one is 0.5."""
        self._done = done
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=done, figures=figures)
        elif not _quiet and time.monotonic() - self._told >= PLAIN_SECONDS:
            self._told = time.monotonic()
            spent = self._told - self._began
            left = spent * (self._total - done) / (done - self._from) if done > self._from else None
            told = f"{spent:.0f} s" + (f", about {left:.0f} s left" if left is not None else "")
            message(f"{self._label}: {int(done)}/{self._total}  {figures}  {told}")


@contextlib.contextmanager
def progress(label: str, total: int, *, done: int = 0) -> Iterator[ProgressBar]:
    """A bar with figures and time left on a terminal; a plain line now and then elsewhere and under NO_COLOR.

    On a narrow terminal the numbers stand without the bar, so that none is cut.
    """
    if _quiet or not _live():
        yield ProgressBar(None, label, total, done)
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    printer = Console(stderr=True)
    wide = printer.width >= WIDE
    columns = (
        TextColumn("{task.description}"),
        *([BarColumn()] if wide else []),
        MofNCompleteColumn(),
        TextColumn("{task.fields[figures]}"),
        *([TimeElapsedColumn()] if wide else []),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    with Progress(*columns, console=printer, transient=True) as live:
        yield ProgressBar(live, label, total, done)


def _live() -> bool:
    return sys.stderr.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
