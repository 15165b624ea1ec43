"""Transfer one file from a URL or a folder: bounded in size, retried, with one-line errors."""

import os
import time
from pathlib import Path
from typing import IO

from pw13.data.source import CHUNK, describe_content
from pw13.data.staging import Progress
from pw13.errors import UserError
from pw13.system import files

MAX_ATTEMPTS = 3
TIMEOUT = 30  # seconds without a response or a byte
AS_IT_IS = {"Accept-Encoding": "identity"}  # not compressed once more


class NotFound(Exception):
    """The location has no such file; the next one is tried."""


class DownloadFailed(Exception):
    """All attempts failed."""


def is_url(text: str) -> bool:
    return text.lower().startswith(("http://", "https://"))


class BoundedWriter:
    """Write a download to a file, report progress, and stop it beyond its maximum size."""

    def __init__(self, name: str, location: str, max_bytes: int, progress: Progress):
        self.name, self.location, self.max_bytes, self.progress = name, location, max_bytes, progress
        self.total, self.head = max_bytes, b""

    def start(self, file: IO[bytes]) -> None:
        self.file, self.done = file, 0

    def write(self, block: bytes) -> None:
        self.head = block[:32] if self.done == 0 else self.head
        self.done += len(block)
        if self.done > self.max_bytes:
            content = describe_content(self.head)
            hint = f"; it {content}" if content and "web page" in content else ""
            expected = f"{self.max_bytes:,} bytes expected for {self.name}"
            raise UserError(f"{self.location}: larger than the {expected}{hint}")
        self.file.write(block)
        self.progress(self.name, self.done, self.total)

    def flush(self) -> None:
        """Do nothing; pooch calls it, and the file is synced once at its end."""


def download(location: str, target: Path, writer: BoundedWriter, pause: float) -> None:
    """Transfer the file at `location` to `target`; restart a failed transfer after a pause.

    Raises:
        NotFound: there is no such file.
        DownloadFailed: all attempts failed.
        UserError: the file is too large, or another attempt would not help.
    """
    for attempt in range(1, MAX_ATTEMPTS + 1):
        with open(target, "wb") as file:
            writer.start(file)
            fault = _download(location, writer) if is_url(location) else _copy(Path(location), writer)
            file.flush()
            files.sync_file(file)
        if fault is None:
            return
        if attempt < MAX_ATTEMPTS:
            time.sleep(pause * attempt)
    raise DownloadFailed(f"{fault} ({MAX_ATTEMPTS} attempts)")


def _copy(path: Path, writer: BoundedWriter) -> str | None:
    try:
        with open(path, "rb") as file:
            writer.total = os.fstat(file.fileno()).st_size
            while block := file.read(CHUNK):
                writer.write(block)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise NotFound from None
    return None


def _download(url: str, writer: BoundedWriter) -> str | None:
    """Download once; return None on success, or a fault that another attempt may cure."""
    import pooch
    import requests

    opened: list[requests.Response] = []  # pooch leaves them open when a transfer fails

    def on_response(response: requests.Response, *_: object, **__: object) -> None:
        opened.append(response)
        if url.endswith(".gz"):  # a server may call the file's own compression that of the transfer
            response.raw.headers.pop("Content-Encoding", None)
        length = response.headers.get("Content-Length", "")
        writer.total = int(length) if length.isdecimal() else writer.total

    hooks = {"response": on_response}
    try:
        pooch.HTTPDownloader(timeout=TIMEOUT, chunk_size=1 << 16, hooks=hooks, headers=AS_IT_IS)(url, writer, None)
    except requests.HTTPError as error:
        code, reason = (error.response.status_code, error.response.reason) if error.response is not None else (0, "")
        if code in (404, 410):
            raise NotFound from None
        if code < 500 and code != 429:
            raise UserError(f"{url}: server refused the request: {code} {reason}") from None
        return f"server error {code} {reason}"
    except requests.Timeout:
        return f"timed out after {TIMEOUT} s"
    except requests.exceptions.SSLError:
        raise UserError(f"{url}: TLS error (certificate or protocol)") from None
    except (requests.exceptions.ProxyError, requests.exceptions.InvalidProxyURL):
        return f"cannot connect through the proxy {_proxy(url)}"
    except requests.exceptions.ChunkedEncodingError:
        return "connection lost"
    except requests.ConnectionError:
        return "cannot connect; check the network"
    except (requests.RequestException, ValueError) as error:
        raise UserError(f"{url}: download failed: {' '.join(str(error).split())}") from None
    except OSError as error:
        if bundle := _missing_bundle(error):
            raise UserError(f"{bundle}: no such file of certificates; correct the variable or unset it") from None
        raise
    finally:
        for response in opened:
            response.close()
    return None


def _proxy(url: str) -> str:
    """Return the proxy that the environment names for a URL, without a password."""
    import requests

    address = requests.utils.get_environ_proxies(url).get(url.partition(":")[0]) or "of the environment"
    return address.rpartition("@")[2]


def _missing_bundle(error: OSError) -> str | None:
    """Return the variable, with its value, by which requests was sent to a missing file of certificates."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        value = os.environ.get(name)
        if value and value in str(error):
            return f"{name}: {value}"
    return None
