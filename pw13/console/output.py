"""Lines on standard output and standard error, and how values are written in them."""

import codecs
import contextlib
import os
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TextIO

from pw13.system import files


class Note(NamedTuple):
    """A note, and whether it is printed under --quiet, too."""

    text: str
    always: bool


_quiet = False
_notes: list[Note] = []  # all since `start`: the caller of a worker process prints them
SEPARATED = 10_000  # thousands of numbers from here on are separated by commas
# Format characters without which words of Arabic, Persian, Hebrew, Indian scripts and emoji are other words: joiners,
# directions, and signs that stand before numbers. Unicode 16.0, sections 9.2 and 23.2.
SCRIPT_CHARACTERS = frozenset(
    "\u200c\u200d\u200e\u200f\u061c\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)


def start(*, quiet: bool = False) -> None:
    """Show or hide progress and messages in this process."""
    global _quiet
    _quiet = quiet
    _notes.clear()


def is_quiet() -> bool:
    return _quiet


def is_live() -> bool:
    """Return whether progress is shown, and standard error is a terminal on which lines can be redrawn."""
    return not _quiet and sys.stderr.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


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


def note(text: str) -> None:
    """Print a note on standard error, unless --quiet."""
    _notes.append(Note(text, always=False))
    message(f"note: {text}")


def warning(text: str) -> None:
    """Print a note on standard error, also under --quiet."""
    _notes.append(Note(text, always=True))
    _line(f"note: {text}")


def notes() -> tuple[Note, ...]:
    """Return the notes since `start`, warnings included, whether or not they were printed."""
    return tuple(_notes)


def repeat_notes(others: Iterable[Note]) -> None:
    """Print notes of another process, each once."""
    for other in others:
        if other not in _notes:
            (warning if other.always else note)(other.text)


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
    sys.stdout.write(encodable(text, sys.stdout.encoding))


def json_document(value: Any) -> None:
    """Print the one document of --json on standard output, in ASCII where that does not take UTF-8."""
    encoding = sys.stdout.encoding or "utf-8"
    utf8 = codecs.lookup(encoding).name == "utf-8"
    sys.stdout.write(encodable(files.to_json(value, ascii_only=not utf8), encoding))


def format_column(values: Sequence[Any]) -> list[str]:
    """Format the values of a column: thousands are separated in all of them, or in none."""
    numbers = [abs(value) for value in values if isinstance(value, (int, float))]
    return [
        format_cell(value, 1000 if any(number >= SEPARATED for number in numbers) else SEPARATED) for value in values
    ]


def format_cell(value: Any, separated: int = SEPARATED) -> str:
    """Format a value: floats with four significant digits, "-" for None and NaN.

    separated: the number from which thousands are.
    """
    if value is None or value != value:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= separated else str(value)
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= separated else f"{value:.4g}"
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
    return encodable("".join(map(_shown, text)), getattr(stream, "encoding", None))


def _shown(character: str) -> str:
    """Escape a control character, and half of one, as a byte of a file name that is not UTF-8 arrives."""
    if unicodedata.category(character) not in ("Cc", "Cf", "Zl", "Zp", "Cs") or character in SCRIPT_CHARACTERS:
        return character
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")


def encodable(text: str, encoding: str | None) -> str:
    """Escape the characters that `encoding` lacks."""
    return text.encode(encoding or "utf-8", "backslashreplace").decode(encoding or "utf-8")
