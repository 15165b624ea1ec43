"""The run folder: made once by whoever asks, read whatever state it is in, found by any name that is plain."""

import json
import os
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pw13 import config, files, machine, runs, stopping
from pw13.config import DenseAE
from pw13.errors import OptionError, UserError
from pw13.stopping import Stopped

NOW = "2026-11-24_22-36-05_dense-ae"


@pytest.fixture(autouse=True)
def forget():
    stopping.reset()
    yield
    stopping.reset()


def settings(**changes):
    return config.as_dict(DenseAE(**changes))


def make(folder: Path, name: str = NOW, *, status: str = "completed", metrics=None, **facts) -> Path:
    """A run folder as one looks that was written by hand."""
    path = folder / name
    path.mkdir(parents=True)
    kind = name.split("_")[2]
    machine_facts = {"host": machine.facts()["host"]}
    run = {"status": status, "started": "2026-11-24T22:36:05.000000+01:00", "machine": machine_facts, **facts}
    files.write_json(path / "config.json", {"kind": kind, **settings()})
    files.write_json(path / "run.json", run)
    if status == "completed":
        files.write_json(path / "metrics.json", metrics or {"seconds": 1.0})
    return path


def test_a_new_run_says_what_it_is(tmp_path):
    run = runs.create(tmp_path / "runs", "dense-ae", {**settings(seed=3, threads=1), "data": "builtin"})
    assert re.fullmatch(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_dense-ae", run.name)
    assert sorted(path.name for path in run.folder.iterdir()) == ["config.json", "run.json"]
    record = runs.read(run.folder)
    assert (record.kind, record.status, record.problem) == ("dense-ae", "running", None)
    assert (record.facts["seed"], record.facts["threads"], record.facts["pid"]) == (3, 1, os.getpid())
    assert record.facts["versions"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert re.search(r"[+-]\d\d:\d\d$", record.facts["started"])
    assert runs.settings_of(record) == DenseAE(seed=3, threads=1) and runs.places_of(record) == {"data": "builtin"}


def test_two_hundred_threads_in_one_second_get_as_many_folders(tmp_path):
    gate = threading.Barrier(20)

    def start(number):
        if number < 20:
            gate.wait()
        return runs.create(tmp_path, "dense-ae", {"number": number})

    with ThreadPoolExecutor(20) as pool:
        made = list(pool.map(start, range(200)))
    assert len({run.folder for run in made}) == 200
    assert all(runs.read(run.folder).config["number"] == number for number, run in enumerate(made))
    assert sorted(tmp_path.iterdir()) == sorted(run.folder for run in made)  # nothing half made is left


def test_six_processes_in_one_second_get_as_many_folders(tmp_path):
    script = (
        "import pathlib, sys; from pw13 import runs; print('ready', flush=True); sys.stdin.readline()\n"
        f"folder = pathlib.Path({str(tmp_path)!r})\n"
        "for n in range(10): runs.create(folder, 'dense-ae', {'process': sys.argv[1], 'n': n})"
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
    records = runs.listing(tmp_path)
    assert len(records) == 60 == len(list(tmp_path.iterdir()))
    assert len({(record.config["process"], record.config["n"]) for record in records}) == 60


def test_a_point_has_the_name_it_was_given_and_no_second_one(tmp_path):
    assert runs.create(tmp_path, "dense-ae", {}, name="1_x").folder == tmp_path / "1_x"
    with pytest.raises(UserError, match="1_x: exists"):
        runs.create(tmp_path, "dense-ae", {}, name="1_x")
    assert [path.name for path in tmp_path.iterdir()] == ["1_x"]


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "runs").write_text("a file", "utf-8")
    with pytest.raises(UserError, match="cannot make a run folder"):
        runs.create(tmp_path / "runs", "dense-ae", {})


def test_status_tells_the_dead_from_the_living(tmp_path):
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
        },  # the number went to another
        "running on far": {"status": "running", **alive, "machine": {"host": "far"}},
    }
    for number, (told, facts) in enumerate(cases.items()):
        assert runs.read(make(tmp_path, f"{NOW}_{number + 2}", **facts)).status == told


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("config.json", None, "config.json: cannot be read"),
        ("run.json", None, "run.json: cannot be read"),
        ("metrics.json", None, "metrics.json: missing, though the run is completed"),
        ("run.json", "{", "run.json: damaged: not JSON"),
        ("run.json", "[]", "run.json: damaged: expected an object"),
        ("run.json", "{}", "run.json: damaged: no 'machine'"),
        ("metrics.json", "\0" * 9, "metrics.json: damaged: not JSON"),
        ("config.json", "[" * 100_000, "config.json: damaged"),
    ],
)
def test_a_broken_run_is_told_as_such_and_hides_no_other(tmp_path, name, content, told):
    broken, whole = make(tmp_path), make(tmp_path, NOW + "_2")
    (broken / name).unlink()
    if content is not None:
        (broken / name).write_text(content, "utf-8")
    record = runs.read(broken)
    assert record.status == "broken" and told in record.problem and str(broken) in record.problem
    assert [r.folder for r in runs.listing(tmp_path) if not r.problem] == [whole]
    with pytest.raises(UserError, match=re.escape(told)):
        runs.opened(broken.name, tmp_path)


