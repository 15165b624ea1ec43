"""Reading a tar archive from a stream, in constant memory and strictly.

The standard library's reader keeps every header it has seen, reads a long-name header of any size at once, and takes a
damaged header for the end of the archive; half a million files from a stranger ask for the contrary.

Format: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Interchange Format"; GNU tar manual, "Basic Tar Format".
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

BLOCK = 512
MAX_HEADER_BYTES = 1 << 20  # of a long name or a set of pax records
PIECE = 1 << 16
FILE, FOLDER, LINK, OTHER = "file", "folder", "link", "other"
KINDS = {b"0": FILE, b"\0": FILE, b"7": FILE, b"5": FOLDER, b"1": LINK, b"2": LINK}

Read = Callable[[int], bytes]


class Damaged(Exception):
    """The archive cannot be read on; the message says why."""


class Member(NamedTuple):
    """One entry; `data` only of a file that is not larger than asked for."""

    name: str
    kind: str
    size: int
    data: bytes | None


def read_members(read: Read, most_bytes: int) -> Iterator[Member]:
    """The entries of the archive that `read(count)` gives, in order, files of up to `most_bytes` with their content.

    Raises:
        Damaged: a header that is none, or the archive ends before its end mark.
    """
    long_name: str | None = None
    pax: dict[str, str] = {}
    while any(block := _exactly(read, BLOCK)):
        _check_sum(block)
        kind, size = block[156:157], _number(block[124:136])
        if kind in (b"L", b"K", b"x", b"X", b"g"):
            if size > MAX_HEADER_BYTES:
                raise Damaged(f"a header of {size:,} bytes")
            content = _exactly(read, _padded(size))[:size]
            if kind == b"L":
                long_name = _text(content)
            elif kind in (b"x", b"X"):
                pax = _records(content)
            continue
        size = _pax_size(pax, size)
        name = pax.get("path") or long_name or _name(block)
        long_name, pax = None, {}
        yield _member(read, block, name, KINDS.get(kind, OTHER), size, most_bytes)


def _member(read: Read, block: bytes, name: str, kind: str, size: int, most_bytes: int) -> Member:
    """The entry whose header is `block`, with `read` moved on to the next header."""
    if kind == FILE and name.endswith("/"):
        kind = FOLDER
    if kind in (FOLDER, LINK):
        return Member(name, kind, 0, None)  # such entries have no content, whatever their size field says
    if block[156:157] == b"S":  # a sparse file of GNU tar: its map goes on in further blocks while a flag is set
        more = block[482]
        while more:
            more = _exactly(read, BLOCK)[504]
    if kind == FILE and size <= most_bytes:
        return Member(name, kind, size, _exactly(read, _padded(size))[:size])
    _skip(read, _padded(size))
    return Member(name, kind, size, None)


def _exactly(read: Read, count: int) -> bytes:
    block = read(count)
    while len(block) < count:
        more = read(count - len(block))
        if not more:
            raise Damaged("it ends before its end mark")
        block += more
    return block


def _skip(read: Read, count: int) -> None:
    while count:
        count -= len(_exactly(read, min(count, PIECE)))


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def _check_sum(block: bytes) -> None:
    expected = sum(block) - sum(block[148:156]) + 8 * ord(" ")
    if _number(block[148:156]) != expected:
        raise Damaged("a header has a wrong checksum")


def _number(field: bytes) -> int:
    """A size or checksum: octal text, or GNU's base 256 after a byte 0x80."""
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:], "big")
    try:
        return int(field.split(b"\0")[0].strip() or b"0", 8)
    except ValueError:
        raise Damaged("a header has a number that is none") from None


def _name(block: bytes) -> str:
    name = _text(block[:100])
    prefix = _text(block[345:500]) if block[257:263] == b"ustar\0" else ""
    return f"{prefix}/{name}" if prefix else name


def _text(field: bytes) -> str:
    return field.split(b"\0")[0].decode("utf-8", "backslashreplace")


def _records(content: bytes) -> dict[str, str]:
    """Pax records, each "LENGTH KEY=VALUE" and a newline."""
    records = {}
    while content:
        length, _, _ = content.partition(b" ")
        if not length.isdigit() or not len(length) < int(length[:9]) <= len(content):
            raise Damaged("a pax header is not made of records")
        key, _, value = content[len(length) + 1 : int(length) - 1].partition(b"=")
        records[_text(key)] = _text(value)
        content = content[int(length) :]
    return records


def _pax_size(pax: dict[str, str], size: int) -> int:
    if "size" not in pax:
        return size
    if not pax["size"].isdecimal() or len(pax["size"]) > 20:
        raise Damaged("a pax header has a size that is no number")
    return int(pax["size"])
