"""The origin of a data set: paths, checksums, and signatures of files that are not data."""

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pw13.errors import UserError
from pw13.system import files

CHUNK = 1 << 20
EXPECTED = {  # what --data and --corpus name
    "data": "folder; expected a folder of IDX files (train-images-idx3-ubyte.gz, ...)",
    "corpus": "file; expected a list of names, one per line",
}
DEFAULT_PATHS = {"data": ("notmnist",), "corpus": ("startup-names", "companies.csv")}  # parts of the path, by flag
NAMED_CORPORA = {"makemore": ("names", "names.txt")}  # published ones besides the default, by their name for --corpus

# First bytes (lower case) of files often saved by mistake; the first match wins.
SIGNATURES = (
    (b"<!doctype", "looks like a web page (HTML)"),
    (b"<html", "looks like a web page (HTML)"),
    (b"<", "looks like a web page (HTML or XML)"),
    (b"\x1f\x8b", "looks like gzip data"),
    (b"pk\x03\x04", "looks like a zip archive or an Office document"),
    (b"bzh91ay&sy", "looks like bzip2 data"),
    (b"\xfd7zxz", "looks like xz data"),
    (b"7z\xbc\xaf", "looks like a 7-Zip archive"),
    (b"rar!\x1a", "looks like a RAR archive"),
    (b"\x28\xb5\x2f\xfd", "looks like Zstandard data"),
    (b"%pdf-", "looks like a PDF document"),
    (b"{\\rtf", "looks like an RTF document"),
    (b"\xd0\xcf\x11\xe0", "looks like an old Office document"),
    (b"sqlite format 3", "looks like an SQLite database"),
    (b"\x89hdf", "looks like HDF5 data"),
    (b"\x93numpy", "looks like a NumPy file"),
    (b"par1\x15", "looks like a Parquet file"),
    (b"\x89png", "looks like a PNG image"),
    (b"\xff\xd8\xff", "looks like a JPEG image"),
    (b"gif89a", "looks like a GIF image"),
    (b"version https://git-lfs", "is a Git LFS pointer, not the data itself; fetch them with git lfs pull"),
    (b"/annex/objects/", "is a git-annex pointer, not the data itself"),
    (b"[internetshortcut]", "is a link to a web page, not the data itself"),
    (b"l\0\0\0\x01\x14\x02\0", "is a Windows shortcut, not the data itself"),
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


def digest_of(sha256_of_files: dict[str, str]) -> str:
    """Return one sha256 for several files: over the sorted lines "name sha256", each with a newline."""
    lines = "".join(f"{name} {sha256}\n" for name, sha256 in sorted(sha256_of_files.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def stamp(path: Path) -> tuple[tuple[str, int, int, int], ...]:
    """Return name, size, time of change and inode of a file, or of the files in a folder; empty if there is none.

    As long as it is the same, so is the content.
    """
    try:
        paths = sorted(path.iterdir()) if path.is_dir() else [path]
        facts = [(each.name, each.stat()) for each in paths]
    except OSError:
        return ()
    return tuple((name, fact.st_size, fact.st_mtime_ns, fact.st_ino) for name, fact in facts)


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
    start = head[:64].removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n").lower()
    return next((description for prefix, description in SIGNATURES if start.startswith(prefix)), None)


def default_path(*parts: str) -> Path | None:
    """Return `$PW13_DATA_DIR/...`, else `data/...`, whichever first holds something, or None.

    Raises:
        UserError: the variable names no folder.
    """
    variable = os.environ.get("PW13_DATA_DIR")
    if variable and not files.expand_user(variable, "PW13_DATA_DIR").is_dir():
        raise UserError(f"PW13_DATA_DIR: {variable}: no such folder; correct the variable or unset it")
    return next((path for path in candidate_paths(*parts) if holds_something(path)), None)


def holds_something(path: Path) -> bool:
    """Return whether `path` is a file, or a folder with more than hidden files, as a failed download may leave it."""
    try:
        return path.is_file() or any(not entry.name.startswith(".") for entry in path.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:  # there, but not readable: what reads it says so
        return True


def candidate_paths(*parts: str) -> list[Path]:
    """Return the default paths of a data set, existing or not, in the order of preference."""
    roots = [os.environ.get("PW13_DATA_DIR"), "data"]
    return [files.expand_user(root, "PW13_DATA_DIR").joinpath(*parts) for root in roots if root]


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
        UserError: there is nothing at the path, `~user` names an unknown user, PW13_DATA_DIR no folder, or a corpus
            without a path is not there.
    """
    if name == "corpus" and value in NAMED_CORPORA:
        return str(named_corpus(value).absolute())
    path = value if value is not None else default_path(*DEFAULT_PATHS[name])
    if path is None or path == "builtin":
        return "builtin"
    resolved = files.expand_user(path, f"--{name}").absolute()
    if not resolved.exists():  # found out before TensorFlow is started
        raise UserError(f"{resolved}: no such {EXPECTED[name]}")
    return str(resolved)


def os_error(path: Path | str, error: OSError) -> UserError:
    """Convert an `OSError` to a one-line error that names the file."""
    return UserError(f"{path}: {(error.strerror or str(error)).lower()}")
