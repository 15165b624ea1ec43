"""Find image files by class in a folder or an archive, and decode them to greyscale."""

import gzip
import io
import os
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pw13.data.importing import tar
from pw13.data.source import os_error
from pw13.errors import UserError

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")  # no others: some formats start external programs
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm", ".pnm")
ARCHIVES = (".tar", ".tgz", ".tar.gz")
MAX_BYTES = 1 << 24  # per file
MAX_PIXELS = 1 << 24  # per image
MAX_UNSCALED_PIXELS = 1 << 20  # per image that is not scaled
MIN_UNPACKED_LIMIT = 1 << 30  # bytes that any archive may unpack to
MAX_RATIO = 100  # unpacked to packed size of larger archives; archives of letters have 3 to 4


class Picture(NamedTuple):
    """An image file in a class folder: the path of its content, or the content (None = above the maximum size)."""

    name: str
    label: str
    path: str | None
    data: bytes | None


class Decoded(NamedTuple):
    """The greyscale pixels of an image, row by row; `shape` is (height, width)."""

    shape: tuple[int, int]
    pixels: bytes


class Unreadable(Exception):
    """The file is not a readable image; the message says why."""


ReportProgress = Callable[[int, int], None]  # called with the amount read and the total


def is_archive(path: Path) -> bool:
    return path.name.lower().endswith(ARCHIVES)


def pictures_in_folder(folder: Path, skipped: Counter[str], report: ReportProgress) -> Iterator[Picture]:
    """Yield the image files below `folder`, labelled by their parent folder, sorted by name within each folder.

    Links, other files and images outside a class folder are counted in `skipped`; links are not followed.
    """
    total = sum(len(names) for _, _, names in os.walk(folder))
    prefix = len(str(folder / "x")) - 1
    for done, path in enumerate(_files(folder, skipped), 1):
        label = _label(path[prefix:], skipped)
        if label is not None:
            yield Picture(path[prefix:], label, path, None)
            report(done, total)


def _files(folder: Path, skipped: Counter[str]) -> Iterator[str]:
    """Yield the paths of regular files below `folder`, folder by folder, sorted by name."""
    pending = [str(folder)]
    while pending:
        try:
            with os.scandir(pending.pop()) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            raise os_error(error.filename, error) from None
        for entry in entries:
            if entry.is_symlink():
                skipped["links"] += 1
            elif entry.is_file(follow_symlinks=False):
                yield entry.path
            elif not entry.is_dir(follow_symlinks=False):
                skipped["other files"] += 1
        pending += [entry.path for entry in reversed(entries) if entry.is_dir(follow_symlinks=False)]


def pictures_in_archive(path: Path, skipped: Counter[str], report: ReportProgress) -> Iterator[Picture]:
    """Yield the image files in a tar archive (gzip or plain), labelled by their parent folder.

    Nothing is extracted to disk, so no path can escape; an entry whose path would is skipped.

    Raises:
        UserError: the archive is corrupt, truncated, or unpacks to more than the limit.
    """
    try:
        with open(path, "rb") as file:
            compressed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            with gzip.GzipFile(fileobj=file) if compressed else io.BufferedReader(file) as stream:
                total = os.fstat(file.fileno()).st_size
                read = _bounded(path, stream.read, max(MIN_UNPACKED_LIMIT, MAX_RATIO * total))
                for member in tar.read_members(read, MAX_BYTES):
                    label = _label(member.name, skipped) if _is_wanted(member, skipped) else None
                    if label is not None:
                        yield Picture(member.name, label, None, member.data)
                        report(file.tell(), total)
                while read(tar.CHUNK):  # to the end, where the checksum is
                    pass
    except tar.CorruptArchive as error:
        raise UserError(f"{path}: corrupt or not a tar archive: {error}") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        reason = "ends before its trailer" if isinstance(error, EOFError) else "cannot decompress"
        raise UserError(f"{path}: corrupt or truncated gzip data: {reason}") from None


def decode_all(batch: list[Picture], side: int | None) -> list[Decoded | str]:
    """Decode each image file, or describe why it is unreadable."""
    results: list[Decoded | str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # from decoders, about single images
        for picture in batch:
            try:
                results.append(decode(_content(picture.path) if picture.path else picture.data, side))
            except Unreadable as error:
                results.append(str(error))
    return results


def decode(data: bytes | None, side: int | None) -> Decoded:
    """Decode `data` to greyscale, with transparency on white, scaled to `side` x `side` unless None.

    Raises:
        Unreadable: not an image in a known format, corrupt, or too large.
    """
    from PIL import Image

    if data is None:
        raise Unreadable(f"larger than {MAX_BYTES:,} bytes")
    if not data:
        raise Unreadable("empty")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > (MAX_PIXELS if side else MAX_UNSCALED_PIXELS):
                raise Unreadable(f"too large: {image.width}x{image.height} pixels")
            image.load()
            grey = image if image.mode == "L" and "transparency" not in image.info else _to_grey(image)
            if side and grey.size != (side, side):
                grey = grey.resize((side, side), Image.Resampling.LANCZOS)
            return Decoded((grey.height, grey.width), grey.tobytes())
    except Unreadable:
        raise
    except Exception as error:  # decoders raise almost anything on invalid bytes
        raise Unreadable("not an image" if "cannot identify" in str(error) else "corrupt") from None


def _to_grey(image: "Image.Image") -> "Image.Image":
    """Convert an image of any mode to mode "L"."""
    from PIL import Image

    if image.mode.startswith("I"):  # 16 bits, which `convert` would clip
        return Image.fromarray((np.asarray(image).astype(np.int64).clip(0, 65535) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        background = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(background, image.convert("RGBA")).convert("L")
    return image.convert("L")


def _is_wanted(member: tar.Member, skipped: Counter[str]) -> bool:
    if member.kind == tar.FILE:
        return True
    if member.kind != tar.FOLDER:
        skipped["links" if member.kind == tar.LINK else "other files"] += 1
    return False


def _label(name: str, skipped: Counter[str]) -> str | None:
    """Return the class of a file by its path, or None and count the reason in `skipped`."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    hidden = any(part.startswith(".") for part in parts) or "__MACOSX" in parts
    reason = None
    if ".." in parts or name.startswith(("/", "\\")) or (parts and parts[0].endswith(":")):
        reason = "paths that leave the archive"
    elif hidden or not name.lower().endswith(SUFFIXES):
        reason = "other files"
    elif len(parts) < 2 or not parts[-2].isprintable() or not parts[-2].strip():
        reason = "pictures outside a class folder"
    if reason:
        skipped[reason] += 1
        return None
    return parts[-2]


def _content(path: str) -> bytes | None:
    """Read a file: b"" if it is empty or cannot be opened, None above the maximum size."""
    try:
        with open(path, "rb", buffering=0) as file:
            data = file.read(MAX_BYTES + 1)
    except OSError:
        return b""
    return data if data is not None and len(data) <= MAX_BYTES else None


def _bounded(path: Path, read: tar.Read, limit: int) -> tar.Read:
    """Wrap `read` to fail beyond `limit` bytes in total."""
    remaining = limit

    def bounded(count: int) -> bytes:
        nonlocal remaining
        block = read(count)
        remaining -= len(block)
        if remaining < 0:
            raise UserError(f"{path}: unpacks to more than {limit:,} bytes, the limit for its size")
        return block

    return bounded
