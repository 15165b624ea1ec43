"""The run folder: made once by whoever asks, closed as the work ended, opened again."""

import json
import os
import re
import shlex
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pw13.config.settings import DenseAE
from pw13.errors import OptionError, UserError
from pw13.runs import folder
from pw13.runs.folder import _on_forced_exit, cli_name, create_run, reopen_run, track_status
from pw13.runs.record import data_paths_of, find_run, list_runs, read_run, settings_of
from pw13.system import files, signals
from pw13.system.signals import Interrupted
from tests.helpers.runs import make, settings


@pytest.fixture(autouse=True)
def forget():
    signals.reset()
    yield
    signals.reset()


def test_a_new_run_says_what_it_is(tmp_path):
    run = create_run(tmp_path / "runs", "dense-ae", {**settings(seed=3, threads=1), "data": "builtin"})
    assert re.fullmatch(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_dense-ae", run.name)
    assert sorted(path.name for path in run.folder.iterdir()) == ["config.json", "run.json"]
    record = read_run(run.folder)
    assert (record.kind, record.status, record.problem) == ("dense-ae", "running", None)
    assert (record.facts["seed"], record.facts["threads"], record.facts["pid"]) == (3, 1, os.getpid())
    assert record.facts["versions"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert re.search(r"[+-]\d\d:\d\d$", record.facts["started"])
    assert settings_of(record) == DenseAE(seed=3, threads=1) and data_paths_of(record) == {"data": "builtin"}


def test_two_hundred_threads_in_one_second_get_as_many_folders(tmp_path):
    gate = threading.Barrier(20)

    def start(number):
        if number < 20:
            gate.wait()
        return create_run(tmp_path, "dense-ae", {"number": number})

    with ThreadPoolExecutor(20) as pool:
        made = list(pool.map(start, range(200)))
    assert len({run.folder for run in made}) == 200
    assert all(read_run(run.folder).config["number"] == number for number, run in enumerate(made))
    assert sorted(tmp_path.iterdir()) == sorted(run.folder for run in made)  # nothing half made is left


def test_six_processes_in_one_second_get_as_many_folders(tmp_path):
    script = (
        "import pathlib, sys; from pw13.runs import create_run; print('ready', flush=True); sys.stdin.readline()\n"
        f"folder = pathlib.Path({str(tmp_path)!r})\n"
        "for n in range(10): create_run(folder, 'dense-ae', {'process': sys.argv[1], 'n': n})"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(n)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for n in range(6)
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=120)
        assert process.returncode == 0
    found = list_runs(tmp_path)
    assert len(found) == 60 == len(list(tmp_path.iterdir()))
    assert len({(record.config["process"], record.config["n"]) for record in found}) == 60


def test_a_point_has_the_name_it_was_given_and_no_second_one(tmp_path):
    assert create_run(tmp_path, "dense-ae", {}, name="1_x").folder == tmp_path / "1_x"
    with pytest.raises(UserError, match="1_x: exists"):
        create_run(tmp_path, "dense-ae", {}, name="1_x")
    assert [path.name for path in tmp_path.iterdir()] == ["1_x"]


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "runs").write_text("a file", "utf-8")
    with pytest.raises(UserError, match="cannot make a run folder"):
        create_run(tmp_path / "runs", "dense-ae", {})


def test_finish_writes_metrics_before_it_says_completed(tmp_path, monkeypatch):
    run = create_run(tmp_path, "dense-ae", {})
    written = []
    monkeypatch.setattr(files, "write_json", lambda path, value: written.append((path.name, value.get("status"))))
    run.finish({"loss": float("nan")})
    assert written == [("metrics.json", None), ("run.json", "completed")]


@pytest.mark.parametrize(
    ("error", "status"),
    [(Interrupted(2), "interrupted"), (ValueError("odd"), "failed"), (KeyboardInterrupt(), "failed")],
)
def test_how_work_ended_is_recorded(tmp_path, error, status):
    run = create_run(tmp_path, "dense-ae", {})
    with pytest.raises(type(error)), track_status(run):
        raise error
    record = read_run(run.folder)
    assert record.status == status and "ended" in record.facts


def test_a_run_refused_before_its_data_leaves_nothing_and_later_it_stays(tmp_path):
    for error in (UserError("no data"), OptionError("--noise")):
        run = create_run(tmp_path, "dense-ae", {})
        with pytest.raises(type(error)), track_status(run):
            raise error
    assert list(tmp_path.iterdir()) == []
    run = create_run(tmp_path, "dense-ae", {})
    with pytest.raises(UserError), track_status(run):
        run.update(data={"sha256": "a"})
        raise UserError("the disk is full")
    assert read_run(run.folder).facts["error"] == "the disk is full"


def test_a_reopened_run_is_this_process_s_and_clean(tmp_path):
    path = make(tmp_path, status="running", pid=1, pid_started=0.0, machine={"host": "far"})
    (path / ".history.csv.77.tmp").write_text("torn", "utf-8")
    run = reopen_run(read_run(path), DenseAE(epochs=7))
    record = read_run(run.folder)
    assert record.status == "running" and record.facts["pid"] == os.getpid() and len(record.facts["resumed"]) == 1
    assert record.config["epochs"] == 7
    assert not list(path.glob(".*"))


def test_json_is_strict(tmp_path):
    run = create_run(tmp_path, "dense-ae", {})
    run.finish({"a": float("inf"), "b": [float("nan"), 1.5]})
    text = (run.folder / "metrics.json").read_text("utf-8")
    found = json.loads(text, parse_constant=lambda name: pytest.fail(name))
    assert (found["a"], found["b"]) == (None, [None, 1.5])


def test_a_run_that_is_left_stays_interrupted_whatever_the_work_still_writes(tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "_run_json_lock", threading.RLock())
    run = create_run(tmp_path / "runs", "dense-ae", {"epochs": 1})
    left, ended = threading.Event(), threading.Event()
    leaving = threading.Thread(target=lambda: (_on_forced_exit(run), left.set(), ended.wait()))
    leaving.start()
    left.wait(5)
    working = threading.Thread(target=run.update, kwargs={"late": True}, daemon=True)
    working.start()
    working.join(0.3)
    facts = json.loads((run.folder / "run.json").read_text("utf-8"))
    ended.set()
    assert facts["status"] == "interrupted" and "late" not in facts


def test_a_run_that_goes_on_is_rid_of_how_it_ended(tmp_path):
    run = create_run(tmp_path, "dense-ae", settings())
    run.update(data={"sha256": "a"})
    run.close("failed", error="no space")
    before = read_run(run.folder)
    facts = read_run(reopen_run(before, DenseAE()).folder).facts
    assert facts["status"] == "running" and len(facts["resumed"]) == 1
    assert not {"error", "ended", "signal"} & facts.keys()


def test_a_refused_resume_leaves_the_run_as_it_was(tmp_path):
    run = create_run(tmp_path, "dense-ae", settings())
    run.update(data={"sha256": "a"})
    run.finish({"loss": 1.0})
    before = read_run(run.folder)
    with pytest.raises(UserError), track_status(reopen_run(before, DenseAE(epochs=999))):
        raise UserError("the data are gone")
    assert read_run(run.folder) == before
    with pytest.raises(UserError), track_status(reopen_run(before, DenseAE(epochs=999))) as again:
        again.data_digests.append("a")
        raise UserError("the loss is not finite")
    after = read_run(run.folder)
    assert (after.status, after.config["epochs"]) == ("failed", 999)


def test_the_hint_names_the_run_so_that_resume_finds_it():
    for place in (Path("runs"), Path("else where")):
        run = create_run(place, "dense-ae", settings())
        (named,) = shlex.split(cli_name(run.folder))
        assert find_run(named, Path("runs")).samefile(run.folder)
        assert (named == run.name) is (place == Path("runs"))


def test_a_model_that_cannot_be_saved_names_its_file(tmp_path):
    class Model:
        def save(self, path):
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match=r"model\.keras"):
        create_run(tmp_path, "dense-ae", {}).save_model("best", Model())
