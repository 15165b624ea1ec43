"""Tables: on standard output, and one on standard error that is updated in place."""

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pw13.console.output import encodable, format_cell, format_column, is_live, printable

MAX_STYLED_ROWS = 100  # a longer table is plain text
BORDERS = 3  # characters of a table for each column, besides its content
MIN_COLUMN = 10  # characters of a narrow column of text; longer words are folded
MAX_WHOLE = 40  # characters of a word with digits that is not folded; checksums are longer
NUMBER_SIGNS = str.maketrans("", "", ",.-e%*")

TableUpdate = Callable[[str, Sequence[str], Sequence[Sequence[Any]], int], None]


class Styled(NamedTuple):
    """Text for a cell of a table, in parts with a Rich style each: colors, where the terminal has them."""

    parts: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return "".join(text for text, _ in self.parts)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, caption: str | None = None) -> None:
    """Print a table on standard output, columns of numbers right-aligned; text is never markup."""
    title, *columns = (printable(text, sys.stdout) for text in (title, *columns))  # with names of folders, too
    values = [list(row) for row in rows]
    shown = [format_column(column) for column in zip(*values, strict=True)]
    cells = [list(row) for row in zip(*shown, strict=True)]
    if len(cells) > MAX_STYLED_ROWS:
        _plain_table(title, columns, cells, caption)
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
    for row, texts in zip(values, cells, strict=True):
        parts = (
            value.parts if isinstance(value, Styled) else ((text, ""),) for value, text in zip(row, texts, strict=True)
        )
        view.add_row(
            *(Text.assemble(*((printable(text, sys.stdout), style) for text, style in cell)) for cell in parts)
        )
    with renderer.capture() as captured:
        renderer.print(view)
    text = captured.get()
    if width:
        text = "\n".join(line.rstrip() for line in text.split("\n"))
    sys.stdout.write(encodable(text, sys.stdout.encoding))


def key_values(title: str, values: Mapping[str, Any]) -> None:
    """Print a table of two columns, names and values."""
    table(title, ("", ""), list(values.items()))


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


def _plain_table(title: str, columns: Sequence[str], rows: list[list[str]], caption: str | None) -> None:
    """Print a long table without borders, in milliseconds; Rich takes a second per thousand rows."""
    from rich.cells import cell_len

    shown = [list(columns), *([printable(cell, sys.stdout) for cell in row] for row in rows)]
    widths = [max(cell_len(row[index]) for row in shown) for index in range(len(columns))]
    pad = [str.rjust if numeric else str.ljust for numeric in _numeric_columns(len(columns), rows)]
    lines = ["  ".join(pad[index](cell, widths[index]) for index, cell in enumerate(row)).rstrip() for row in shown]
    lines += [caption] if caption else []
    sys.stdout.write(encodable("\n".join([title, *lines, ""]), sys.stdout.encoding))


def _numeric_columns(count: int, rows: Sequence[Sequence[str]]) -> list[bool]:
    """Return whether each column holds only numbers."""
    return [bool(rows) and all(_is_number(row[index]) for row in rows if row[index]) for index in range(count)]


def _is_number(cell: str) -> bool:
    return cell == "-" or cell.translate(NUMBER_SIGNS).isdigit()


@contextlib.contextmanager
def live_table() -> Iterator[TableUpdate | None]:
    """Show a table on standard error that is updated in place.

    Yields a function of title, columns, rows and the index of the row to keep in view; None without a terminal, under
    NO_COLOR and under --quiet, where the caller prints lines instead.
    """
    if not is_live():
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
            heading, *names = (Text(printable(text, sys.stderr)) for text in (title, *columns))
            view = Table(*map(Column, names), title=heading, title_justify="left")
            for row in rows[first : first + height]:
                view.add_row(*(Text(printable(format_cell(value), sys.stderr)) for value in row))
            live.update(view, refresh=True)

        yield update
