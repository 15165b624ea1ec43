"""Where a data set comes from: its place, its digests, and what a file that is no data looks like."""

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pw13.errors import UserError

CHUNK = 1 << 20

# How files that are saved by mistake begin; the first that fits is named.
SIGNATURES = (
    (b"<!doctype", "looks like a web page (HTML)"),
    (b"<html", "looks like a web page (HTML)"),
    (b"<", "looks like a web page (HTML or XML)"),
    (b"\x1f\x8b", "looks like gzip data"),
    (b"pk\x03\x04", "looks like a zip archive"),
    (b"\x89png", "looks like a PNG image"),
    (b"version https://git-lfs", "is a Git LFS pointer, not the data itself"),
    (b"\x00\x00\x08", "looks like IDX data"),
)


@dataclass(frozen=True)
class Source:
    """Where data come from: `sha256` is that of the one file, or of the sorted lines "name sha256" of `files`."""

    kind: Literal["builtin", "file", "folder"]
    path: str
    name: str
    sha256: str
    files: dict[str, str] = field(default_factory=dict)


def digest_of(files: dict[str, str]) -> str:
    """One sha256 for several files: over the sorted lines "name sha256", a newline after each."""
    lines = "".join(f"{name} {sha256}\n" for name, sha256 in sorted(files.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def sha256_of(path: Path) -> str:
    """The sha256 of a file, read piece by piece."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def git_blob_id(path: Path) -> str:
    """The id that git gives a file: SHA-1 over "blob SIZE", a zero byte and the content."""
    digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with open(path, "rb") as file:
        while block := file.read(CHUNK):
            digest.update(block)
    return digest.hexdigest()


def describe_content(head: bytes) -> str | None:
    """What the first bytes of a file (32 are enough) look like, in words, or None."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n").lower()
    return next((words for prefix, words in SIGNATURES if start.startswith(prefix)), None)


def default_path(*parts: str) -> Path | None:
    """`$PW13_DATA_DIR/...`, else `data/...`, whichever is there first; None where neither is."""
    folder = os.environ.get("PW13_DATA_DIR")
    roots = [Path(folder)] if folder else []
    places = [root.joinpath(*parts) for root in [*roots, Path("data")]]
    return next((place for place in places if place.exists()), None)


DEFAULT_PATHS = {"data": ("notmnist",), "corpus": ("startup-names", "companies.csv")}


def resolve_path(name: str, given: str | None) -> str:
    """What --data or --corpus means here and now: an absolute path, or "builtin" where there is nothing else.

    Raises:
        UserError: `~name` of a user that there is not.
    """
    place = given if given is not None else default_path(*DEFAULT_PATHS[name])
    if place is None or place == "builtin":
        return "builtin"
    try:
        return str(Path(place).expanduser().absolute())
    except RuntimeError:
        raise UserError(f"--{name} {place}: there is no such user's home folder") from None


def os_error(path: Path | str, error: OSError) -> UserError:
    """An error of the system as one line that names the file."""
    return UserError(f"{path}: {(error.strerror or str(error)).lower()}")
