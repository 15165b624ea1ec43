"""The server answers its own page only, and goes on whatever a client or a run folder does."""

import http.client
import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import Mock
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import urlopen

import pytest

from pw13.errors import UserError
from pw13.explore import names, sampled_names
from pw13.explore.contents import choose
from pw13.explore.server import answer, make_server
from pw13.runs.record import read_run
from tests.helpers.report_runs import png


def ask(server, path, *, method="GET", token=None, host=None, timeout=30):
    """Return status, headers and body."""
    port = server.server_address[1]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    mark = "&" if "?" in path else "?"
    token = server.token if token is None else token
    connection.request(method, f"{path}{mark}token={token}", headers={"Host": host or f"127.0.0.1:{port}"})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders()), body


def reason(server, path):
    """Return the words of the status line of a refusal."""
    with pytest.raises(HTTPError) as refused:
        urlopen(f"http://127.0.0.1:{server.server_address[1]}{path}{'&' if '?' in path else '?'}token={server.token}")
    with refused.value as error:
        assert error.code == 404
        return error.reason


def test_it_listens_on_this_machine_only(served):
    server, _ = served
    assert server.server_address[0] == "127.0.0.1"
    assert server.address.startswith(f"http://127.0.0.1:{server.server_address[1]}/?token=")
    assert len(server.token) >= 32


def test_the_page_and_its_data_need_the_token_and_the_host(served, runs):
    server, _ = served
    name = runs.names["dense"]
    for path in ("/", "/runs.json", f"/run.json?run={name}", f"/figure.png?run={name}&name=loss"):
        assert ask(server, path, token="")[0] == 403
        assert ask(server, path, token=server.token[:-1])[0] == 403
        assert ask(server, path, host="evil.example")[0] == 403
        assert ask(server, path, host=f"127.0.0.1.evil.example:{server.server_address[1]}")[0] == 403
    status, headers, body = ask(server, "/", host=f"localhost:{server.server_address[1]}")
    assert status == 200 and b"pw13 explore" in body
    assert headers["Cache-Control"] == "no-store" and headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"])
def test_only_get_is_answered(served, method):
    assert ask(served[0], "/runs.json", method=method)[0] == 501


def test_runs_and_details(served, runs):
    server, folder = served
    rows = json.loads(ask(server, "/runs.json")[2])
    assert {row["name"] for row in rows} == set(runs.names.values())
    (dense,) = [row for row in rows if row["kind"] == "dense-ae"]
    assert dense["metrics"] == {"test_mse": 0.02} and dense["history"]["val_loss"] == [0.5, 0.3, 0.35]
    (folder / dense["name"] / "figures").mkdir()
    (folder / dense["name"] / "figures" / "loss.png").write_bytes(png())
    details = json.loads(ask(server, f"/run.json?run={dense['name']}")[2])
    assert details["figures"] == ["loss"] and details["metrics"]["test_mse"] == 0.02
    status, headers, body = ask(server, f"/figure.png?run={dense['name']}&name=loss")
    assert (status, headers["Content-Type"], body) == (200, "image/png", png())


@pytest.mark.parametrize("model", ["mixture", "ngram"])
def test_names_of_the_counted_models_are_those_of_generate(served, runs, pw13, model):
    server, folder = served
    options = f"run={runs.names['gru many-to-one 1']}&model={model}&n=20&seed=7&temp=0.9&top_k=0&top_p=1&prefix=B"
    status, _, body = ask(server, f"/names.json?{options}")
    names = json.loads(body)
    assert status == 200 and len(names) == 20 and all(name["text"].startswith("B") for name in names)
    code, out, _ = pw13(
        "generate", "--run", runs.names["gru many-to-one 1"], "--runs-dir", folder, "--mix", "--seed", 7, "-n", 20,
        "--temp", 0.9, "--prefix", "B",
    )  # fmt: skip
    assert code == 0 and ([name["text"] for name in names] == out.rstrip("\n").split("\n")) == (model == "mixture")
    for wrong in ("temp=9e9e9", "temp=-1", "n=0", "seed=x", "top_k=-1", "prefix=%E2%98%83", "run=none"):
        key = wrong.split("=")[0]
        other = "&".join(part for part in options.split("&") if not part.startswith(f"{key}="))
        assert ask(server, f"/names.json?{other}&{wrong}")[0] == 404


def test_requests_that_come_at_once_load_the_counted_model_once(served, runs, monkeypatch):
    server, _ = served
    loads, loading = [], sampled_names.load_mixture

    def load_slowly(generator):
        loads.append(generator)
        time.sleep(0.5)
        return loading(generator)

    monkeypatch.setattr(sampled_names, "load_mixture", load_slowly)
    options = f"run={runs.names['gru many-to-one 1']}&model=ngram&n=2&seed=7&temp=1&top_k=0&top_p=1"
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: ask(server, f"/names.json?{options}")[0], range(8)))
    assert statuses == [200] * 8 and len(loads) == 1


