"""Download the published files; a file gets its name only after its checksum is verified."""

import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pw13.data.download.transfer import BoundedWriter, DownloadFailed, NotFound, download, is_url
from pw13.data.published import STAND_INS, PublishedFile
from pw13.data.source import describe_content, git_blob_id, os_error, sha256_of
from pw13.data.staging import Progress, silent, staging
from pw13.errors import OptionError, UserError
from pw13.system import files

MAX_ARCHIVE_OVERHEAD = 1 << 20  # bytes by which a zip archive may exceed the one file in it


class Fetched(NamedTuple):
    """A file in the data folder; `new` if it was downloaded now."""

    path: Path
    bytes: int
    sha256: str
    new: bool


def fetch(
    wanted: Sequence[PublishedFile],
    folder: Path,
    *,
    mirror: str | None = None,
    progress: Progress = silent,
    pause: float = 1.0,
) -> list[Fetched]:
    """Put the `wanted` files into `folder` from their URLs or from a `mirror` (URL or folder), each once verified.

    A verified file that already exists is kept, also one that an earlier fetch got before it failed. `pause` is the
    wait in seconds before the second attempt, doubled before the third.

    Raises:
        UserError: no network, file not found, wrong checksum, another file of that name, or a disk error.
        OptionError: the mirror is neither a folder nor an http(s) URL.
    """
    check_mirror(mirror)
    missing = [file for file in wanted if not _exists(file, folder)]
    try:
        if missing:
            with staging(folder) as stage:
                for file in missing:
                    path = _fetch_one(file, folder, stage, _locations(file, mirror, folder.name), progress, pause)
                    files.replace(path, folder / path.name)
    except OSError as error:
        raise os_error(error.filename or folder, error) from None
    return [_fetched(folder / _local_name(file), new=file in missing) for file in wanted]


def check_mirror(mirror: str | None) -> None:
    """Refuse a mirror that is neither a folder nor an http(s) URL.

    Raises:
        UserError: no such folder, or `~NAME` names no user.
        OptionError: a URL of another kind.
    """
    if mirror is None or is_url(mirror):
        return
    if "://" in mirror:
        raise OptionError(f"--from: expected a folder or an http:// or https:// URL, received {mirror!r}")
    if not _mirror_folder(mirror).is_dir():
        raise UserError(f"--from {mirror}: no such folder")


def matches(file: PublishedFile, path: Path) -> bool:
    """Return whether `path` is the published file or its known stand-in."""
    if file.blob and git_blob_id(path) == file.blob:
        return True
    return sha256_of(path) in {file.sha256, STAND_INS.get(file.name)} - {None}


def _exists(file: PublishedFile, folder: Path) -> bool:
    path = folder / _local_name(file)
    try:
        if not path.exists():
            return False
        if path.is_file() and matches(file, path):
            return True
    except OSError as error:
        raise os_error(path, error) from None
    raise UserError(f"{path}: exists but is not the published file; move it or choose another folder with --to")


def _fetch_one(
    file: PublishedFile, folder: Path, stage: Path, locations: list[str], progress: Progress, pause: float
) -> Path:
    """Download `file` into `stage` from the first of `locations` that has it, and verify it."""
    target, download_path = stage / _local_name(file), stage / f"{file.name}.part"
    manual = f"put {target.name} into {folder} yourself, or use a mirror with --from"
    for location in locations:
        zipped = file.member is not None and location.endswith(".zip")
        max_bytes = file.max_bytes + (MAX_ARCHIVE_OVERHEAD if zipped else 0)
        try:
            download(location, download_path, BoundedWriter(file.name, location, max_bytes, progress), pause)
        except NotFound:
            continue
        except DownloadFailed as error:
            raise UserError(f"{location}: {error}; {manual}") from None
        if zipped:
            _unzip(location, download_path, target, file)
        else:
            files.replace(download_path, target)
        if not matches(file, target):
            raise UserError(f"{location}: {_mismatch(file, target)}")
        return target
    raise UserError(f"{locations[0]}: not found; {manual}")


def _unzip(location: str, archive: Path, target: Path, file: PublishedFile) -> None:
    """Extract the wanted member of `archive`, up to one byte beyond its size."""
    try:
        with zipfile.ZipFile(archive) as zipped:
            members = [info for info in zipped.infolist() if info.filename.split("/")[-1] == file.member]
            members = [info for info in members if not info.filename.startswith("__MACOSX/")]
            if len(members) != 1:
                raise UserError(f"{location}: archive contains {len(members)} files {file.member}, expected 1")
            with zipped.open(members[0]) as member:
                data = member.read(file.max_bytes + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError):
        content = describe_content(archive.read_bytes()[:32])
        hint = f"; the file {content}" if content and "zip" not in content else ""
        raise UserError(f"{location}: not a valid zip archive{hint}") from None
    target.write_bytes(data)
    archive.unlink()


def _mismatch(file: PublishedFile, path: Path) -> str:
    """Describe how `path` differs from the published file."""
    with open(path, "rb") as stream:
        content = describe_content(stream.read(32))
    if content and "web page" in content:
        return f"not {_local_name(file)}: the response {content}"
    if file.sha256 is None:
        return f"not the published file: git blob id {git_blob_id(path)}, expected {file.blob}"
    size, received = path.stat().st_size, sha256_of(path)
    return f"not the published file: {size:,} bytes, sha256 {received}, expected {file.sha256}"


def _locations(file: PublishedFile, mirror: str | None, folder: str) -> list[str]:
    """List URLs or paths to try in order; a mirror may have the member of a zip archive as a file."""
    if mirror is None:
        return list(file.urls)
    names = [file.name, file.member] if file.member else [file.name]
    if is_url(mirror):
        return [f"{mirror}{'' if mirror.endswith('/') else '/'}{name}" for name in names]
    root = _mirror_folder(mirror)
    return [str(place / name) for place in (root, root / folder) for name in names]


def _mirror_folder(mirror: str) -> Path:
    return files.expand_user(mirror, "--from")


def _local_name(file: PublishedFile) -> str:
    return file.member or file.name


def _fetched(path: Path, *, new: bool) -> Fetched:
    return Fetched(path, path.stat().st_size, sha256_of(path), new)
