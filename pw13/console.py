"""Terminal output: results on standard output, progress and messages on standard error. No other module writes there.

Rich is imported inside the functions that need it, since every command imports this module.
"""

import contextlib
import os
import sys
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from pw13.system import files

if TYPE_CHECKING:
    from rich.progress import Progress

_quiet = False
MAX_STYLED_ROWS = 100  # a longer table is plain text
LINE_INTERVAL = 10.0  # seconds between lines of progress without a terminal
BORDERS = 3  # characters of a table for each column, besides its content
MIN_COLUMN = 10  # characters of a narrow column of text; longer words are folded
MAX_WHOLE = 40  # characters of a word with digits that is not folded; checksums are longer
MIN_BAR_WIDTH = 110  # terminal columns; below it progress has no bar
# Format characters without which words of Arabic, Persian, Hebrew, Indian scripts and emoji are other words: joiners,
# directions, and signs that stand before numbers. Unicode 16.0, sections 9.2 and 23.2.
SCRIPT_CHARACTERS = frozenset(
    "\u200c\u200d\u200e\u200f\u061c\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)
NUMBER_SIGNS = str.maketrans("", "", ",.-e%*")


def start(*, quiet: bool = False) -> None:
    """Show or hide progress and messages in this process."""
    global _quiet
    _quiet = quiet


def open_streams() -> None:
    """Replace standard streams that the caller has closed.

    Otherwise the next file to be opened would get their descriptor, and the output of libraries with it. Writing to a
    closed standard output fails as on a full disk; output to a closed standard error is discarded.
    """
    if None not in (sys.stdin, sys.stdout, sys.stderr):
        return
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)
    sys.stdout = sys.stdout or open(os.devnull, encoding="utf-8")  # noqa: SIM115  read-only: a write is an OSError
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def message(text: str) -> None:
    """Print a line on standard error, unless --quiet."""
    if not _quiet:
        _line(text)


def warning(text: str) -> None:
    """Print a note on standard error, also under --quiet."""
    _line(f"note: {text}")


def error(text: str) -> None:
    """Print the one line of a refusal or failure on standard error."""
    _line(f"pw13: {text}")


def _line(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):  # a closed standard error must not hide the exit code
        sys.stderr.write(printable(text, sys.stderr) + "\n")
        sys.stderr.flush()


def print_result(text: str) -> None:
    """Print a result on standard output, on a line of its own."""
    sys.stdout.write(printable(text, sys.stdout) + "\n")


def print_text(text: str) -> None:
    """Print a document, such as a CSV file, on standard output as it is."""
    sys.stdout.write(_encodable(text, sys.stdout.encoding))


def json_document(value: Any) -> None:
    """Print the one document of --json on standard output."""
    sys.stdout.write(_encodable(files.to_json(value), sys.stdout.encoding))


class Styled(NamedTuple):
    """Text for a cell of a table, in parts with a Rich style each: colors, where the terminal has them."""

    parts: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return "".join(text for text, _ in self.parts)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, caption: str | None = None) -> None:
    """Print a table on standard output, columns of numbers right-aligned; text is never markup."""
    title = printable(title, sys.stdout)
    values = [list(row) for row in rows]
    cells = [[format_cell(value) for value in row] for row in values]
    if len(cells) > MAX_STYLED_ROWS:
        _plain_table(title, columns, cells)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    width = None if sys.stdout.isatty() else 200
    renderer = Console(file=sys.stdout, width=width, highlight=False, soft_wrap=False, emoji=False)
    widths = _column_widths(columns, cells, renderer.width)
    if widths is None:
        _stacked_table(title, columns, cells, caption, renderer.width)
        return
    view = Table(title=Text(title), caption=Text(caption) if caption else None, title_justify="left")
    view.show_header = any(columns)
    for name, numeric, room in zip(columns, _numeric_columns(len(columns), cells), widths, strict=True):
        view.add_column(Text(name), justify="right" if numeric else "left", overflow="fold", width=room)
    for row in values:
        parts = (cell.parts if isinstance(cell, Styled) else ((format_cell(cell), ""),) for cell in row)
        view.add_row(
            *(Text.assemble(*((printable(text, sys.stdout), style) for text, style in cell)) for cell in parts)
        )
    with renderer.capture() as captured:
        renderer.print(view)
    text = captured.get()
    if width:
        text = "\n".join(line.rstrip() for line in text.split("\n"))
    sys.stdout.write(_encodable(text, sys.stdout.encoding))


def _column_widths(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[int] | None:
    """Return the widths of columns of a table that fits into `width`; None if a number or a run's name would be cut."""
    from rich.cells import cell_len

    texts = [[name, *(row[index] for row in rows)] for index, name in enumerate(columns)]
    widths = [max(map(cell_len, cells), default=0) for cells in texts]
    least = [max(map(_least_width, " ".join(cells).split()), default=0) for cells in texts]
    available = width - BORDERS * len(columns) - 1
    if sum(least) > available:
        return None
    while sum(widths) > available:
        widest = max(range(len(widths)), key=lambda index: (widths[index] > least[index]) * widths[index])
        widths[widest] -= 1
    return widths


def _least_width(word: str) -> int:
    """Return the room that a word needs: a number or the name of a run is never folded, so that it can be copied."""
    whole = len(word) <= MAX_WHOLE and any(map(str.isdigit, word))
    return len(word) if whole else min(len(word), MIN_COLUMN)


def _stacked_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], caption: str | None, width: int
) -> None:
    """Print a table for a narrow terminal: each row as lines, "column: cell", under its first cell."""
    import textwrap

    def wrapped(text: str, indent: str = "") -> list[str]:
        return textwrap.wrap(
            text, width, initial_indent=indent, subsequent_indent=f"{indent}  ", break_long_words=False,
            break_on_hyphens=False,
        )  # fmt: skip

    lines = wrapped(title)
    for first, *others in rows:
        named = [f"{name}: {cell}" for name, cell in zip(columns[1:], others, strict=True) if cell]
        lines += wrapped(first) + [line for text in named for line in wrapped(text.removeprefix(": "), "  ")]
    text = "\n".join([*lines, *wrapped(caption or ""), ""])
    sys.stdout.write("\n".join(printable(line, sys.stdout) for line in text.split("\n")))


