"""Corpora of names: a text file, one name a line, or the built-in list."""

import codecs
import hashlib
from dataclasses import dataclass
from pathlib import Path

from pw13.data.published import CORPORA
from pw13.data.source import Source, default_path, describe_content, os_error
from pw13.errors import OptionError, UserError

BOM = "\ufeff"


@dataclass(frozen=True)
class NameList:
    """Names in the order of the file, repeats kept; `notes` say what of the file is not in them or was changed."""

    names: tuple[str, ...]
    source: Source
    notes: tuple[str, ...] = ()


def load_names(corpus: str | None, *, encoding: str = "utf-8", fix_accents: bool = False) -> NameList:
    """The names in file `corpus`, the built-in list for "builtin", the default place for None.

    Only "\\n" ends a name; a byte order mark, "\\r" before "\\n" and blank lines are left out. `fix_accents` restores
    Mac Roman letters that were read as Latin-1.

    Raises:
        UserError: the file is missing, holds no names, or bytes that are no text.
        OptionError: there is no such encoding.
    """
    path = None if corpus == "builtin" else Path(corpus) if corpus else default_path("startup-names", "companies.csv")
    names, source, notes = _read_builtin() if path is None else read_file(path, encoding)
    if fix_accents:
        names, note = restore_accents(names)
        notes = (*notes, note)
    return NameList(names, source, notes)


def read_file(path: Path, encoding: str = "utf-8") -> tuple[tuple[str, ...], Source, tuple[str, ...]]:
    """`(names, source, notes)` of a corpus file."""
    data = _read_bytes(path)
    looks = describe_content(data[:32])
    if looks and "HTML" in looks and "XML" not in looks:
        raise UserError(f"{path}: not a list of names: the file {looks}")
    text = decode(path, data, encoding)
    names, notes = split_names(text)
    if not names:
        raise UserError(f"{path}: holds no names" + (" (the file is empty)" if not data else ""))
    if "\n" not in text and "\r" in text:
        raise UserError(f"{path}: its lines end with carriage returns alone; expected newlines")
    sha256 = hashlib.sha256(data).hexdigest()
    name = CORPORA.get(sha256, f"names in {path.name}")
    return names, Source("file", str(path), name, sha256, {path.name: sha256}), notes


def decode(path: Path, data: bytes, encoding: str) -> str:
    """The text of a corpus file, byte order mark included."""
    try:
        codecs.lookup(encoding)
        text = data.decode(encoding)
    except (LookupError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            raise UserError(f"{path}: {_bad_byte(data, error.start, encoding)}") from None
        if isinstance(error, UnicodeError):
            raise UserError(f"{path}: is not {encoding}: {error}") from None
        raise OptionError(f"--encoding: unknown encoding {encoding!r}") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise UserError(f"{path}: line {line:,} holds a zero byte (NUL); expected text, one name a line")
    return text


def split_names(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """`(names, notes)`: the lines of `text` without byte order mark, carriage returns at their ends and blank lines."""
    lines = text.removeprefix(BOM).removesuffix("\n").split("\n")
    stripped = [line.rstrip("\r") for line in lines]
    names = tuple(line for line in stripped if line.strip(" \t"))
    returns = sum(len(line) for line in lines) - sum(len(line) for line in stripped)
    left_out = {
        "byte order mark": int(text.startswith(BOM)),
        "carriage return": returns,
        "blank line": len(lines) - len(names),
    }
    parts = [f"{count:,} {what}{'s' if count > 1 else ''}" for what, count in left_out.items() if count]
    return names, (f"left out: {', '.join(parts)}",) if parts and names else ()


def restore_accents(names: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """`(names, note)`: Mac Roman bytes that were read as Latin-1 as the letters they were.

    Such a reading leaves control characters U+0080 to U+009F behind; a list without one is sound and stays as it is.
    """
    if not any("\x80" <= character <= "\x9f" for name in names for character in name):
        return names, "accents: none to restore (no character U+0080 to U+009F)"
    restored = tuple(name if name.isascii() else _restore(name) for name in names)
    changed = [(old, new) for old, new in zip(names, restored, strict=True) if old != new]
    characters = sum(a != b for old, new in changed for a, b in zip(old, new, strict=True))
    return (
        restored,
        f"accents restored (Mac Roman read as Latin-1): {characters:,} characters in {len(changed):,} names",
    )


def _restore(name: str) -> str:
    try:
        return name.encode("latin-1").decode("mac_roman")
    except UnicodeEncodeError:  # a character beyond Latin-1: this name was not read as Latin-1
        return name


def _read_bytes(path: Path) -> bytes:
    if path.is_dir():
        raise UserError(f"{path}: is a folder; expected a text file, one name a line")
    if path.exists() and not path.is_file():
        raise UserError(f"{path}: is not a regular file; expected a text file, one name a line")
    try:
        return path.read_bytes()
    except MemoryError:
        raise UserError(f"{path}: does not fit into memory") from None
    except OSError as error:
        raise os_error(path, error) from None


def _bad_byte(data: bytes, start: int, encoding: str) -> str:
    """Where the byte stands that cannot be read, and what to do."""
    line, column = data.count(b"\n", 0, start) + 1, start - data.rfind(b"\n", 0, start)
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    hint = "the file looks like UTF-16: --encoding utf-16" if utf16 else "name the file's encoding with --encoding"
    return f"line {line:,}, byte {column:,} (0x{data[start]:02x}) is not {encoding.upper()}; {hint}"


def _read_builtin() -> tuple[tuple[str, ...], Source, tuple[str, ...]]:
    from pw13.data.builtin.datasets import names

    text = names()
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    source = Source("builtin", "builtin", "built-in company names", sha256, {"names": sha256})
    return split_names(text)[0], source, ()
