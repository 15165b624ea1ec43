"""Pictures of letters as files: found by class in a folder or an archive, decoded to grey arrays."""

import gzip
import io
import os
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pw13.data.importing import tar
from pw13.data.source import os_error
from pw13.errors import UserError

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")  # no others are tried: some start programs
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm", ".pnm")
ARCHIVES = (".tar", ".tgz", ".tar.gz")
MAX_BYTES = 1 << 24  # of one file
MAX_PIXELS = 1 << 24  # of one picture
MAX_UNSCALED = 1 << 20  # of one that is not scaled down
ALWAYS_UNPACKED = 1 << 30  # bytes that any archive may unpack to
MAX_RATIO = 100  # unpacked to packed beyond that; archives of letters have 3 to 4


class Picture(NamedTuple):
    """A file in the folder of a class: where its content is, or the content (None: larger than any picture is)."""

    name: str
    label: str
    path: str | None
    data: bytes | None


class Decoded(NamedTuple):
    """Grey pixels, row by row, of an image with `shape` (height, width)."""

    shape: tuple[int, int]
    pixels: bytes


class Unreadable(Exception):
    """A file that is no picture; the message says why."""


Tell = Callable[[int, int], None]  # how much is read, of how much


def is_archive(path: Path) -> bool:
    return path.name.lower().endswith(ARCHIVES)


def pictures_in_folder(folder: Path, passed: Counter[str], tell: Tell) -> Iterator[Picture]:
    """The pictures below `folder`, each labelled by the folder it stands in, in the order of their names.

    Links, other files and pictures outside a class folder are counted in `passed`; links are not followed.
    """
    total = sum(len(names) for _, _, names in os.walk(folder))
    before = len(str(folder / "x")) - 1
    for done, path in enumerate(_files(folder, passed), 1):
        label = _label(path[before:], passed)
        if label is not None:
            yield Picture(path[before:], label, path, None)
            tell(done, total)


def _files(folder: Path, passed: Counter[str]) -> Iterator[str]:
    """The paths of the regular files below `folder`, folder by folder, each in the order of its names."""
    waiting = [str(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            raise os_error(error.filename, error) from None
        for entry in entries:
            if entry.is_symlink():
                passed["links"] += 1
            elif entry.is_file(follow_symlinks=False):
                yield entry.path
            elif not entry.is_dir(follow_symlinks=False):
                passed["other files"] += 1
        waiting += [entry.path for entry in reversed(entries) if entry.is_dir(follow_symlinks=False)]


def pictures_in_archive(path: Path, passed: Counter[str], tell: Tell) -> Iterator[Picture]:
    """The pictures in a tar archive (packed by gzip or not), each labelled by the folder it stands in.

    Nothing is unpacked to disk, so no path can lead anywhere; an entry whose path tries to is passed over.

    Raises:
        UserError: the archive is damaged, cut, or unpacks to more than any archive of pictures does.
    """
    try:
        with open(path, "rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            with gzip.GzipFile(fileobj=file) if packed else io.BufferedReader(file) as stream:
                total = os.fstat(file.fileno()).st_size
                read = _bounded(path, stream.read, max(ALWAYS_UNPACKED, MAX_RATIO * total))
                for member in tar.read_members(read, MAX_BYTES):
                    label = _label(member.name, passed) if _is_wanted(member, passed) else None
                    if label is not None:
                        yield Picture(member.name, label, None, member.data)
                        tell(file.tell(), total)
                while read(tar.PIECE):  # to the end, where the checksum is
                    pass
    except tar.Damaged as error:
        raise UserError(f"{path}: damaged or not a tar archive: {error}") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        why = "it ends before its trailer" if isinstance(error, EOFError) else "it cannot be unpacked"
        raise UserError(f"{path}: damaged or incomplete gzip data: {why}") from None


def decode_all(some: list[Picture], side: int | None) -> list[Decoded | str]:
    """What `decode` makes of each picture, or in words why it is none."""
    results: list[Decoded | str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of decoders, about single pictures
        for picture in some:
            try:
                results.append(decode(_content(picture.path) if picture.path else picture.data, side))
            except Unreadable as error:
                results.append(str(error))
    return results


def decode(data: bytes | None, side: int | None) -> Decoded:
    """The picture in `data` as grey pixels, transparent places white; scaled to `side` x `side` where given.

    Raises:
        Unreadable: not a picture in a known format, damaged, or too large.
    """
    from PIL import Image

    if data is None:
        raise Unreadable(f"larger than {MAX_BYTES:,} bytes")
    if not data:
        raise Unreadable("empty")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > (MAX_PIXELS if side else MAX_UNSCALED):
                raise Unreadable(f"too large: {image.width}x{image.height} pixels")
            image.load()
            grey = image if image.mode == "L" and "transparency" not in image.info else _to_grey(image)
            if side and grey.size != (side, side):
                grey = grey.resize((side, side), Image.Resampling.LANCZOS)
            return Decoded((grey.height, grey.width), grey.tobytes())
    except Unreadable:
        raise
    except Exception as error:  # whatever a decoder makes of foreign bytes
        raise Unreadable("not a picture" if "cannot identify" in str(error) else "damaged") from None


def _to_grey(image):  # type: ignore[no-untyped-def]
    """An image of any mode as mode "L"."""
    from PIL import Image

    if image.mode.startswith("I"):  # 16 bits, which a plain conversion would clip
        return Image.fromarray((np.asarray(image).astype(np.int64).clip(0, 65535) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        behind = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(behind, image.convert("RGBA")).convert("L")
    return image.convert("L")


def _is_wanted(member: tar.Member, passed: Counter[str]) -> bool:
    if member.kind == tar.FILE:
        return True
    if member.kind != tar.FOLDER:
        passed["links" if member.kind == tar.LINK else "other files"] += 1
    return False


def _label(name: str, passed: Counter[str]) -> str | None:
    """The class that a file's path puts it into, or None (and why, in `passed`)."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    hidden = any(part.startswith(".") for part in parts) or "__MACOSX" in parts
    why = None
    if ".." in parts or name.startswith(("/", "\\")) or (parts and parts[0].endswith(":")):
        why = "paths that leave the archive"
    elif hidden or not name.lower().endswith(SUFFIXES):
        why = "other files"
    elif len(parts) < 2 or not parts[-2].isprintable() or not parts[-2].strip():
        why = "pictures outside a class folder"
    if why:
        passed[why] += 1
        return None
    return parts[-2]


def _content(path: str) -> bytes | None:
    """The bytes of a file; none for one that cannot be opened, as for an empty one."""
    try:
        with open(path, "rb", buffering=0) as file:
            data = file.read(MAX_BYTES + 1)
    except OSError:
        return b""
    return data if data is not None and len(data) <= MAX_BYTES else None


def _bounded(path: Path, read: tar.Read, most: int) -> tar.Read:
    """`read`, until more than `most` bytes have come out."""
    left = most

    def bounded(count: int) -> bytes:
        nonlocal left
        block = read(count)
        left -= len(block)
        if left < 0:
            raise UserError(f"{path}: unpacks to more than {most:,} bytes, {MAX_RATIO} times its size; stopped")
        return block

    return bounded
