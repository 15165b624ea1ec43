"""IDX files, the format of MNIST: read strictly, written whole.

Format: https://yann.lecun.org/exdb/mnist/ : two zero bytes, a type code, the number of dimensions, the sizes as
big-endian 32-bit numbers, then the values. pw13 reads and writes unsigned bytes (type code 0x08) only.
"""

import gzip
import hashlib
import math
import os
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from pw13.data.source import CHUNK, describe_content, os_error
from pw13.errors import UserError

UNSIGNED_BYTE = 0x08
TYPES = {0x09: "signed bytes", 0x0B: "int16", 0x0C: "int32", 0x0D: "float32", 0x0E: "float64"}
UNITS = {1: "labels", 3: "images"}
MAX_BYTES = 1 << 31  # 2.7 million images of 28x28; more than that is taken for a bomb
GZIP_LEVEL = 5  # of compression: half the time of the usual 6 for 1 % more bytes (measured on letters)
DEFLATE_RATIO = 1032  # no deflate stream unpacks to more than this many times its size (zlib's technical details)


def read_idx(path: Path, dimensions: int) -> tuple[np.ndarray, str]:
    """`(array, sha256)`: the values of an IDX file as uint8 with `dimensions` axes, and the file's own digest.

    A name that ends in `.gz` is unpacked, no further than one byte beyond what the header promises.

    Raises:
        UserError: the file is missing, damaged, cut, not IDX, or holds other than what its header says.
    """
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            head = file.read(32)
            file.seek(0)

            def take(count: int) -> bytes:
                block = file.read(count)
                digest.update(block)
                return block

            read = _reader(path, head, take)
            shape = _read_header(path, read, dimensions)
            _check_declared_bytes(path, shape)
            values = _read_values(path, read, shape)
    except EOFError:
        raise UserError(f"{path}: incomplete or damaged: the gzip data ended before its trailer") from None
    except zlib.error as error:
        raise UserError(f"{path}: damaged: the gzip data cannot be unpacked ({_plain(error)})") from None
    except MemoryError:
        raise UserError(f"{path}: {math.prod(shape):,} bytes do not fit into memory") from None
    except OSError as error:
        raise os_error(path, error) from None
    return np.frombuffer(values, np.uint8).reshape(shape), digest.hexdigest()