def test_listing_takes_run_folders_only_and_the_oldest_first(tmp_path):
    late = make(tmp_path, "2026-11-24_01-00-00_dense-ae", started="2026-11-24T01:00:00+00:00")
    early = make(tmp_path, "2026-11-24_02-00-00_charrnn", started="2026-11-24T00:30:00+00:00")  # clocks were put back
    make(tmp_path / early.name, "1_units=3_seed=0")
    (tmp_path / "README.md").write_text("runs", "utf-8")
    (tmp_path / ".new-abc").mkdir()
    (tmp_path / "notes").mkdir()
    assert [record.folder for record in runs.listing(tmp_path)] == [early, late]
    assert [record.folder for record in runs.listing(tmp_path, "dense-ae")] == [late]
    assert runs.listing(tmp_path / "nowhere") == []


def test_a_run_is_found_by_path_name_and_beginning(tmp_path, monkeypatch):
    first, second = make(tmp_path / "runs"), make(tmp_path / "runs", NOW + "_2")
    point = make(second, "03_units=8_seed=0_x")
    (tmp_path / "runs" / "2026-notes.txt").write_text("no folder", "utf-8")
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "runs"
    assert runs.find(str(first), folder) == first
    assert runs.find(f"runs/{first.name}", folder).samefile(first)
    assert runs.find(first.name, folder) == first  # whole, though another begins so
    assert runs.find(second.name, folder) == second
    assert runs.find(NOW + "_", folder) == second
    assert runs.find(f"{second.name}/03", folder) == point
    for name, told in [
        ("2026", "is not one run but 2"),
        ("2027", "neither a run folder nor the beginning of one"),
        ("", "not a run folder"),
        ("..", "not a run folder"),
        (f"{second.name}/04", "neither"),
    ]:
        with pytest.raises(UserError, match=re.escape(told)):
            runs.find(name, folder)


