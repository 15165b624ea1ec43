"""The origin of a data set: paths, checksums, and signatures of files that are not data."""

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pw13.errors import UserError

CHUNK = 1 << 20
DEFAULT_PATHS = {"data": ("notmnist",), "corpus": ("startup-names", "companies.csv")}  # parts of the path, by flag
NAMED_CORPORA = {"makemore": ("names", "names.txt")}  # published ones besides the default, by their name for --corpus

# First bytes (lower case) of files often saved by mistake; the first match wins.
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
    """The origin of data; `sha256` is that of the one file, or `digest_of` several files."""

    kind: Literal["builtin", "file", "folder"]
    path: str
    name: str
    sha256: str
    files: dict[str, str] = field(default_factory=dict)


def digest_of(files: dict[str, str]) -> str:
    """Return one sha256 for several files: over the sorted lines "name sha256", each with a newline."""
    lines = "".join(f"{name} {sha256}\n" for name, sha256 in sorted(files.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file, read in chunks."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def git_blob_id(path: Path) -> str:
    """Return the git blob id of a file: SHA-1 over "blob SIZE", a zero byte and the content."""
    digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with open(path, "rb") as file:
        while block := file.read(CHUNK):
            digest.update(block)
    return digest.hexdigest()


def describe_content(head: bytes) -> str | None:
    """Describe what the first bytes of a file (32 are enough) look like, or return None."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n").lower()
    return next((description for prefix, description in SIGNATURES if start.startswith(prefix)), None)


def default_path(*parts: str) -> Path | None:
    """Return `$PW13_DATA_DIR/...`, else `data/...`, whichever exists first, or None."""
    return next((path for path in candidate_paths(*parts) if path.exists()), None)


def candidate_paths(*parts: str) -> list[Path]:
    """Return the default paths of a data set, existing or not, in the order of preference."""
    roots = [Path(root) for root in (os.environ.get("PW13_DATA_DIR"), "data") if root]
    return [root.joinpath(*parts) for root in roots]


def named_corpus(name: str) -> Path:
    """Return the path of a corpus of `NAMED_CORPORA`.

    Raises:
        UserError: it has not been downloaded.
    """
    path = default_path(*NAMED_CORPORA[name])
    if path is None:
        raise UserError(
            f"--corpus {name}: not found in $PW13_DATA_DIR or data; download it with: pw13 data fetch {name}"
        )
    return path


def resolve_path(name: str, value: str | None) -> str:
    """Resolve --data or --corpus to an absolute path, or to "builtin" where no default path exists.

    Raises:
        UserError: `~user` names an unknown user, or a corpus named without a path is not there.
    """
    if name == "corpus" and value in NAMED_CORPORA:
        return str(named_corpus(value).absolute())
    path = value if value is not None else default_path(*DEFAULT_PATHS[name])
    if path is None or path == "builtin":
        return "builtin"
    try:
        return str(Path(path).expanduser().absolute())
    except RuntimeError:
        raise UserError(f"--{name} {path}: no such user") from None


def os_error(path: Path | str, error: OSError) -> UserError:
    """Convert an `OSError` to a one-line error that names the file."""
    return UserError(f"{path}: {(error.strerror or str(error)).lower()}")