def write_idx(path: Path, shape: tuple[int, ...], blocks: Iterable[np.ndarray]) -> None:
    """Write uint8 `blocks`, which together have `shape`, as one IDX file (gzip where the name ends in `.gz`).

    The same values give the same bytes. Written beside, synced and renamed: nothing half-written stays.

    Raises:
        ValueError: the blocks hold other than `shape` says.
        OSError: the disk is full or the folder not writable.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(beside, "wb") as file:
            if path.suffix == ".gz":
                with gzip.GzipFile("", "wb", GZIP_LEVEL, file, mtime=0) as packed:
                    _write_values(packed.write, shape, blocks)
            else:
                _write_values(file.write, shape, blocks)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


class _Unpacked:
    """The bytes inside a gzip file, unpacked no further than asked for, every trailer checked."""

    def __init__(self, path: Path, take: Callable[[int], bytes]) -> None:
        self.path, self.take = path, take
        self.member, self.raw = zlib.decompressobj(wbits=31), b""

    def read(self, count: int) -> bytes:
        """The next `count` bytes; fewer only at the end of the last member."""
        values = bytearray()
        while len(values) < count:
            self.raw = self.raw or self.take(CHUNK)
            if self.member.eof:
                if not self.raw:
                    break
                self._next_member()
            ended = not self.raw
            block = self.member.decompress(self.raw, count - len(values))
            self.raw = self.member.unused_data if self.member.eof else self.member.unconsumed_tail
            values += block
            if ended and not block and not self.member.eof:
                raise EOFError
        return bytes(values)

    def _next_member(self) -> None:
        if len(self.raw) < 2:
            self.raw += self.take(CHUNK)
        if not self.raw.startswith(b"\x1f\x8b"):
            raise UserError(f"{self.path}: damaged: other data follow the end of the gzip data")
        self.member = zlib.decompressobj(wbits=31)


def _reader(path: Path, head: bytes, take: Callable[[int], bytes]) -> Callable[[int], bytes]:
    """How to read on: through gzip or not, as the name says; what is something else by its first bytes is refused."""
    packed, by_name = head.startswith(b"\x1f\x8b"), path.suffix == ".gz"
    if not head:
        raise UserError(f"{path}: the file is empty")
    if by_name and not packed:
        hint = f"; rename it to {path.stem}" if head.startswith(b"\0\0") else ""
        raise UserError(
            f"{path}: not gzip data: the file {describe_content(head) or f'begins with {head[:4]!r}'}{hint}"
        )
    if packed and not by_name:
        raise UserError(f"{path}: gzip data under a name without .gz; rename it to {path.name}.gz")
    return _Unpacked(path, take).read if packed else take


def _read_header(path: Path, read: Callable[[int], bytes], dimensions: int) -> tuple[int, ...]:
    """The sizes that the header promises, one an axis."""
    magic = read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        raise UserError(f"{path}: not IDX data: {_first(magic)}, expected two zero bytes, type code and dimensions")
    if magic[2] != UNSIGNED_BYTE:
        received = TYPES.get(magic[2], "unknown")
        raise UserError(f"{path}: type code 0x{magic[2]:02x} ({received}), expected 0x08 (unsigned bytes)")
    if magic[3] != dimensions:
        raise UserError(
            f"{path}: {magic[3]} dimensions, expected {dimensions} (a file of {UNITS.get(dimensions, 'values')})"
        )
    sizes = read(4 * dimensions)
    if len(sizes) < 4 * dimensions:
        raise UserError(f"{path}: incomplete: it ends within its header, after {4 + len(sizes)} bytes")
    return tuple(int(size) for size in np.frombuffer(sizes, ">u4"))


def _check_declared_bytes(path: Path, shape: tuple[int, ...]) -> None:
    """Refuse, before anything is unpacked, an empty array and one that no file of this size can hold."""
    promised, size = math.prod(shape), path.stat().st_size
    if shape[0] == 0:
        raise UserError(f"{path}: holds no {UNITS.get(len(shape), 'values')}: its header says 0")
    if promised == 0:
        raise UserError(f"{path}: its header says images of {_sides(shape)} pixels")
    most = size * DEFLATE_RATIO if path.suffix == ".gz" else size
    if promised > most:
        raise UserError(f"{path}: {_declared_bytes(shape)}, a file of {size:,} bytes holds at most {most:,}")
    if promised > MAX_BYTES:
        raise UserError(f"{path}: {_declared_bytes(shape)}, more than the {MAX_BYTES:,} bytes that pw13 reads")


def _read_values(path: Path, read: Callable[[int], bytes], shape: tuple[int, ...]) -> bytearray:
    """As many bytes as the header promises, neither fewer nor more."""
    promised, values = math.prod(shape), bytearray()
    while len(values) <= promised:
        block = read(min(CHUNK, promised + 1 - len(values)))
        if not block:
            break
        values += block
    if len(values) > promised:
        raise UserError(f"{path}: {_declared_bytes(shape)}, the file holds more than that")
    if len(values) < promised:
        each = promised // shape[0]
        held = f"{len(values) // each:,}" + (" and a part" if len(values) % each else "")
        raise UserError(f"{path}: {_declared_bytes(shape)}, the file holds {held} ({len(values):,} bytes)")
    return values


def _write_values(write: Callable[[bytes], object], shape: tuple[int, ...], blocks: Iterable[np.ndarray]) -> None:
    write(bytes([0, 0, UNSIGNED_BYTE, len(shape)]) + np.array(shape, ">u4").tobytes())
    written = 0
    for block in blocks:
        if block.dtype != np.uint8:
            raise ValueError(f"expected uint8 blocks, received {block.dtype}")
        write(block.tobytes())
        written += block.size
    if written != math.prod(shape):
        raise ValueError(f"expected {math.prod(shape)} values for shape {shape}, received {written}")


def _declared_bytes(shape: tuple[int, ...]) -> str:
    unit = UNITS.get(len(shape), "values")
    of = f" of {_sides(shape)}" if len(shape) > 1 else ""
    return f"its header promises {shape[0]:,} {unit}{of} ({math.prod(shape):,} bytes)"


def _sides(shape: tuple[int, ...]) -> str:
    return "x".join(str(size) for size in shape[1:])


def _first(head: bytes) -> str:
    return f"it begins with {head[:4].hex(' ')}" if head else "nothing is in it"


def _plain(error: zlib.error) -> str:
    """zlib's words without its number."""
    return str(error).split(": ")[-1]
