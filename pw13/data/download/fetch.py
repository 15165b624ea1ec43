"""Download the published files: digests checked before a file gets its name, nothing half-written."""

import os
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pw13.data.download.transfer import BoundedWriter, DownloadFailed, NotFound, download, is_url
from pw13.data.published import DAMAGED_COPY, PublishedFile
from pw13.data.source import describe_content, git_blob_id, os_error, sha256_of
from pw13.data.staging import Progress, silent, staging
from pw13.errors import OptionError, UserError

ARCHIVE_BYTES = 1 << 20  # what a zip archive may be larger than the one file in it


class Fetched(NamedTuple):
    """A file that is here now; `new` where it was not before."""

    path: Path
    bytes: int
    sha256: str
    new: bool


def fetch(
    pins: Sequence[PublishedFile],
    folder: Path,
    *,
    mirror: str | None = None,
    progress: Progress = silent,
    pause: float = 1.0,
) -> list[Fetched]:
    """Put the files of `pins` into `folder`, all or none, from their addresses or from a `mirror` (URL or folder).

    A file that is there already and sound is kept. `pause`: seconds before the second try, more before the third.

    Raises:
        UserError: no network, no such file, a wrong digest, another file of that name, a disk that cannot be written.
        OptionError: a mirror that is neither a folder nor an http(s) address.
    """
    check_mirror(mirror)
    wanted = [pin for pin in pins if not _is_here(pin, folder)]
    try:
        if wanted:
            with staging(folder) as stage:
                ready = [
                    _get(pin, folder, stage, _addresses(pin, mirror, folder.name), progress, pause) for pin in wanted
                ]
                for path in ready:
                    os.replace(path, folder / path.name)
    except OSError as error:
        raise os_error(error.filename or folder, error) from None
    return [_fetched(folder / _final_name(pin), new=pin in wanted) for pin in pins]


def check_mirror(mirror: str | None) -> None:
    if mirror is None or is_url(mirror):
        return
    if "://" in mirror:
        raise OptionError(f"--from: expected a folder or an address with http:// or https://, received {mirror!r}")
    if not Path(mirror).is_dir():
        raise UserError(f"--from {mirror}: no such folder")


def matches(pin: PublishedFile, path: Path) -> bool:
    """Whether `path` holds the published file (or the known stand-in for it)."""
    if pin.blob and git_blob_id(path) == pin.blob:
        return True
    return sha256_of(path) in {pin.sha256, DAMAGED_COPY.get(pin.name)} - {None}


def _is_here(pin: PublishedFile, folder: Path) -> bool:
    path = folder / _final_name(pin)
    try:
        if not path.exists():
            return False
        if path.is_file() and matches(pin, path):
            return True
    except OSError as error:
        raise os_error(path, error) from None
    raise UserError(f"{path}: is there already and is not the published file; move it away or choose another folder")


def _get(pin: PublishedFile, folder: Path, stage: Path, addresses: list[str], progress: Progress, pause: float) -> Path:
    """The file of `pin` in `stage`, proven, from the first of `addresses` that has it."""
    target, arrived = stage / _final_name(pin), stage / f"{pin.name}.part"
    by_hand = f"put {target.name} into {folder} by hand, or name a mirror with --from"
    for address in addresses:
        packed = pin.member is not None and address.endswith(".zip")
        most = pin.most_bytes + (ARCHIVE_BYTES if packed else 0)
        try:
            download(address, arrived, BoundedWriter(pin.name, address, most, progress), pause)
        except NotFound:
            continue
        except DownloadFailed as error:
            raise UserError(f"{address}: {error}; {by_hand}") from None
        if packed:
            _unzip(address, arrived, target, pin)
        else:
            os.replace(arrived, target)
        if not matches(pin, target):
            raise UserError(f"{address}: {_difference(pin, target)}")
        return target
    raise UserError(f"{addresses[0]}: not found there; {by_hand}")


def _unzip(address: str, archive: Path, target: Path, pin: PublishedFile) -> None:
    """Write the one wanted member of `archive`, unpacked no further than one byte beyond its size."""
    try:
        with zipfile.ZipFile(archive) as file:
            members = [info for info in file.infolist() if info.filename.split("/")[-1] == pin.member]
            members = [info for info in members if not info.filename.startswith("__MACOSX/")]
            if len(members) != 1:
                raise UserError(f"{address}: the archive holds {len(members)} files {pin.member}, expected 1")
            with file.open(members[0]) as member:
                data = member.read(pin.most_bytes + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError):
        head = archive.read_bytes()[:32]
        looks = describe_content(head)
        what = f"; the file {looks}" if looks and "zip" not in looks else ""
        raise UserError(f"{address}: not a sound zip archive{what}") from None
    target.write_bytes(data)
    archive.unlink()


def _difference(pin: PublishedFile, path: Path) -> str:
    """Why `path` is not the file that was asked for."""
    with open(path, "rb") as file:
        looks = describe_content(file.read(32))
    if looks and "web page" in looks:
        return f"not {_final_name(pin)}: the answer {looks}"
    received, expected = sha256_of(path), pin.sha256
    if expected is None:
        return f"not the published file: git blob id {git_blob_id(path)}, expected {pin.blob}"
    return f"not the published file: {path.stat().st_size:,} bytes, sha256 {received}, expected {expected}"


def _addresses(pin: PublishedFile, mirror: str | None, folder: str) -> list[str]:
    """Where to look for a file, the likeliest place first; a mirror may hold a zip archive's member unpacked."""
    if mirror is None:
        return list(pin.urls)
    names = [pin.name, pin.member] if pin.member else [pin.name]
    if is_url(mirror):
        return [f"{mirror}{'' if mirror.endswith('/') else '/'}{name}" for name in names]
    return [str(place / name) for place in (Path(mirror), Path(mirror, folder)) for name in names]


def _final_name(pin: PublishedFile) -> str:
    return pin.member or pin.name


def _fetched(path: Path, *, new: bool) -> Fetched:
    return Fetched(path, path.stat().st_size, sha256_of(path), new)
