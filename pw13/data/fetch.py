"""Download the published files: digests checked before a file gets its name, nothing half-written."""

import os
import time
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO, NamedTuple

from pw13.data.known import STAND_IN, Pin
from pw13.data.source import CHUNK, git_blob_id, looks_like, sha256_of, trouble
from pw13.data.staging import Progress, silent, staging
from pw13.errors import OptionError, UserError

TRIES = 3
TIMEOUT = 30  # seconds without an answer or a byte
ARCHIVE_BYTES = 1 << 20  # what a zip archive may be larger than the one file in it


class Fetched(NamedTuple):
    """A file that is here now; `new` where it was not before."""

    path: Path
    bytes: int
    sha256: str
    new: bool


class _Missing(Exception):
    """There is no file under this address; the next address is tried."""


class _Unreachable(Exception):
    """Several tries came to nothing."""


def fetch(
    pins: Sequence[Pin], folder: Path, *, mirror: str | None = None, progress: Progress = silent, pause: float = 1.0
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
        raise trouble(error.filename or folder, error) from None
    return [_fetched(folder / _final_name(pin), new=pin in wanted) for pin in pins]


def check_mirror(mirror: str | None) -> None:
    if mirror is None or _is_url(mirror):
        return
    if "://" in mirror:
        raise OptionError(f"--from: expected a folder or an address with http:// or https://, received {mirror!r}")
    if not Path(mirror).is_dir():
        raise UserError(f"--from {mirror}: no such folder")


def proves(pin: Pin, path: Path) -> bool:
    """Whether `path` holds the published file (or the known stand-in for it)."""
    if pin.blob and git_blob_id(path) == pin.blob:
        return True
    return sha256_of(path) in {pin.sha256, STAND_IN.get(pin.name)} - {None}


def _is_here(pin: Pin, folder: Path) -> bool:
    path = folder / _final_name(pin)
    try:
        if not path.exists():
            return False
        if path.is_file() and proves(pin, path):
            return True
    except OSError as error:
        raise trouble(path, error) from None
    raise UserError(f"{path}: is there already and is not the published file; move it away or choose another folder")


def _get(pin: Pin, folder: Path, stage: Path, addresses: list[str], progress: Progress, pause: float) -> Path:
    """The file of `pin` in `stage`, proven, from the first of `addresses` that has it."""
    target, arrived = stage / _final_name(pin), stage / f"{pin.name}.part"
    by_hand = f"put {target.name} into {folder} by hand, or name a mirror with --from"
    for address in addresses:
        packed = pin.member is not None and address.endswith(".zip")
        most = pin.most_bytes + (ARCHIVE_BYTES if packed else 0)
        try:
            _transfer(address, arrived, _Sink(pin.name, address, most, progress), pause)
        except _Missing:
            continue
        except _Unreachable as error:
            raise UserError(f"{address}: {error}; {by_hand}") from None
        if packed:
            _unzip(address, arrived, target, pin)
        else:
            os.replace(arrived, target)
        if not proves(pin, target):
            raise UserError(f"{address}: {_difference(pin, target)}")
        return target
    raise UserError(f"{addresses[0]}: not found there; {by_hand}")


class _Sink:
    """What a download is written to: it counts, shows progress, and stops what is larger than it may be."""

    def __init__(self, name: str, address: str, most: int, progress: Progress):
        self.name, self.address, self.most, self.progress = name, address, most, progress
        self.total, self.head = most, b""

    def start(self, file: IO[bytes]) -> None:
        self.file, self.done = file, 0

    def write(self, block: bytes) -> None:
        self.head = block[:32] if self.done == 0 else self.head
        self.done += len(block)
        if self.done > self.most:
            looks = looks_like(self.head)
            what = f"; it {looks}" if looks and "web page" in looks else ""
            raise UserError(f"{self.address}: larger than the {self.most:,} bytes expected of {self.name}{what}")
        self.file.write(block)
        self.progress(self.name, self.done, self.total)

    def flush(self) -> None:
        """Part of what a downloader asks of a file; the file is synced once, at its end."""


def _transfer(address: str, target: Path, sink: _Sink, pause: float) -> None:
    """Bring the bytes at `address` into `target`; a broken transfer is tried again from its beginning."""
    for attempt in range(1, TRIES + 1):
        with open(target, "wb") as file:
            sink.start(file)
            fault = _download(address, sink) if _is_url(address) else _copy(Path(address), sink)
            file.flush()
            os.fsync(file.fileno())
        if fault is None:
            return
        if attempt < TRIES:
            time.sleep(pause * attempt)
    raise _Unreachable(f"{fault} ({TRIES} tries)")


def _copy(path: Path, sink: _Sink) -> str | None:
    try:
        with open(path, "rb") as file:
            sink.total = os.fstat(file.fileno()).st_size
            while block := file.read(CHUNK):
                sink.write(block)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise _Missing from None
    return None


def _download(address: str, sink: _Sink) -> str | None:
    """Download once; what went wrong where another try may help, None when all is here."""
    import pooch
    import requests

    opened: list[requests.Response] = []  # pooch does not close them when a transfer fails

    def note(response: requests.Response, *_: object, **__: object) -> None:
        opened.append(response)
        length = response.headers.get("Content-Length", "")
        sink.total = int(length) if length.isdecimal() else sink.total

    try:
        pooch.HTTPDownloader(timeout=TIMEOUT, chunk_size=1 << 16, hooks={"response": note})(address, sink, None)
    except requests.HTTPError as error:
        code, reason = (error.response.status_code, error.response.reason) if error.response is not None else (0, "")
        if code in (404, 410):
            raise _Missing from None
        if code < 500 and code != 429:
            raise UserError(f"{address}: the server refuses: {code} {reason}") from None
        return f"the server answers {code} {reason}"
    except requests.Timeout:
        return f"no answer within {TIMEOUT} s"
    except requests.exceptions.SSLError:
        raise UserError(f"{address}: no secure connection (certificate or protocol)") from None
    except requests.exceptions.ChunkedEncodingError:
        return "the connection broke off"
    except requests.ConnectionError:
        return "no connection; is there a network?"
    except (requests.RequestException, ValueError) as error:
        raise UserError(f"{address}: cannot be downloaded: {' '.join(str(error).split())}") from None
    finally:
        for response in opened:
            response.close()
    return None


def _unzip(address: str, archive: Path, target: Path, pin: Pin) -> None:
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
        looks = looks_like(head)
        what = f"; the file {looks}" if looks and "zip" not in looks else ""
        raise UserError(f"{address}: not a sound zip archive{what}") from None
    target.write_bytes(data)
    archive.unlink()


def _difference(pin: Pin, path: Path) -> str:
    """Why `path` is not the file that was asked for."""
    with open(path, "rb") as file:
        looks = looks_like(file.read(32))
    if looks and "web page" in looks:
        return f"not {_final_name(pin)}: the answer {looks}"
    received, expected = sha256_of(path), pin.sha256
    if expected is None:
        return f"not the published file: git blob id {git_blob_id(path)}, expected {pin.blob}"
    return f"not the published file: {path.stat().st_size:,} bytes, sha256 {received}, expected {expected}"


def _addresses(pin: Pin, mirror: str | None, folder: str) -> list[str]:
    """Where to look for a file, the likeliest place first; a mirror may hold a zip archive's member unpacked."""
    if mirror is None:
        return list(pin.urls)
    names = [pin.name, pin.member] if pin.member else [pin.name]
    if _is_url(mirror):
        return [f"{mirror}{'' if mirror.endswith('/') else '/'}{name}" for name in names]
    return [str(place / name) for place in (Path(mirror), Path(mirror, folder)) for name in names]


def _is_url(text: str) -> bool:
    return text.lower().startswith(("http://", "https://"))


def _final_name(pin: Pin) -> str:
    return pin.member or pin.name


def _fetched(path: Path, *, new: bool) -> Fetched:
    return Fetched(path, path.stat().st_size, sha256_of(path), new)
