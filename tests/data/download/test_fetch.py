"""Downloads from a local server: verified, retried, one line per error."""

import gzip
import hashlib
import http.server
import io
import threading
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from pw13.data.checking import check
from pw13.data.download.fetch import fetch, matches
from pw13.data.names import load_names
from pw13.data.published import PUBLISHED_IMAGES, PUBLISHED_MAKEMORE, PUBLISHED_NAMES, PublishedFile
from pw13.data.source import git_blob_id, resolve_path, sha256_of
from pw13.errors import OptionError, UserError
from tests.helpers.disks import lack_sync_and_replace

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
    """Serve `files` (path -> bytes); `busy` paths return 503 and `cut` ones are truncated, so many times."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.busy: Counter[str] = Counter()
        self.cut: Counter[str] = Counter()
        self.requested: list[str] = []
        self.encoded = False
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
        self.requested.append(name)
        if self.busy[name] > 0:
            self.busy[name] -= 1
            return request.send_error(503)
        if name not in self.files:
            return request.send_error(404)
        data = self.files[name]
        request.send_response(200)
        request.send_header("Content-Length", str(len(data)))
        if self.encoded:
            request.send_header("Content-Encoding", "gzip")
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


def published(server: Server, name: str = "letters.gz", data: bytes = LETTERS, **more) -> PublishedFile:
    server.files.setdefault(name, data)
    return PublishedFile(name, (f"{server.url}/{name}",), len(data), **{"sha256": sha256(data), **more})


def published_names(server: Server, data: bytes = ARCHIVE) -> PublishedFile:
    server.files["companies.csv.zip"] = data
    url = f"{server.url}/companies.csv.zip"
    return PublishedFile("companies.csv.zip", (url,), len(NAMES), sha256=sha256(NAMES), member="companies.csv")


def refusal(files: list[PublishedFile], **options) -> str:
    """Return the message of a fetch that fails and leaves nothing behind."""
    with pytest.raises(UserError) as error:
        fetch(files, Path("target"), pause=0.01, **options)
    assert not Path("target").exists() or list(Path("target").iterdir()) == []
    assert "\n" not in str(error.value)
    return str(error.value)


def test_files_are_downloaded_and_verified_with_progress(server):
    reported = []
    (letters,) = fetch([published(server)], Path("target/deep"), progress=lambda *facts: reported.append(facts))
    assert letters == (Path("target/deep/letters.gz"), len(LETTERS), sha256(LETTERS), True)
    assert letters.path.read_bytes() == LETTERS
    assert reported[-1] == ("letters.gz", len(LETTERS), len(LETTERS))
    assert [path.name for path in Path("target/deep").iterdir()] == ["letters.gz"]


def test_a_file_system_without_sync_and_replace_takes_downloads(server, monkeypatch):
    lack_sync_and_replace(monkeypatch)
    fetched = fetch([published(server), published_names(server)], Path("target"))
    assert [file.path.read_bytes() for file in fetched] == [LETTERS, NAMES]


def test_a_verified_file_is_not_downloaded_again(server):
    fetch([published(server)], Path("target"))
    assert [file.new for file in fetch([published(server)], Path("target"))] == [False]
    assert server.requested == ["letters.gz"]


def test_another_file_of_that_name_is_not_overwritten(server):
    Path("target").mkdir()
    Path("target/letters.gz").write_bytes(b"mine")
    with pytest.raises(UserError, match=r"letters\.gz: exists but is not the published file"):
        fetch([published(server)], Path("target"))
    assert Path("target/letters.gz").read_bytes() == b"mine" and server.requested == []


def test_a_git_blob_id_verifies_a_file(server):
    wanted = published(server, sha256=None, blob=blob(LETTERS))
    fetch([wanted], Path("target"))
    assert git_blob_id(Path("target/letters.gz")) == blob(LETTERS)


def test_a_wrong_blob_id_is_reported(server):
    message = refusal([published(server, sha256=None, blob=blob(b"x"))])
    assert f"git blob id {blob(LETTERS)}, expected {blob(b'x')}" in message


def test_only_the_wanted_member_of_an_archive_is_kept(server):
    fetch([published_names(server)], Path("target"))
    assert [path.name for path in Path("target").iterdir()] == ["companies.csv"]
    assert Path("target/companies.csv").read_bytes() == NAMES


@pytest.mark.parametrize(
    ("archive", "words"),
    [
        (PAGE, "not a valid zip archive; the file looks like a web page"),
        (ARCHIVE[:200], "not a valid zip archive"),
        (zipped({"other.txt": b"x"}), "contains 0 files companies.csv, expected 1"),
        (zipped({"a/companies.csv": NAMES, "b/companies.csv": NAMES}), "contains 2 files companies.csv"),
        (zipped({"companies.csv": b"other"}), "not the published file: 5 bytes"),
        (zipped({"companies.csv": bytes(50 << 20)}), f"not the published file: {len(NAMES) + 1} bytes"),
        (b"x" * (2 << 20), "larger than"),
    ],
)
def test_invalid_archives_and_bombs_are_refused(server, archive, words):
    assert words in refusal([published_names(server, archive)])


def test_files_that_are_verified_stay_when_a_later_one_fails(server):
    second = published(server, "second.gz", b"other", sha256=sha256(b"x"))
    wanted = [published(server), second, published(server, "third.gz")]
    with pytest.raises(UserError) as error:
        fetch(wanted, Path("target"), pause=0.01)
    assert "second.gz: not the published file: 5 bytes, sha256" in str(error.value) and sha256(b"x") in str(error.value)
    assert [(path.name, path.read_bytes()) for path in Path("target").iterdir()] == [("letters.gz", LETTERS)]
    server.files["second.gz"] = b"x"
    server.requested.clear()
    fetched = fetch(wanted, Path("target"), pause=0.01)
    assert [file.new for file in fetched] == [False, True, True] and server.requested == ["second.gz", "third.gz"]


@pytest.mark.parametrize("times", [1, 2])
def test_server_errors_and_lost_connections_are_retried(server, times):
    server.busy["letters.gz"] = server.cut["second.gz"] = times
    fetch([published(server), published(server, "second.gz")], Path("target"), pause=0.01)
    assert Counter(server.requested) == {"letters.gz": times + 1, "second.gz": times + 1}
    assert Path("target/second.gz").read_bytes() == LETTERS


def test_the_third_failure_is_final(server):
    server.busy["letters.gz"] = server.cut["second.gz"] = 9
    message = refusal([published(server)])
    assert "server error 503" in message and "(3 attempts); put letters.gz into target yourself" in message
    assert "connection lost (3 attempts)" in refusal([published(server, "second.gz")])


def test_a_missing_file_is_not_retried(server):
    wanted = published(server)
    server.files.clear()
    assert "not found; put letters.gz into target yourself, or use a mirror" in refusal([wanted])
    assert server.requested == ["letters.gz"]


def test_the_second_url_is_tried_if_the_first_is_missing(server):
    wanted = published(server)._replace(urls=(f"{server.url}/gone/letters.gz", f"{server.url}/letters.gz"))
    fetch([wanted], Path("target"))
    assert server.requested == ["gone/letters.gz", "letters.gz"]


def test_a_web_page_is_recognized(server):
    server.files["letters.gz"] = PAGE
    assert "not letters.gz: the response looks like a web page" in refusal([published(server)])
    server.files["letters.gz"] = PAGE + b" " * 20_000
    assert "larger than" in (message := refusal([published(server)])) and "it looks like a web page" in message


def test_an_unreachable_server_is_reported(server):
    wanted = published(server)
    server.http.shutdown()
    server.http.server_close()
    assert "cannot connect; check the network (3 attempts)" in refusal([wanted])


@pytest.mark.parametrize("mirror", ["http://a b/", "http:///x"])
def test_an_invalid_url_is_refused(server, mirror):
    assert "download failed" in refusal([published(server)], mirror=mirror)


def test_a_mirror_is_a_url_or_a_folder(server):
    server.files.update({"copy/letters.gz": LETTERS, "copy/companies.csv": NAMES})
    wanted = [published(server), published_names(server)]
    fetch(wanted, Path("one"), mirror=f"{server.url}/copy/")
    assert server.requested == ["copy/letters.gz", "copy/companies.csv.zip", "copy/companies.csv"]
    fetch(wanted, Path("two"), mirror="one")
    Path("all").mkdir()
    Path("one").rename("all/three")
    fetch(wanted, Path("three"), mirror="all")
    assert Path("two/companies.csv").read_bytes() == Path("three/companies.csv").read_bytes() == NAMES


def test_files_of_a_mirror_are_verified(server):
    Path("mirror").mkdir()
    Path("mirror/letters.gz").write_bytes(b"x")
    assert "not the published file" in refusal([published(server)], mirror="mirror")
    Path("mirror/letters.gz").unlink()
    assert "not found; put" in refusal([published(server)], mirror="mirror")


def test_an_invalid_mirror_is_refused(server):
    with pytest.raises(OptionError, match="--from"):
        fetch([published(server)], Path("target"), mirror="ftp://example.org")
    with pytest.raises(UserError, match="--from nowhere: no such folder"):
        fetch([published(server)], Path("target"), mirror="nowhere")


def test_a_folder_that_cannot_be_created_is_refused(server):
    Path("file").touch()
    with pytest.raises(UserError, match="file"):
        fetch([published(server)], Path("file/there"))


def test_published_urls_have_a_commit_and_a_checksum():
    for file in (*PUBLISHED_IMAGES, *PUBLISHED_NAMES, *PUBLISHED_MAKEMORE):
        assert file.sha256 or file.blob
        assert all(url.startswith("https://") and url.endswith(file.name) for url in file.urls)
        assert len(file.urls[0].split("/")[5]) == 40


def test_the_command_verifies_a_mirror(pw13, monkeypatch):
    """A failure is one line and exit 1."""
    Path("mirror").mkdir()
    Path("mirror/companies.csv").write_bytes(NAMES)
    code, out, err = pw13("data", "fetch", "names", "--from", "mirror")
    assert code == 1 and out == "" and "not the published file" in err and err.count("\n") == 1
    monkeypatch.setattr("pw13.data.published.PUBLISHED_NAMES", (PUBLISHED_NAMES[0]._replace(sha256=sha256(NAMES)),))
    code, out, err = pw13("data", "fetch", "names", "--from", "mirror")
    assert code == 0 and sha256(NAMES) in out
    assert sha256_of(Path("data/startup-names/companies.csv")) == sha256(NAMES)
    assert pw13("data", "fetch", "letters")[0] == 2


def test_makemores_names_are_fetched_and_named_as_a_corpus(pw13, monkeypatch):
    names = b"emma\nolivia\n"
    Path("mirror/names").mkdir(parents=True)
    Path("mirror/names/names.txt").write_bytes(names)
    code, out, err = pw13("data", "info", "--data", "builtin", "--corpus", "makemore", "--json")
    assert (code, out) == (1, "") and "download it with: pw13 data fetch makemore" in err and err.count("\n") == 1
    monkeypatch.setattr(
        "pw13.data.published.PUBLISHED_MAKEMORE", (PUBLISHED_MAKEMORE[0]._replace(sha256=sha256(names)),)
    )
    assert pw13("data", "fetch", "makemore", "--from", "mirror")[0] == 0
    assert Path("data/names/names.txt").read_bytes() == names
    assert load_names("makemore").names == ("emma", "olivia")
    assert resolve_path("corpus", "makemore") == str(Path("data/names/names.txt").absolute())
    assert [result.path for result in check(Path("data"))] == ["data/names/names.txt"]


def test_a_corpus_that_is_named_but_not_there_is_refused_before_a_run(pw13):
    code, out, err = pw13("train-charrnn", "--corpus", "makemore", "--runs-dir", "runs")
    assert (code, out) == (1, "") and "--corpus makemore: not found" in err
    assert not Path("runs").exists()


@pytest.mark.slow
def test_the_real_files_are_the_published_ones(real_data):
    fetched = fetch(PUBLISHED_NAMES, Path("names"), mirror=str(real_data / "startup-names"))
    assert fetched[0].bytes == 2_569_218
    assert fetch(PUBLISHED_MAKEMORE, Path("makemore"), mirror=str(real_data / "names"))[0].bytes == 228_145
    assert all(matches(file, real_data / "notmnist" / file.name) for file in PUBLISHED_IMAGES)


def test_a_server_may_call_a_files_own_compression_that_of_the_transfer(server):
    server.encoded = True
    (letters,) = fetch([published(server)], Path("target"))
    assert letters.path.read_bytes() == LETTERS


def test_a_failed_download_leaves_no_new_folder(server):
    server.busy["letters.gz"] = 9
    Path("old").mkdir()
    with pytest.raises(UserError, match="server error 503"):
        fetch([published(server)], Path("old/new/newer"), pause=0.001)
    assert [path.name for path in Path("old").iterdir()] == []


def test_faults_of_the_environment_are_named(server, monkeypatch):
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setenv("http_proxy", "http://user:secret@127.0.0.1:9")
    said = refusal([published(server)])
    assert "cannot connect through the proxy 127.0.0.1:9" in said and "secret" not in said
    monkeypatch.delenv("http_proxy")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/certificates.pem")
    file = PublishedFile("letters.gz", ("https://127.0.0.1:9/letters.gz",), 9, sha256="0")
    assert "REQUESTS_CA_BUNDLE: /nowhere/certificates.pem: no such file" in refusal([file])
