"""One file brought over, from an address or a folder: bounded, retried, what went wrong said in a line."""

import os
import time
from pathlib import Path
from typing import IO

from pw13.data.source import CHUNK, describe_content
from pw13.data.staging import Progress
from pw13.errors import UserError

TRIES = 3
TIMEOUT = 30  # seconds without an answer or a byte


class NotFound(Exception):
    """There is no file under this address; the next address is tried."""


class DownloadFailed(Exception):
    """Several tries came to nothing."""


def is_url(text: str) -> bool:
    return text.lower().startswith(("http://", "https://"))


class BoundedWriter:
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
            looks = describe_content(self.head)
            what = f"; it {looks}" if looks and "web page" in looks else ""
            raise UserError(f"{self.address}: larger than the {self.most:,} bytes expected of {self.name}{what}")
        self.file.write(block)
        self.progress(self.name, self.done, self.total)

    def flush(self) -> None:
        """Part of what a downloader asks of a file; the file is synced once, at its end."""


def download(address: str, target: Path, sink: BoundedWriter, pause: float) -> None:
    """Bring the bytes at `address` into `target`; a broken transfer is tried again from its beginning."""
    for attempt in range(1, TRIES + 1):
        with open(target, "wb") as file:
            sink.start(file)
            fault = _download(address, sink) if is_url(address) else _copy(Path(address), sink)
            file.flush()
            os.fsync(file.fileno())
        if fault is None:
            return
        if attempt < TRIES:
            time.sleep(pause * attempt)
    raise DownloadFailed(f"{fault} ({TRIES} tries)")


def _copy(path: Path, sink: BoundedWriter) -> str | None:
    try:
        with open(path, "rb") as file:
            sink.total = os.fstat(file.fileno()).st_size
            while block := file.read(CHUNK):
                sink.write(block)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise NotFound from None
    return None


def _download(address: str, sink: BoundedWriter) -> str | None:
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
            raise NotFound from None
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