def test_the_latest_is_the_newest_start_among_usable_ones(tmp_path):
    def usable(name, **facts):
        path = make(tmp_path, name, **facts)
        (path / "checkpoints").mkdir()
        (path / "checkpoints" / "best.keras").write_bytes(b"x")
        return path

    assert runs.latest(tmp_path, "dense-ae", "best.keras") is None
    usable("2026-11-24_00-00-01_dense-ae", started="2026-11-24T00:00:01+00:00")
    newest = usable("2026-11-24_00-00-02_dense-ae", started="2026-11-24T00:00:02+00:00", status="interrupted")
    make(tmp_path, "2026-11-24_00-00-03_dense-ae", started="2026-11-24T00:00:03+00:00")  # without a model
    broken = usable("2026-11-24_00-00-04_dense-ae", started="2026-11-24T00:00:04+00:00")
    (broken / "run.json").write_text("{", "utf-8")
    usable("2026-11-24_00-00-05_charrnn", started="2026-11-24T00:00:05+00:00")
    sweep = make(tmp_path, "2026-11-24_00-00-06_sweep-dense-ae", started="2026-11-24T00:00:06+00:00")
    usable(f"{sweep.name}/1_code_size=2_seed=0", started="2026-11-24T00:00:07+00:00")
    assert runs.latest(tmp_path, "dense-ae", "best.keras").folder == newest


def test_settings_of_a_run_are_checked_as_flags_are(tmp_path):
    path = make(tmp_path)
    assert runs.settings_of(runs.read(path)) == DenseAE()
    for change, told in [
        ({"code_size": 0}, "--code-size"),
        ({"new": 1}, "unknown key 'new'"),
        ({"kind": "x"}, "unknown kind"),
    ]:
        files.write_json(path / "config.json", {"kind": "dense-ae", **settings(), **change})
        with pytest.raises(UserError, match=re.escape(told)):
            runs.settings_of(runs.read(path))
    files.write_json(path / "config.json", {"kind": "dense-ae"})
    with pytest.raises(UserError, match="no 'activation'"):
        runs.settings_of(runs.read(path))


def test_finish_writes_metrics_before_it_says_completed(tmp_path, monkeypatch):
    run = runs.create(tmp_path, "dense-ae", {})
    written = []
    monkeypatch.setattr(files, "write_json", lambda path, value: written.append((path.name, value.get("status"))))
    run.finish({"loss": float("nan")})
    assert written == [("metrics.json", None), ("run.json", "completed")]


@pytest.mark.parametrize(
    ("error", "status"), [(Stopped(2), "interrupted"), (ValueError("odd"), "failed"), (KeyboardInterrupt(), "failed")]
)
def test_how_work_ended_is_recorded(tmp_path, error, status):
    run = runs.create(tmp_path, "dense-ae", {})
    with pytest.raises(type(error)), runs.recorded(run):
        raise error
    record = runs.read(run.folder)
    assert record.status == status and "ended" in record.facts


def test_a_run_refused_before_its_data_leaves_nothing_and_later_it_stays(tmp_path):
    for error in (UserError("no data"), OptionError("--noise")):
        run = runs.create(tmp_path, "dense-ae", {})
        with pytest.raises(type(error)), runs.recorded(run):
            raise error
    assert list(tmp_path.iterdir()) == []
    run = runs.create(tmp_path, "dense-ae", {})
    with pytest.raises(UserError), runs.recorded(run):
        run.update(data={"sha256": "a"})
        raise UserError("the disk is full")
    assert runs.read(run.folder).facts["error"] == "the disk is full"


def test_a_reopened_run_is_this_process_s_and_clean(tmp_path):
    path = make(tmp_path, status="running", pid=1, pid_started=0.0, machine={"host": "far"})
    (path / ".history.csv.77.tmp").write_text("torn", "utf-8")
    run = runs.reopen(runs.read(path), DenseAE(epochs=7))
    record = runs.read(run.folder)
    assert record.status == "running" and record.facts["pid"] == os.getpid() and len(record.facts["resumed"]) == 1
    assert record.config["epochs"] == 7
    assert not list(path.glob(".*"))


def test_json_is_strict(tmp_path):
    run = runs.create(tmp_path, "dense-ae", {})
    run.finish({"a": float("inf"), "b": [float("nan"), 1.5]})
    text = (run.folder / "metrics.json").read_text("utf-8")
    found = json.loads(text, parse_constant=lambda name: pytest.fail(name))
    assert (found["a"], found["b"]) == (None, [None, 1.5])
