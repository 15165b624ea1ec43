"""Load a corpus of names: a text file with one name per line, or the built-in list."""

import codecs
import functools
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from pw13.data.published import CORPUS_NAMES
from pw13.data.source import (
    DEFAULT_PATHS,
    NAMED_CORPORA,
    Source,
    default_path,
    describe_content,
    named_corpus,
    os_error,
    stamp,
)
from pw13.errors import OptionError, UserError

BOM = "\ufeff"
FEW = 0.001  # share of names whose spaces at their edges hardly change what is measured of sampled ones
NOT_TEXT = re.compile("[\\0\ud800-\udfff]")  # surrogates, which some codecs such as unicode_escape let through


@dataclass(frozen=True)
class NameList:
    """Names in file order, duplicates included; `notes` say what was ignored or changed."""

    names: tuple[str, ...]
    source: Source
    notes: tuple[str, ...] = ()


def load_names(corpus: str | None, *, encoding: str = "utf-8", fix_accents: bool = False) -> NameList:
    """Load the names in file `corpus`, the built-in list for "builtin", a published one, the default one for None.

    Published ones have names: "makemore".

    Only "\\n" ends a name; byte order marks at the start of a line (as joined files have them), "\\r" before "\\n" and
    blank lines are ignored. `fix_accents` repairs Mac Roman text decoded as Latin-1.

    Raises:
        UserError: the file is missing, contains no names, or is not text.
        OptionError: the encoding is unknown.
    """
    check_encoding(encoding)
    if corpus in NAMED_CORPORA:
        path: Path | None = named_corpus(corpus)
    else:
        path = Path(corpus) if corpus is not None else default_path(*DEFAULT_PATHS["corpus"])
    if path is None or corpus == "builtin":
        return _name_list(*_read_builtin(), fix_accents)
    return load_name_file(path, encoding=encoding, fix_accents=fix_accents)


def load_name_file(path: Path, *, encoding: str = "utf-8", fix_accents: bool = False) -> NameList:
    """Load the names in a file, whatever its name; see `load_names`."""
    return _name_list(*read_file(path, encoding), fix_accents)


def _name_list(names: tuple[str, ...], source: Source, notes: tuple[str, ...], fix_accents: bool) -> NameList:
    if fix_accents:
        names, note = repair_accents(names)
        notes = (*notes, note)
    return NameList(names, source, notes)


def read_file(path: Path, encoding: str) -> tuple[tuple[str, ...], Source, tuple[str, ...]]:
    """Read a corpus file as `(names, source, notes)`.

    Raises:
        UserError: the file is missing, contains no names, or is not text.
        OptionError: the encoding is unknown.
    """
    return _read_file(path, encoding, stamp(path))


@functools.lru_cache(maxsize=1)  # the runs of a process share it
def _read_file(path: Path, encoding: str, unchanged: object) -> tuple[tuple[str, ...], Source, tuple[str, ...]]:
    data = read_bytes(path)
    content = describe_content(data)
    if content and "XML" not in content:  # a name may begin with "<"
        raise UserError(f"{path}: not a list of names: the file {content}")
    text = decode(path, data, encoding)
    names, notes = split_names(text)
    if not names:
        raise UserError(f"{path}: contains no names" + (" (the file is empty)" if not data else ""))
    if "\n" not in text and "\r" in text:
        raise UserError(f"{path}: lines end in carriage returns only, expected newlines")
    sha256 = hashlib.sha256(data).hexdigest()
    name = CORPUS_NAMES.get(sha256, f"names in {path.name}")
    return names, Source("file", str(path), name, sha256, {path.name: sha256}), notes


def decode(path: Path, data: bytes, encoding: str) -> str:
    """Decode a corpus file, byte order mark included.

    Raises:
        UserError: a byte cannot be decoded, or the text contains NUL or halves of characters.
        OptionError: the encoding is unknown.
    """
    check_encoding(encoding)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: {_bad_byte(data, error.start, encoding)}") from None
    except UnicodeError as error:
        raise UserError(f"{path}: cannot decode as {encoding}: {error}") from None
    certain = is_utf8(encoding) and "\0" not in text  # UTF-8 has no halves of characters
    if match := None if certain else NOT_TEXT.search(text):
        line, found = text.count("\n", 0, match.start()) + 1, ord(match[0])
        what = f"half a character (U+{found:04X})" if found else "a NUL byte"
        raise UserError(f"{path}: line {line:,} contains {what}; expected text, one name per line")
    return text


