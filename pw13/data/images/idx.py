"""Read IDX files, the format of MNIST, strictly, and write them atomically.

Format: https://yann.lecun.org/exdb/mnist/ : two zero bytes, a type code, the number of dimensions, the sizes as
big-endian 32-bit integers, then the values. pw13 reads and writes unsigned bytes (type code 0x08) only.
"""

import gzip
import hashlib
import math
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from pw13.data.source import CHUNK, describe_content, os_error
from pw13.errors import UserError
from pw13.system import files

UNSIGNED_BYTE = 0x08
TYPES = {0x09: "signed bytes", 0x0B: "int16", 0x0C: "int32", 0x0D: "float32", 0x0E: "float64"}
UNITS = {1: "labels", 3: "images"}
MAP_FROM = 1 << 26  # bytes; a smaller file is not worth the danger that it is cut short while it is mapped
MAX_BYTES = 1 << 31  # 2.7 million images of 28x28; larger files are treated as decompression bombs
GZIP_LEVEL = 5  # half the time of level 6 for 1 % more bytes (measured on letters)
MAX_DEFLATE_RATIO = 1032  # highest compression ratio of a deflate stream (zlib's technical details)


def read_idx(path: Path, dimensions: int) -> tuple[np.ndarray, str]:
    """Read an IDX file as `(array, sha256)`: uint8 values with `dimensions` axes, and the sha256 of the file itself.

    A file named `.gz` is decompressed up to one byte beyond what its header declares. A plain file of `MAP_FROM` bytes
    or more is mapped into memory: its pages are read when they are used, and given back when memory is short.

    Raises:
        UserError: the file is missing, corrupt, truncated, not IDX, or does not match its header.
    """
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            head = file.read(32)
            file.seek(0)

            def read_raw(count: int) -> bytes:
                block = file.read(count)
                digest.update(block)
                return block

            read = _reader(path, head, read_raw)
            shape = _read_header(path, read, dimensions)
            _check_declared_size(path, shape)
            if path.suffix != ".gz" and math.prod(shape) >= MAP_FROM:
                values = _map_values(path, read, shape)
            else:
                values = _read_values(path, read, shape)
    except EOFError:
        raise UserError(f"{path}: truncated or corrupt: the gzip stream ends before its trailer") from None
    except zlib.error as error:
        raise UserError(f"{path}: corrupt: cannot decompress the gzip data ({_zlib_reason(error)})") from None
    except MemoryError:
        raise UserError(f"{path}: out of memory: {math.prod(shape):,} bytes of values") from None
    except OSError as error:
        raise os_error(path, error) from None
    return values.reshape(shape), digest.hexdigest()


