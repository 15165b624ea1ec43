"""Serve the page on this machine only: GET, with a token in the address, and nothing but what the page needs."""

import functools
import hmac
import json
import re
import secrets
import socket
import socketserver
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pw13 import console
from pw13.errors import OptionError, UserError
from pw13.explore import runs, sampled_names
from pw13.explore.contents import Chosen, contents
from pw13.explore.page import render
from pw13.runs.finding import find_run
from pw13.runs.record import Record, read_run
from pw13.system import files

HOST = "127.0.0.1"
WORKERS = 32  # requests answered at once; a client that stalls holds one for `TIMEOUT`
WAITING = 256  # connections accepted and not yet answered; the others wait in the kernel's queue
TIMEOUT = 10.0  # seconds for a client to send its request and to take the answer
MAX_FIGURE = 32 * 2**20  # bytes
FIGURE_NAME = re.compile(r"[\w-]{1,100}")
PNG = b"\x89PNG\r\n\x1a\n"

Answer = tuple[str, bytes]  # content type and body
Query = dict[str, str]


class Server(socketserver.TCPServer):
    """Answers requests in a bounded pool of threads."""

    allow_reuse_address = True
    request_queue_size = 1024

    def __init__(self, port: int, answer: Callable[[str, Query], Answer | None]):
        super().__init__((HOST, port), Handler)
        self.answer = answer
        self.token = secrets.token_urlsafe(24)
        self._pool = ThreadPoolExecutor(WORKERS)
        self._room = threading.BoundedSemaphore(WAITING)

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.server_address[1]}/?token={self.token}"

    def get_request(self) -> tuple[socket.socket, Any]:
        self._room.acquire()
        try:
            return super().get_request()
        except OSError:
            self._room.release()
            raise

    def process_request(self, request: Any, client_address: Any) -> None:
        self._pool.submit(self._work, request, client_address)

    def _work(self, request: Any, client_address: Any) -> None:
        try:
            self.finish_request(request, client_address)
        except OSError:  # the client has gone or stalls
            pass
        finally:
            self.shutdown_request(request)
            self._room.release()


class Handler(BaseHTTPRequestHandler):
    """One GET request: the host, the token, then the answer."""

    server: Server
    timeout = TIMEOUT
    server_version, sys_version = "pw13", ""

    def do_GET(self) -> None:
        """Answer with what the path names, 403 without the token, 404 and the reason for anything else."""
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query, max_num_fields=20).items()}
        port = self.server.server_address[1]
        if self.headers.get("Host") not in (f"{HOST}:{port}", f"localhost:{port}"):
            return self.send_error(403, "unknown host")
        if not hmac.compare_digest(query.get("token", "").encode(), self.server.token.encode()):
            return self.send_error(403, "the address lacks its token")
        reason = "not found"
        try:
            answer = self.server.answer(parts.path, query)
        except (UserError, OptionError) as error:
            answer, reason = None, console.printable(str(error)).encode("ascii", "backslashreplace").decode()
        except (ValueError, KeyError):
            answer = None
        if answer is None:
            return self.send_error(404, reason)
        content_type, body = answer
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def end_headers(self) -> None:
        """Add to every answer what keeps it from other pages and from disk."""
        for name, value in (
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("X-Frame-Options", "DENY"),
        ):
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: standard error is for messages to the user."""


def make_server(chosen: Chosen, runs_dir: Path, port: int) -> Server:
    """Return a server of the page, listening. Runs that are damaged later are left out of the page.

    Raises:
        UserError: a named run is damaged, or the port is taken or may not be used.
    """
    if chosen.named:
        contents(chosen, [], served=True)
        chosen = chosen._replace(named=False)
    try:
        return Server(port, functools.partial(answer, chosen, runs_dir))
    except OSError as error:
        where = f"--port {port}" if port else f"cannot serve on {HOST}"
        raise UserError(f"{where}: {(error.strerror or str(error)).lower()}") from None


def answer(chosen: Chosen, runs_dir: Path, path: str, query: Query) -> Answer | None:
    """Return content type and body for a path; None if there is nothing of that name.

    Raises:
        UserError: a run is missing or damaged.
    """
    if path == "/":
        content = contents(chosen, runs.rows(runs_dir), served=True, runs_dir=runs_dir)
        return "text/html; charset=utf-8", files.to_utf8(render(content))
    if path == "/runs.json":
        return to_json(runs.rows(runs_dir))
    if path == "/run.json":
        return to_json(runs.details(find_record(query, runs_dir)))
    if path == "/names.json":
        return to_json(sampled_names.sample(find_record(query, runs_dir, chosen.records["names"]), query))
    if path == "/figure.png":
        return read_figure(find_record(query, runs_dir), query.get("name", ""))
    return None


def to_json(value: Any) -> Answer:
    return "application/json", json.dumps(value, allow_nan=False).encode()


def find_record(query: Query, runs_dir: Path, shown: Sequence[Record] = ()) -> Record:
    """Return the run that the page asks for: one of those `shown`, else a folder in `runs_dir`, or SWEEP/POINT.

    shown: may be in other folders.

    Raises:
        UserError: it is not there, or broken.
    """
    for record in shown:
        if record.reference == query.get("run"):
            return _usable(record.folder)
    parts = query.get("run", "").split("/")
    if not 1 <= len(parts) <= 2 or not all(part and part.strip(".") and "\\" not in part for part in parts):
        raise UserError("no such run")
    folder = runs_dir.joinpath(*parts)
    for depth in range(len(parts)):
        files.check_inside(folder, below=depth + 1)
    return _usable(find_run(str(folder), runs_dir))


def _usable(folder: Path) -> Record:
    record = read_run(folder)
    if record.problem:
        raise UserError(record.problem)
    return record


def read_figure(record: Record, name: str) -> Answer | None:
    """Return a figure of a run; None if it has none of that name, or it is no PNG."""
    path = record.folder / "figures" / f"{name}.png"
    if not FIGURE_NAME.fullmatch(name) or not path.is_file():
        return None
    files.check_inside(path, below=2)
    with open(path, "rb") as file:
        data = file.read(MAX_FIGURE + 1)
    return ("image/png", data) if data.startswith(PNG) and len(data) <= MAX_FIGURE else None