def test_a_refusal_says_why_in_its_status_line(served, runs):
    server, folder = served
    name = runs.names["gru many-to-one 2"]
    options = f"run={name}&model=ngram&n=2&seed=7&temp=1&top_k=0&top_p=1"
    assert reason(server, f"/names.json?{options}&prefix=%E2%98%83%0A").startswith("--prefix")
    shutil.rmtree(folder / name)
    assert name in reason(server, f"/names.json?{options}")
    assert reason(server, "/nothing") == "not found"


def test_names_of_a_sweep_s_point_are_drawn_for_its_place(served, runs):
    server, folder = served
    point = folder / "2026-11-24_20-00-00_sweep-charrnn" / "1_x"
    point.parent.mkdir()
    shutil.move(folder / runs.names["gru many-to-one 1"], point)
    view = names.view(read_run(point))
    assert view["run"] == "2026-11-24_20-00-00_sweep-charrnn/1_x"
    assert (
        ask(server, f"/names.json?run={view['run']}&model=ngram&n=2&seed=7&temp=1&top_k=0&top_p=1&prefix=B")[0] == 200
    )


def test_names_of_a_run_in_another_folder_are_drawn_for_it(served, runs, tmp_path):
    _, folder = served
    name, elsewhere = runs.names["gru many-to-one 1"], tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.move(folder / name, elsewhere / name)
    query = {"run": name, "model": "ngram", "n": "2", "seed": "7", "temp": "1", "top_k": "0", "top_p": "1"}
    content_type, body = answer(choose([str(elsewhere / name)], folder), folder, "/names.json", query)
    assert content_type == "application/json" and len(json.loads(body)) == 2
    with pytest.raises(UserError, match="no run matching"):  # not shown, so not served
        answer(choose([], folder), folder, "/names.json", query)


@pytest.mark.parametrize(
    "run",
    [
        "",
        ".",
        "..",
        "../secret",
        "/etc",
        "%2e%2e/secret",
        "a/b/c",
        "{dense}/..",
        "{dense}/../../secret",
        "{dense}/checkpoints",
    ],
)
def test_nothing_outside_the_runs_is_served(served, runs, tmp_path, run):
    server, folder = served
    secret = shutil.copytree(folder / runs.names["dense"], tmp_path / "secret")
    (secret / "figures").mkdir()
    (secret / "figures" / "loss.png").write_bytes(png())
    run = quote(run.format(dense=runs.names["dense"]), safe="%")
    for path in (f"/run.json?run={run}", f"/figure.png?run={run}&name=loss"):
        assert ask(server, path)[0] == 404
    assert ask(server, "/../../etc/passwd")[0] == 404


def test_links_out_of_a_run_are_not_followed(served, runs, tmp_path):
    server, folder = served
    (tmp_path / "secret.png").write_bytes(png())
    run = folder / runs.names["dense"]
    (run / "figures").mkdir()
    (run / "figures" / "loss.png").symlink_to(tmp_path / "secret.png")
    (run / "samples.txt").symlink_to(__file__)
    (folder / "2026-01-01_00-00-00_dense-ae").symlink_to(tmp_path)
    assert ask(server, f"/figure.png?run={run.name}&name=loss")[0] == 404
    assert json.loads(ask(server, f"/run.json?run={run.name}")[2])["samples"] == ""
    for name in ("../run", "loss/../../config", "loss%00", "x" * 5000):
        assert ask(server, f"/figure.png?run={run.name}&name={name}")[0] in (404, 414)


def test_a_file_that_is_no_picture_is_not_served_as_one(served, runs):
    server, folder = served
    (folder / runs.names["dense"] / "figures").mkdir()
    (folder / runs.names["dense"] / "figures" / "loss.png").write_bytes(b"<script>alert(1)</script>")
    assert ask(server, f"/figure.png?run={runs.names['dense']}&name=loss")[0] == 404


def test_a_thousand_requests_at_once_are_all_answered(served):
    server, _ = served
    with ThreadPoolExecutor(200) as pool:
        statuses = list(pool.map(lambda _: ask(server, "/nothing", timeout=120)[0], range(1000)))
    assert statuses == [404] * 1000
    assert threading.active_count() < 400


def test_a_stalled_client_does_not_stop_the_others(served):
    server, _ = served
    stalled = [socket.create_connection(server.server_address) for _ in range(20)]
    for client in stalled:
        client.sendall(b"GET /runs.json")
    started = time.monotonic()
    assert ask(server, "/runs.json")[0] == 200
    assert time.monotonic() - started < 9
    for client in stalled:
        client.close()


