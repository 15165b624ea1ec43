"""Run folders are read in any state, and refused in one line."""

import json
import os
import re
import sys

import psutil
import pytest

from pw13.config.settings import DenseAE
from pw13.errors import UserError
from pw13.runs.finding import list_runs, load_run
from pw13.runs.record import data_paths_of, read_bytes, read_run, read_text, settings_of
from pw13.system import files, machine
from tests.helpers.runs import NOW, load_json, make, settings


def test_the_status_of_a_running_run_depends_on_its_process(tmp_path):
    alive = {"pid": os.getpid(), "pid_started": machine.process()["pid_started"]}
    cases = {
        "completed": {"status": "completed"},
        "interrupted": {"status": "interrupted"},
        "failed": {"status": "failed"},
        "running": {"status": "running", **alive},
        "died": {
            "status": "running",
            **alive,
            "pid_started": alive["pid_started"] - 1000,
        },  # another process has this pid
        "running on far": {"status": "running", **alive, "machine": {"host": "far"}},
    }
    for number, (status, facts) in enumerate(cases.items()):
        assert read_run(make(tmp_path, f"{NOW}_{number + 2}", **facts)).status == status


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("config.json", None, "config.json: cannot read"),
        ("run.json", None, "run.json: cannot read"),
        ("metrics.json", None, "metrics.json: missing from a completed run"),
        ("run.json", "{", "run.json: corrupt: not JSON"),
        ("run.json", "[]", "run.json: corrupt: expected an object"),
        ("run.json", "{}", "run.json: corrupt: no 'machine'"),
        ("run.json", {"machine": 1}, "run.json: corrupt: machine: expected an object, received 1"),
        ("run.json", {"started": 2}, "run.json: corrupt: started: expected a string, received 2"),
        ("run.json", {"data": ["x"]}, "run.json: corrupt: data: expected an object"),
        ("run.json", {"versions": "new"}, "run.json: corrupt: versions: expected an object, received 'new'"),
        ("run.json", {"resumed": 5}, "run.json: corrupt: resumed: expected a list, received 5"),
        ("metrics.json", "\0" * 9, "metrics.json: corrupt: not JSON"),
        ("config.json", "[" * 100_000, "config.json: corrupt"),
    ],
)
def test_a_broken_run_is_reported_and_hides_no_other(tmp_path, name, content, message):
    broken, whole = make(tmp_path), make(tmp_path, NOW + "_2")
    if isinstance(content, dict):
        content = json.dumps({**load_json(broken / name), **content})
    (broken / name).unlink()
    if content is not None:
        (broken / name).write_text(content, "utf-8")
    record = read_run(broken)
    assert record.status == "broken" and message in record.problem and str(broken) in record.problem
    assert [r.folder for r in list_runs(tmp_path) if not r.problem] == [whole]
    with pytest.raises(UserError, match=re.escape(message)):
        load_run(broken.name, tmp_path)


def test_settings_of_a_run_are_checked_as_flags_are(tmp_path):
    path = make(tmp_path)
    assert settings_of(read_run(path)) == DenseAE()
    for change, message in [
        ({"code_size": 0}, "--code-size"),
        ({"new": 1}, "unknown key 'new'"),
        ({"kind": "x"}, "unknown kind"),
    ]:
        files.write_json(path / "config.json", {"kind": "dense-ae", **settings(), **change})
        with pytest.raises(UserError, match=re.escape(message)):
            settings_of(read_run(path))
    files.write_json(path / "config.json", {"kind": "dense-ae"})
    with pytest.raises(UserError, match="no 'activation'"):
        settings_of(read_run(path))


@pytest.mark.parametrize("pid", [-1, "7", None, 2**80, 1.5])
def test_an_invalid_pid_counts_as_died(tmp_path, pid):
    assert read_run(make(tmp_path, status="running", pid=pid, pid_started=1.0)).status == "died"


def test_a_run_without_its_data_path_is_refused(tmp_path):
    record = read_run(make(tmp_path))
    with pytest.raises(UserError, match=r"config\.json: corrupt: no 'data'"):
        data_paths_of(record)


@pytest.mark.parametrize("value", [5, None, ["x"], "\0", "\ud800"])
def test_a_data_path_that_is_no_path_is_refused(tmp_path, value):
    path = make(tmp_path)
    files.write_json(path / "config.json", {"kind": "dense-ae", **settings(), "data": value})
    with pytest.raises(UserError, match=r"config\.json: data: expected a path"):
        data_paths_of(read_run(path))


@pytest.mark.skipif(os.name == "nt", reason="no zombies")
def test_a_zombie_has_died_and_a_changed_clock_kills_nobody(tmp_path):
    child = os.posix_spawn(sys.executable, [sys.executable, "-c", ""], os.environ)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    facts = {"pid": child, "pid_started": psutil.Process(child).create_time()}
    assert read_run(make(tmp_path, status="running", **facts)).status == "died"
    os.waitpid(child, 0)
    clock_set_back = {**machine.process(), "pid_started": machine.process()["pid_started"] + 3600}
    assert read_run(make(tmp_path, f"{NOW}_2", status="running", **clock_set_back)).status == "running"


def test_files_of_a_run_are_read_from_inside_its_folder_only(tmp_path):
    run = make(tmp_path)
    (tmp_path / "key").write_bytes(b"secret")
    (run / "figures").mkdir()
    (run / "figures" / "a.png").symlink_to("../config.json")
    (run / "figures" / "b.png").symlink_to(tmp_path / "key")
    (run / "summary.txt").symlink_to(tmp_path / "key")
    assert read_bytes(run / "figures" / "a.png", below=2) == (run / "config.json").read_bytes()
    for path, below in ((run / "figures" / "b.png", 2), (run / "summary.txt", 1)):
        with pytest.raises(UserError, match="symbolic link points outside the run folder"):
            read_bytes(path, below=below)
    (run / "samples.txt").write_bytes(b"\xff")
    with pytest.raises(UserError, match=r"samples\.txt: corrupt: not UTF-8"):
        read_text(run / "samples.txt")