def split_names(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split `text` into `(names, notes)`; byte order marks, carriage returns before newlines and blank lines go.

    White space at the edges of names stays, with a note.
    """
    lines = text.removesuffix("\n").split("\n")
    unmarked = [line.lstrip(BOM) for line in lines] if BOM in text else lines
    stripped = [line.rstrip("\r") for line in unmarked] if "\r" in text else unmarked
    names = tuple(line for line in stripped if line.strip(" \t"))
    ignored = {
        "byte order mark": _characters_lost(lines, unmarked),
        "carriage return": _characters_lost(unmarked, stripped),
        "blank line": len(lines) - len(names),
    }
    parts = [f"{count:,} {what}{'s' if count > 1 else ''}" for what, count in ignored.items() if count]
    notes = (f"ignored: {', '.join(parts)}",) if parts and names else ()
    return names, notes + _edge_spaces(names)


def _edge_spaces(names: tuple[str, ...]) -> tuple[str, ...]:
    """Note that more than a few names begin or end with white space: sampled names that do so never count as whole."""
    count = sum(name[0].isspace() or name[-1].isspace() for name in names)
    if count <= FEW * len(names):
        return ()
    has = "name has" if count == 1 else "names have"
    return (f"{count:,} {has} a space at an edge; sampled names with one are not counted as whole",)


def line_of(number: int, path: Path, encoding: str) -> int:
    """Return the line, counted from 1, of a name of a corpus file, counted from 0."""
    lines = decode(path, read_bytes(path), encoding).split("\n")
    return [line for line, text in enumerate(lines, 1) if text.strip(f"{BOM}\r \t")][number]


def _characters_lost(lines: list[str], shorter: list[str]) -> int:
    return 0 if shorter is lines else sum(map(len, lines)) - sum(map(len, shorter))


def repair_accents(names: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """Repair Mac Roman text decoded as Latin-1, as `(names, note)`.

    Such text has control characters U+0080 to U+009F; without one the names are returned unchanged.
    """
    if not any("\x80" <= character <= "\x9f" for name in names for character in name):
        return names, "accents: nothing to repair (no character U+0080 to U+009F)"
    repaired = tuple(name if name.isascii() else _repair(name) for name in names)
    changed = [(old, new) for old, new in zip(names, repaired, strict=True) if old != new]
    characters = sum(a != b for old, new in changed for a, b in zip(old, new, strict=True))
    counts = f"{characters:,} characters in {len(changed):,} names"
    return repaired, f"accents repaired (Mac Roman decoded as Latin-1): {counts}"


def _repair(name: str) -> str:
    try:
        return name.encode("latin-1").decode("mac_roman")
    except UnicodeEncodeError:  # a character beyond Latin-1: this name was not decoded as Latin-1
        return name


def is_utf8(encoding: str) -> bool:
    """Return whether an encoding is UTF-8.

    Raises:
        OptionError: it is unknown.
    """
    check_encoding(encoding)
    return codecs.lookup(encoding).name == "utf-8"


def check_encoding(encoding: str) -> None:
    """Refuse an encoding that is unknown or not of text.

    Raises:
        OptionError: it is one.
    """
    try:
        "".encode(encoding)
    except (LookupError, ValueError):
        raise OptionError(f"--encoding: unknown encoding {encoding!r}") from None


def read_bytes(path: Path) -> bytes:
    """Return the content of a regular file.

    Raises:
        UserError: it cannot be read; the message names it.
    """
    require_file(path)
    try:
        return path.read_bytes()
    except MemoryError:
        raise UserError(f"{path}: out of memory") from None
    except OSError as error:
        raise os_error(path, error) from None


def require_file(path: Path) -> None:
    """Refuse a folder, a pipe or a device as a corpus."""
    if path.exists() and not path.is_file():
        what = "a folder" if path.is_dir() else "not a regular file"
        raise UserError(f"{path}: is {what}; expected a text file, one name per line")


def _bad_byte(data: bytes, start: int, encoding: str) -> str:
    """Describe the position of an invalid byte, and the way on."""
    line, column = data.count(b"\n", 0, start) + 1, start - data.rfind(b"\n", 0, start)
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    hint = "the file looks like UTF-16, use --encoding utf-16" if utf16 else "set the file's encoding with --encoding"
    return f"line {line:,}, byte {column:,} (0x{data[start]:02x}) is not {encoding.upper()}; {hint}"


def _read_builtin() -> tuple[tuple[str, ...], Source, tuple[str, ...]]:
    from pw13.data.builtin.datasets import names

    text = names()
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    source = Source("builtin", "builtin", "built-in company names", sha256, {"names": sha256})
    return split_names(text)[0], source, ()
