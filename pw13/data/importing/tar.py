"""Read a tar archive from a stream, strictly and in constant memory.

The standard library's reader keeps every header it has seen, reads a long-name header of any size at once, and treats
a corrupt header as the end of the archive. None of that is safe for large archives from unknown sources.

Format: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Interchange Format"; GNU tar manual, "Basic Tar Format".
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

BLOCK = 512
MAX_HEADER_BYTES = 1 << 20  # of a long name or a set of pax records
CHUNK = 1 << 16
FILE, FOLDER, LINK, OTHER = "file", "folder", "link", "other"
KINDS = {b"0": FILE, b"\0": FILE, b"7": FILE, b"5": FOLDER, b"1": LINK, b"2": LINK}

Read = Callable[[int], bytes]


class CorruptArchive(Exception):
    """The archive cannot be read further; the message says why."""


class Member(NamedTuple):
    """An entry; `data` is None except for files up to the maximum size."""

    name: str
    kind: str
    size: int
    data: bytes | None


def read_members(read: Read, max_bytes: int) -> Iterator[Member]:
    """Yield the entries of the archive read by `read(count)`, in order, files up to `max_bytes` with their content.

    Raises:
        CorruptArchive: a header is invalid, or the archive ends before its end-of-archive marker.
    """
    long_name: str | None = None
    pax: dict[str, str] = {}
    while any(block := _read_exactly(read, BLOCK)):
        _verify_checksum(block)
        kind, size = block[156:157], _number(block[124:136])
        if kind in (b"L", b"K", b"x", b"X", b"g"):
            if size > MAX_HEADER_BYTES:
                raise CorruptArchive(f"header of {size:,} bytes")
            content = _read_exactly(read, _padded(size))[:size]
            if kind == b"L":
                long_name = _text(content)
            elif kind in (b"x", b"X"):
                pax = _records(content)
            continue
        size = _pax_size(pax, size)
        name = pax.get("path") or long_name or _name(block)
        long_name, pax = None, {}
        yield _member(read, block, name, KINDS.get(kind, OTHER), size, max_bytes)


def _member(read: Read, block: bytes, name: str, kind: str, size: int, max_bytes: int) -> Member:
    """Return the entry of header `block`, and advance `read` to the next header."""
    if kind == FILE and name.endswith("/"):
        kind = FOLDER
    if kind in (FOLDER, LINK):
        return Member(name, kind, 0, None)  # no content, whatever the size field says
    if block[156:157] == b"S":  # a GNU sparse file: its map continues in further blocks while a flag is set
        more = block[482]
        while more:
            more = _read_exactly(read, BLOCK)[504]
    if kind == FILE and size <= max_bytes:
        return Member(name, kind, size, _read_exactly(read, _padded(size))[:size])
    _skip(read, _padded(size))
    return Member(name, kind, size, None)


def _read_exactly(read: Read, count: int) -> bytes:
    block = read(count)
    while len(block) < count:
        more = read(count - len(block))
        if not more:
            raise CorruptArchive("ends before its end-of-archive marker")
        block += more
    return block


def _skip(read: Read, count: int) -> None:
    while count:
        count -= len(_read_exactly(read, min(count, CHUNK)))


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def _verify_checksum(block: bytes) -> None:
    expected = sum(block) - sum(block[148:156]) + 8 * ord(" ")
    if _number(block[148:156]) != expected:
        raise CorruptArchive("invalid header checksum")


def _number(field: bytes) -> int:
    """Parse a size or checksum: octal text, or GNU's base 256 after a byte 0x80."""
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:], "big")
    try:
        return int(field.split(b"\0")[0].strip() or b"0", 8)
    except ValueError:
        raise CorruptArchive("invalid number in a header") from None


def _name(block: bytes) -> str:
    name = _text(block[:100])
    prefix = _text(block[345:500]) if block[257:263] == b"ustar\0" else ""
    return f"{prefix}/{name}" if prefix else name


def _text(field: bytes) -> str:
    return field.split(b"\0")[0].decode("utf-8", "surrogateescape")  # as names in folders are


def _records(content: bytes) -> dict[str, str]:
    """Parse pax records, each "LENGTH KEY=VALUE" and a newline."""
    records = {}
    while content:
        length, _, _ = content.partition(b" ")
        if not length.isdigit() or not len(length) < int(length[:9]) <= len(content):
            raise CorruptArchive("malformed pax header")
        key, _, value = content[len(length) + 1 : int(length) - 1].partition(b"=")
        records[_text(key)] = _text(value)
        content = content[int(length) :]
    return records


def _pax_size(pax: dict[str, str], size: int) -> int:
    if "size" not in pax:
        return size
    if not pax["size"].isdecimal() or len(pax["size"]) > 20:
        raise CorruptArchive("invalid size in a pax header")
    return int(pax["size"])
