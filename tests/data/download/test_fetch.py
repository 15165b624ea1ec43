"""Downloads from a server on this machine: verified, retried, all or nothing, one line on each failure."""

import gzip
import hashlib
import http.server
import io
import threading
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from pw13.data.download.fetch import fetch
from pw13.data.published import IMAGE_PINS, NAME_PINS, PublishedFile
from pw13.data.source import git_blob_id, sha256_of
from pw13.errors import OptionError, UserError

LETTERS = gzip.compress(bytes(range(256)) * 40, mtime=0)
NAMES = b"Nimbo\nArbo Labs\n"
PAGE = b"<!DOCTYPE html><html><body>Sign in</body></html>"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def blob(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


ARCHIVE = zipped({"handout/companies.csv": NAMES, "__MACOSX/handout/companies.csv": b"x", "other.txt": b"y"})


class Server:
    """Answers with `files` (path -> bytes); `busy` paths answer 503, `cut` ones break off, so many times."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.busy: Counter[str] = Counter()
        self.cut: Counter[str] = Counter()
        self.asked: list[str] = []
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, request: http.server.BaseHTTPRequestHandler) -> None:
        name = request.path.lstrip("/")
        self.asked.append(name)
        if self.busy[name] > 0:
            self.busy[name] -= 1
            return request.send_error(503)
        if name not in self.files:
            return request.send_error(404)
        data = self.files[name]
        request.send_response(200)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        if self.cut[name] > 0:
            self.cut[name] -= 1
            data = data[: len(data) // 2]
        request.wfile.write(data)


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")
    running = Server()
    yield running
    running.http.shutdown()
    running.http.server_close()


def pin(server: Server, name: str = "letters.gz", data: bytes = LETTERS, **more) -> PublishedFile:
    server.files.setdefault(name, data)
    return PublishedFile(name, (f"{server.url}/{name}",), len(data), **{"sha256": sha256(data), **more})


def names_pin(server: Server, data: bytes = ARCHIVE) -> PublishedFile:
    server.files["companies.csv.zip"] = data
    url = f"{server.url}/companies.csv.zip"
    return PublishedFile("companies.csv.zip", (url,), len(NAMES), sha256=sha256(NAMES), member="companies.csv")


def refusal(pins: list[PublishedFile], **options) -> str:
    """The message of a fetch that fails and leaves nothing behind."""
    with pytest.raises(UserError) as error:
        fetch(pins, Path("there"), pause=0.01, **options)
    assert list(Path("there").iterdir()) == []
    assert "\n" not in str(error.value)
    return str(error.value)


def test_files_arrive_verified_with_progress(server):
    seen = []
    (letters,) = fetch([pin(server)], Path("there/deep"), progress=lambda *facts: seen.append(facts))
    assert letters == (Path("there/deep/letters.gz"), len(LETTERS), sha256(LETTERS), True)
    assert letters.path.read_bytes() == LETTERS
    assert seen[-1] == ("letters.gz", len(LETTERS), len(LETTERS))
    assert [path.name for path in Path("there/deep").iterdir()] == ["letters.gz"]


def test_a_sound_file_is_not_asked_for_again(server):
    fetch([pin(server)], Path("there"))
    assert [file.new for file in fetch([pin(server)], Path("there"))] == [False]
    assert server.asked == ["letters.gz"]


def test_another_file_of_that_name_is_never_replaced(server):
    Path("there").mkdir()
    Path("there/letters.gz").write_bytes(b"mine")
    with pytest.raises(UserError, match=r"letters\.gz: is there already and is not the published file"):
        fetch([pin(server)], Path("there"))
    assert Path("there/letters.gz").read_bytes() == b"mine" and server.asked == []


def test_a_git_blob_id_verifies_too(server):
    wanted = pin(server, sha256=None, blob=blob(LETTERS))
    fetch([wanted], Path("there"))
    assert git_blob_id(Path("there/letters.gz")) == blob(LETTERS)


def test_a_wrong_blob_id_is_told(server):
    message = refusal([pin(server, sha256=None, blob=blob(b"x"))])
    assert f"git blob id {blob(LETTERS)}, expected {blob(b'x')}" in message


def test_one_member_comes_out_of_an_archive(server):
    fetch([names_pin(server)], Path("there"))
    assert [path.name for path in Path("there").iterdir()] == ["companies.csv"]
    assert Path("there/companies.csv").read_bytes() == NAMES


@pytest.mark.parametrize(
    ("archive", "words"),
    [
        (PAGE, "not a sound zip archive; the file looks like a web page"),
        (ARCHIVE[:200], "not a sound zip archive"),
        (zipped({"other.txt": b"x"}), "holds 0 files companies.csv, expected 1"),
        (zipped({"a/companies.csv": NAMES, "b/companies.csv": NAMES}), "holds 2 files companies.csv"),
        (zipped({"companies.csv": b"other"}), "not the published file: 5 bytes"),
        (zipped({"companies.csv": bytes(50 << 20)}), f"not the published file: {len(NAMES) + 1} bytes"),
        (b"x" * (2 << 20), "larger than"),
    ],
)
def test_an_archive_that_is_none_or_a_bomb_is_refused(server, archive, words):
    assert words in refusal([names_pin(server, archive)])


def test_nothing_arrives_when_one_of_several_fails(server):
    message = refusal([pin(server), pin(server, "second.gz", b"other", sha256=sha256(b"x"))])
    assert "second.gz: not the published file: 5 bytes, sha256" in message and sha256(b"x") in message


@pytest.mark.parametrize("times", [1, 2])
def test_a_busy_server_and_a_broken_transfer_are_tried_again(server, times):
    server.busy["letters.gz"] = server.cut["second.gz"] = times
    fetch([pin(server), pin(server, "second.gz")], Path("there"), pause=0.01)
    assert Counter(server.asked) == {"letters.gz": times + 1, "second.gz": times + 1}
    assert Path("there/second.gz").read_bytes() == LETTERS


def test_three_tries_are_enough(server):
    server.busy["letters.gz"] = server.cut["second.gz"] = 9
    message = refusal([pin(server)])
    assert (
        "the server answers 503" in message
        and "(3 tries)" in message
        and "put letters.gz into there by hand" in message
    )
    assert "the connection broke off (3 tries)" in refusal([pin(server, "second.gz")])


def test_a_missing_file_is_not_tried_again(server):
    wanted = pin(server)
    server.files.clear()
    assert "not found there; put letters.gz into there by hand, or name a mirror" in refusal([wanted])
    assert server.asked == ["letters.gz"]


def test_the_second_address_is_asked_where_the_first_has_nothing(server):
    wanted = pin(server)._replace(urls=(f"{server.url}/gone/letters.gz", f"{server.url}/letters.gz"))
    fetch([wanted], Path("there"))
    assert server.asked == ["gone/letters.gz", "letters.gz"]


def test_a_web_page_is_called_one(server):
    server.files["letters.gz"] = PAGE
    assert "not letters.gz: the answer looks like a web page" in refusal([pin(server)])
    server.files["letters.gz"] = PAGE + b" " * 20_000
    assert "larger than" in (message := refusal([pin(server)])) and "it looks like a web page" in message


def test_no_server_is_told(server):
    wanted = pin(server)
    server.http.shutdown()
    server.http.server_close()
    assert "no connection; is there a network? (3 tries)" in refusal([wanted])


@pytest.mark.parametrize("mirror", ["http://a b/", "http:///x"])
def test_an_address_that_is_none(server, mirror):
    assert "cannot be downloaded" in refusal([pin(server)], mirror=mirror)


def test_a_mirror_by_address_and_by_folder(server):
    server.files.update({"copy/letters.gz": LETTERS, "copy/companies.csv": NAMES})
    wanted = [pin(server), names_pin(server)]
    fetch(wanted, Path("one"), mirror=f"{server.url}/copy/")
    assert server.asked == ["copy/letters.gz", "copy/companies.csv.zip", "copy/companies.csv"]
    fetch(wanted, Path("two"), mirror="one")
    Path("all").mkdir()
    Path("one").rename("all/three")
    fetch(wanted, Path("three"), mirror="all")
    assert Path("two/companies.csv").read_bytes() == Path("three/companies.csv").read_bytes() == NAMES


def test_a_mirror_is_verified_all_the_same(server):
    Path("mirror").mkdir()
    Path("mirror/letters.gz").write_bytes(b"x")
    assert "not the published file" in refusal([pin(server)], mirror="mirror")
    Path("mirror/letters.gz").unlink()
    assert "not found there" in refusal([pin(server)], mirror="mirror")


def test_a_mirror_that_is_nothing(server):
    with pytest.raises(OptionError, match="--from"):
        fetch([pin(server)], Path("there"), mirror="ftp://example.org")
    with pytest.raises(UserError, match="--from nowhere: no such folder"):
        fetch([pin(server)], Path("there"), mirror="nowhere")


def test_a_place_that_cannot_be_made(server):
    Path("file").touch()
    with pytest.raises(UserError, match="file"):
        fetch([pin(server)], Path("file/there"))


def test_pinned_addresses_name_a_commit_and_a_digest():
    for one in (*IMAGE_PINS, *NAME_PINS):
        assert one.sha256 or one.blob
        assert all(url.startswith("https://") and url.endswith(one.name) for url in one.urls)
        assert len(one.urls[0].split("/")[5]) == 40


def test_the_command(pw13, monkeypatch):
    """The published digests are asked of a mirror too; what went wrong comes in one line, exit 1."""
    Path("mirror").mkdir()
    Path("mirror/companies.csv").write_bytes(NAMES)
    code, out, err = pw13("data", "fetch", "names", "--from", "mirror")
    assert code == 1 and out == "" and "not the published file" in err and err.count("\n") == 1
    monkeypatch.setattr("pw13.data.published.NAME_PINS", (NAME_PINS[0]._replace(sha256=sha256(NAMES)),))
    code, out, err = pw13("data", "fetch", "names", "--from", "mirror")
    assert code == 0 and sha256(NAMES) in out
    assert sha256_of(Path("data/startup-names/companies.csv")) == sha256(NAMES)
    assert pw13("data", "fetch", "letters")[0] == 2


@pytest.mark.slow
def test_the_real_files_prove_themselves(real_data):
    fetched = fetch(NAME_PINS, Path("names"), mirror=str(real_data / "startup-names"))
    assert fetched[0].bytes == 2_569_218
    assert all(fetch.matches(one, real_data / "notmnist" / one.name) for one in IMAGE_PINS)