def _plain_table(title: str, columns: Sequence[str], rows: list[list[str]]) -> None:
    """Print a long table without borders, in milliseconds; Rich takes a second per thousand rows."""
    from rich.cells import cell_len

    shown = [list(columns), *([printable(cell, sys.stdout) for cell in row] for row in rows)]
    widths = [max(cell_len(row[index]) for row in shown) for index in range(len(columns))]
    pad = [str.rjust if numeric else str.ljust for numeric in _numeric_columns(len(columns), rows)]
    lines = ["  ".join(pad[index](cell, widths[index]) for index, cell in enumerate(row)).rstrip() for row in shown]
    sys.stdout.write(_encodable("\n".join([title, *lines, ""]), sys.stdout.encoding))


def key_values(title: str, values: Mapping[str, Any]) -> None:
    """Print a table of two columns, names and values."""
    table(title, ("", ""), list(values.items()))


def format_cell(value: Any) -> str:
    """Format a value: floats with four significant digits, thousands separated, "-" for None and NaN."""
    if value is None or value != value:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"
    return str(value)


def format_duration(seconds: float) -> str:
    """Format a duration: "40 s" below 90 seconds and "3 min" below 90 minutes, else "1.5 h"; at least "1 s"."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def printable(text: str, stream: TextIO | None = None) -> str:
    """Escape control characters, and characters that the stream's encoding lacks, as in `\\x85`."""
    if text.isascii() and text.isprintable():
        return text
    return _encodable("".join(map(_shown, text)), getattr(stream, "encoding", None))


def _shown(character: str) -> str:
    """Escape a control character, and half of one, as a byte of a file name that is not UTF-8 arrives."""
    if unicodedata.category(character) not in ("Cc", "Cf", "Zl", "Zp", "Cs") or character in SCRIPT_CHARACTERS:
        return character
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")


def _encodable(text: str, encoding: str | None) -> str:
    """Escape the characters that `encoding` lacks."""
    return text.encode(encoding or "utf-8", "backslashreplace").decode(encoding or "utf-8")


def _numeric_columns(count: int, rows: Sequence[Sequence[str]]) -> list[bool]:
    """Return whether each column holds only numbers."""
    return [bool(rows) and all(_is_number(row[index]) for row in rows if row[index]) for index in range(count)]


def _is_number(cell: str) -> bool:
    return cell == "-" or cell.translate(NUMBER_SIGNS).isdigit()


TableUpdate = Callable[[str, Sequence[str], Sequence[Sequence[Any]], int], None]


@contextlib.contextmanager
def live_table() -> Iterator[TableUpdate | None]:
    """Show a table on standard error that is updated in place.

    Yields a function of title, columns, rows and the index of the row to keep in view; None without a terminal, under
    NO_COLOR and under --quiet, where the caller prints lines instead.
    """
    if _quiet or not _is_live():
        yield None
        return
    from rich.console import Console
    from rich.live import Live
    from rich.table import Column, Table
    from rich.text import Text

    terminal = Console(stderr=True, highlight=False, emoji=False)
    with Live(console=terminal, auto_refresh=False, transient=True) as live:

        def update(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], focus: int) -> None:
            height = max(terminal.height - 7, 1)
            first = max(0, min(focus - 1, len(rows) - height))
            headings = (Column(Text(name)) for name in columns)
            view = Table(*headings, title=Text(title), title_justify="left")
            for row in rows[first : first + height]:
                view.add_row(*(Text(printable(format_cell(value), sys.stderr)) for value in row))
            live.update(view, refresh=True)

        yield update


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
        elif not _quiet and time.monotonic() - self._printed_at >= LINE_INTERVAL:
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
    if _quiet or not _is_live():
        yield ProgressBar(None, label, total, completed)
        return
    from rich import progress as rich_progress
    from rich.console import Console

    terminal = Console(stderr=True)
    wide = terminal.width >= MIN_BAR_WIDTH
    columns = (
        rich_progress.TextColumn("{task.description}"),
        *([rich_progress.BarColumn()] if wide else []),
        rich_progress.MofNCompleteColumn(),
        rich_progress.TextColumn("{task.fields[status]}"),
        *([rich_progress.TimeElapsedColumn()] if wide else []),
        rich_progress.TimeRemainingColumn(),
        rich_progress.TextColumn("left"),
    )
    with rich_progress.Progress(*columns, console=terminal, transient=True) as live:
        yield ProgressBar(live, label, total, completed)


def _is_live() -> bool:
    """Return whether standard error is a terminal on which lines can be redrawn."""
    return sys.stderr.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
