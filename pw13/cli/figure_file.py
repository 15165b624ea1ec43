"""Save a figure to the file of `--figure`."""

from pathlib import Path
from typing import TYPE_CHECKING

from pw13 import console
from pw13.errors import OptionError, UserError
from pw13.system import files

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg", ".pdf")


def check_suffix(path: Path) -> None:
    """Refuse a file whose name does not say in which of the formats it is to be saved.

    Raises:
        OptionError: another suffix.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise OptionError(f"--figure: expected a file ending in {', '.join(SUFFIXES)}, received {str(path)!r}")


def save(figure: "Figure", path: Path) -> None:
    """Save a figure in the format of the suffix, and say so.

    Raises:
        UserError: the file cannot be written.
    """
    try:
        files.write_with(path, lambda buffer: figure.savefig(buffer, format=path.suffix[1:].lower(), dpi=120))
    except OSError as error:
        raise UserError(f"--figure {path}: cannot be written: {error.strerror or error}") from None
    console.message(f"figure: {path}")