def write_idx(path: Path, shape: tuple[int, ...], blocks: Iterable[np.ndarray]) -> None:
    """Write uint8 `blocks`, which together have `shape`, as one IDX file, compressed if the name ends in `.gz`.

    The same values give the same bytes. The file is written atomically (temporary file, fsync, rename).

    Raises:
        ValueError: the blocks are not uint8 or do not match `shape`.
        OSError: the disk is full or the folder is not writable.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            if path.suffix == ".gz":
                with gzip.GzipFile("", "wb", GZIP_LEVEL, file, mtime=0) as packed:
                    _write_values(packed.write, shape, blocks)
            else:
                _write_values(file.write, shape, blocks)
            file.flush()
            files.sync_file(file)
        files.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def refuse_too_large(source: Path, shape: tuple[int, int, int]) -> None:
    """Refuse to make of `source` a file of images of `shape` (n, height, width) that `read_idx` would not read.

    Raises:
        UserError: the values are more than `MAX_BYTES`.
    """
    count, size = shape[0], math.prod(shape)
    if size > MAX_BYTES:
        images = f"{count:,} images of {format_size(shape[1:])} are {size:,} bytes"
        side = math.isqrt(MAX_BYTES // count)
        raise UserError(f"{source}: {images}, expected at most {MAX_BYTES:,}; use --size {side} or smaller")


def format_size(shape: tuple[int, ...]) -> str:
    """Format height and width, such as "28x28"."""
    return "x".join(map(str, shape))


class _GzipReader:
    """Read the content of a gzip file, decompressing only as much as requested and verifying every trailer."""

    def __init__(self, path: Path, read_raw: Callable[[int], bytes]) -> None:
        self.path, self.read_raw = path, read_raw
        self.member, self.packed = zlib.decompressobj(wbits=31), b""

    def read(self, count: int) -> bytes:
        """Return the next `count` bytes, fewer only at the end of the last member."""
        values = bytearray()
        while len(values) < count:
            self.packed = self.packed or self.read_raw(CHUNK)
            if self.member.eof:
                if not self.packed:
                    break
                self._next_member()
            at_end = not self.packed
            block = self.member.decompress(self.packed, count - len(values))
            self.packed = self.member.unused_data if self.member.eof else self.member.unconsumed_tail
            values += block
            if at_end and not block and not self.member.eof:
                raise EOFError
        return bytes(values)

    def _next_member(self) -> None:
        if len(self.packed) < 2:
            self.packed += self.read_raw(CHUNK)
        if not self.packed.startswith(b"\x1f\x8b"):
            raise UserError(f"{self.path}: corrupt: trailing data after the gzip stream")
        self.member = zlib.decompressobj(wbits=31)


def _reader(path: Path, head: bytes, read_raw: Callable[[int], bytes]) -> Callable[[int], bytes]:
    """Return a function that reads the next bytes, through gzip if the name ends in `.gz`.

    Raises:
        UserError: the file is empty, or its first bytes do not match its name.
    """
    packed, named_gz = head.startswith(b"\x1f\x8b"), path.suffix == ".gz"
    if not head:
        raise UserError(f"{path}: the file is empty")
    if named_gz and not packed:
        content = describe_content(head) or f"starts with {head[:4]!r}"
        hint = f"; rename it to {path.stem}" if head.startswith(b"\0\0") else ""
        raise UserError(f"{path}: not gzip data: the file {content}{hint}")
    if packed and not named_gz:
        raise UserError(f"{path}: gzip data, but the name does not end in .gz; rename it to {path.name}.gz")
    return _GzipReader(path, read_raw).read if packed else read_raw


def _read_header(path: Path, read: Callable[[int], bytes], dimensions: int) -> tuple[int, ...]:
    """Return the shape declared in the header."""
    magic = read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        raise UserError(f"{path}: not IDX data: {_describe_head(magic)}, expected 00 00, type code and dimensions")
    if magic[2] != UNSIGNED_BYTE:
        received = TYPES.get(magic[2], "unknown")
        raise UserError(f"{path}: type code 0x{magic[2]:02x} ({received}), expected 0x08 (unsigned bytes)")
    if magic[3] != dimensions:
        unit = UNITS.get(dimensions, "values")
        raise UserError(f"{path}: {magic[3]} dimensions, expected {dimensions} (a file of {unit})")
    sizes = read(4 * dimensions)
    if len(sizes) < 4 * dimensions:
        raise UserError(f"{path}: truncated: ends within the header, after {4 + len(sizes)} bytes")
    return tuple(int(size) for size in np.frombuffer(sizes, ">u4"))


def _check_declared_size(path: Path, shape: tuple[int, ...]) -> None:
    """Refuse, before reading the values, an empty array and one that no file of this size can contain."""
    declared, size = math.prod(shape), path.stat().st_size
    if shape[0] == 0:
        raise UserError(f"{path}: contains no {UNITS.get(len(shape), 'values')} (header declares 0)")
    if declared == 0:
        raise UserError(f"{path}: header declares images of {format_size(shape[1:])} pixels")
    capacity = size * MAX_DEFLATE_RATIO if path.suffix == ".gz" else size
    if declared > capacity:
        raise UserError(f"{path}: {_declared(shape)}, but a file of {size:,} bytes holds at most {capacity:,}")
    if declared > MAX_BYTES:
        raise UserError(f"{path}: {_declared(shape)}, more than the limit of {MAX_BYTES:,} bytes")


def _read_values(path: Path, read: Callable[[int], bytes], shape: tuple[int, ...]) -> np.ndarray:
    """Read exactly as many bytes as the header declares, into an array of that many: `(values,)` uint8."""
    values, count = np.empty(math.prod(shape), np.uint8), 0
    for block in _blocks(path, read, shape):
        values[count : count + len(block)] = np.frombuffer(block, np.uint8)
        count += len(block)
    return values


def _map_values(path: Path, read: Callable[[int], bytes], shape: tuple[int, ...]) -> np.ndarray:
    """Map the values of a plain file after reading it once, for its checksum: `(values,)` uint8."""
    for _ in _blocks(path, read, shape):
        pass
    return np.asarray(np.memmap(path, np.uint8, "r", offset=4 + 4 * len(shape), shape=(math.prod(shape),)))


def _blocks(path: Path, read: Callable[[int], bytes], shape: tuple[int, ...]) -> Iterator[bytes]:
    """Yield exactly as many bytes as the header declares."""
    declared, count = math.prod(shape), 0
    while block := read(min(CHUNK, declared + 1 - count)):
        count += len(block)
        if count > declared:
            raise UserError(f"{path}: {_declared(shape)}, but the file holds more than that")
        yield block
    if count < declared:
        complete, rest = divmod(count, declared // shape[0])
        held = f"{complete:,}" + (" and a part" if rest else "")
        raise UserError(f"{path}: {_declared(shape)}, but the file holds {held} ({count:,} bytes)")


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


def _declared(shape: tuple[int, ...]) -> str:
    unit = UNITS.get(len(shape), "values")
    pixels = f" of {format_size(shape[1:])}" if len(shape) > 1 else ""
    return f"header declares {shape[0]:,} {unit}{pixels} ({math.prod(shape):,} bytes)"


def _describe_head(head: bytes) -> str:
    return f"starts with {head[:4].hex(' ')}" if head else "no content"


def _zlib_reason(error: zlib.error) -> str:
    """Return zlib's message without its error number."""
    return str(error).split(": ")[-1]