def test_garbage_is_refused(served):
    server, _ = served
    for data in (b"\x16\x03\x01" * 50 + b"\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"A" * 70000 + b"\r\n"):
        with socket.create_connection(server.server_address) as client:
            client.settimeout(15)
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            received = client.recv(1000)
            assert b"200" not in received[:20]
    assert ask(server, "/runs.json")[0] == 200


def test_runs_that_vanish_or_are_damaged_are_left_out(served, runs):
    server, folder = served
    shutil.rmtree(folder / runs.names["dense"])
    (folder / runs.names["conv"] / "checkpoints" / "best.keras").write_bytes(b"PK broken")
    (folder / runs.names["svm"] / "metrics.json").write_text("{", "utf-8")
    (folder / runs.names["lstm many-to-many 2"] / "history.csv").write_text("epoch,val_loss\n1,", "utf-8")
    status, _, body = ask(server, "/")
    content = body.decode().split('id="contents">')[1].split("</script>")[0]
    shown = json.loads(content)
    assert status == 200
    assert shown["codes"] == [] and shown["noise"] == [] and len(shown["names"]) == 1
    rows = {row["name"]: row for row in json.loads(ask(server, "/runs.json")[2])}
    assert runs.names["dense"] not in rows and rows[runs.names["svm"]]["status"] == "broken"
    assert str(folder) not in json.dumps(rows)
    assert ask(server, f"/run.json?run={runs.names['dense']}")[0] == 404
    shutil.rmtree(folder)
    assert ask(server, "/runs.json")[0] == 200


def test_a_growing_run_is_followed(served, runs):
    server, folder = served
    run = folder / runs.names["dense"]
    facts = json.loads((run / "run.json").read_text("utf-8"))
    from pw13.system import machine

    (run / "run.json").write_text(json.dumps({**facts, "status": "running", **machine.process()}), "utf-8")
    with open(run / "history.csv", "a", encoding="utf-8") as file:
        file.write("4,0.1,0.2\n")
    (row,) = [row for row in json.loads(ask(server, "/runs.json")[2]) if row["name"] == run.name]
    assert row["status"] == "running" and row["history"]["val_loss"][-1] == 0.2


def test_the_command_prints_its_address_alone_and_ends_with_a_signal(runs):
    command = [sys.executable, "-m", "pw13", "explore", "--no-browser", "--runs-dir", str(runs.folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ})
    line = process.stdout.readline()
    assert line.startswith("http://127.0.0.1:") and "?token=" in line
    process.terminate()
    out, err = process.communicate(timeout=30)
    assert (out, process.returncode) == ("", 143)
    assert "Traceback" not in err


def test_a_browser_that_keeps_the_terminal_gets_the_page(runs, tmp_path):
    read = "from urllib.request import urlopen; import sys; sys.stderr.write(str(urlopen(sys.argv[1]).status))"
    variables = {**os.environ, "BROWSER": f"{shlex.quote(sys.executable)} -c {shlex.quote(read)} %s"}
    command = [sys.executable, "-m", "pw13", "explore", "--quiet", "--runs-dir", str(runs.folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=variables)
    timer = threading.Timer(60, process.kill)
    timer.start()
    assert process.stderr.read(3) == "200"
    timer.cancel()
    process.terminate()
    assert process.wait(30) == 143 and process.communicate()[1] == ""


def test_a_damaged_run_that_is_named_is_reported_at_the_start(pw13, served, runs):
    _, folder = served
    (folder / runs.names["conv"] / "checkpoints" / "best.keras").write_bytes(b"PK broken")
    code, out, err = pw13("explore", "--no-browser", runs.names["conv"], "--runs-dir", folder)
    assert (code, out) == (1, "") and "best.keras" in err


def test_a_taken_port_is_refused(pw13, runs):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, out, err = pw13("explore", "--no-browser", "--port", port, "--runs-dir", runs.folder)
    assert (code, out) == (1, "")
    assert f"--port {port}: address already in use" in err


def test_a_machine_without_loopback_is_told_so(runs, monkeypatch):
    monkeypatch.setattr("pw13.explore.server.Server", Mock(side_effect=OSError(99, "Cannot assign requested address")))
    with pytest.raises(UserError, match=r"^cannot serve on 127\.0\.0\.1: cannot assign requested address$"):
        make_server(choose([], runs.folder), runs.folder, 0)


@pytest.mark.parametrize("seconds", ["NaN", "1e999", "9" * 400])
def test_an_impossible_duration_is_left_out(served, runs, seconds):
    server, folder = served
    path = folder / runs.names["dense"] / "metrics.json"
    metrics = {**json.loads(path.read_text("utf-8")), "seconds": "edited"}
    path.write_text(json.dumps(metrics).replace('"edited"', seconds), "utf-8")
    status, _, body = ask(server, "/runs.json")
    assert status == 200
    assert [row["seconds"] for row in json.loads(body) if row["name"] == runs.names["dense"]] == [None]


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_out_of_range_is_refused(pw13, runs, port):
    code, out, err = pw13("explore", "--no-browser", "--port", port, "--runs-dir", runs.folder)
    assert (code, out) == (2, "")
    assert f"--port: expected 0 to 65535, received {port}" in err
