"""Find image files by class in a folder or an archive, and decode them to greyscale."""

import gzip
import io
import os
import re
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pw13.data.importing import tar
from pw13.data.pictures import OTHER_SUFFIXES, SUFFIXES, Unreadable, read_grey, to_bytes
from pw13.data.source import os_error
from pw13.errors import UserError

ARCHIVES = (".tar", ".tgz", ".tar.gz")
MAX_BYTES = 1 << 24  # per file
MAX_PIXELS = 1 << 24  # per image
MAX_UNSCALED_PIXELS = 1 << 20  # per image that is not scaled
MIN_UNPACKED_LIMIT = 1 << 30  # bytes that any archive may unpack to
SPLITS = ("train", "val", "test")
SPLIT_FOLDER = re.compile(rf"(?<![a-z])({'|'.join(SPLITS)})", re.IGNORECASE)  # such as "training", "MNIST_test"
MAX_RATIO = 100  # unpacked to packed size of larger archives; archives of letters have 3 to 4


class Picture(NamedTuple):
    """An image file in a class folder: the path of its content, or the content (None = above the maximum size)."""

    name: str
    label: str
    path: str | None
    data: bytes | None


class Decoded(NamedTuple):
    """The greyscale pixels of an image, row by row; `shape` is (height, width), `frames` the number in the file."""

    shape: tuple[int, int]
    pixels: bytes
    frames: int = 1


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
    """Decode `data` to 8-bit greyscale, scaled to `side` x `side` unless None.

    Raises:
        Unreadable: not an image in a known format, corrupt, or too large.
    """
    from PIL import Image

    if data is None:
        raise Unreadable(f"larger than {MAX_BYTES:,} bytes")
    if not data:
        raise Unreadable("empty")
    grey = read_grey(io.BytesIO(data), max_pixels=MAX_PIXELS if side else MAX_UNSCALED_PIXELS)
    pixels = to_bytes(grey.pixels)
    if side and pixels.shape != (side, side):
        pixels = np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.LANCZOS))
    return Decoded((pixels.shape[0], pixels.shape[1]), pixels.tobytes(), grey.frames)


def _is_wanted(member: tar.Member, skipped: Counter[str]) -> bool:
    if member.kind == tar.FILE:
        return True
    if member.kind != tar.FOLDER:
        skipped["links" if member.kind == tar.LINK else "other files"] += 1
    return False


def _label(name: str, skipped: Counter[str]) -> str | None:
    """Return the class of a file by its path, or None and count the reason in `skipped`.

    A class must be text: bytes of a folder's name that are not UTF-8 are escaped.
    """
    parts = _parts(name)
    hidden = any(part.startswith(".") for part in parts) or "__MACOSX" in parts
    label = as_text(parts[-2]) if len(parts) > 1 else ""
    reason = None
    if ".." in parts or name.startswith(("/", "\\")) or (parts and parts[0].endswith(":")):
        reason = "paths that leave the archive"
    elif hidden or not name.lower().endswith((*SUFFIXES, *OTHER_SUFFIXES)):
        reason = "other files"
    elif not label.isprintable() or not label.strip():
        reason = "pictures outside a class folder"
    if reason:
        skipped[reason] += 1
        return None
    return label


def note_splits(pictures: Iterator[Picture], notes: list[str]) -> Iterator[Picture]:
    """Yield `pictures`; at the end add to `notes` if train/A and test/A are merged, or splits have become classes."""
    labels: set[str] = set()
    seen: dict[str, dict[str, str]] = {}  # class -> kind of split -> its folder
    for picture in pictures:
        labels.add(picture.label)
        folders = _parts(picture.name)[:-2]
        match = next((hit for folder in folders if (hit := SPLIT_FOLDER.search(folder))), None)
        if match:
            seen.setdefault(picture.label, {}).setdefault(match[1].lower(), f"{as_text(match.string)}/")
        yield picture
    if several := next((splits for splits in seen.values() if len(splits) > 1), None):
        merged = " and ".join(several[split] for split in SPLITS if split in several)
        notes.append(f"{merged} are merged; the test set is drawn anew (--test-share)")
    if len(labels) > 1 and all(map(SPLIT_FOLDER.match, labels)):
        named = ", ".join(f"{label}/" for label in sorted(labels))
        notes.append(f"the classes are {named}; if they are splits, put the class folders into them (train/A, test/A)")


def _parts(name: str) -> list[str]:
    """Split the path of an image file, or of an entry of an archive, at either slash."""
    return [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]


def as_text(name: str) -> str:
    """Return a file name with bytes that are not UTF-8 escaped, as in `\\xe9`."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


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
