"""Run folders: creation is unique, the status is recorded, and a run can be reopened."""

import contextlib
import errno
import json
import os
import re
import shlex
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from pw13 import experiments
from pw13.config.settings import DenseAE
from pw13.data.source import Source
from pw13.errors import OptionError, ResumeError, UserError
from pw13.runs import ending, folder
from pw13.runs.comparison import numbers, seconds
from pw13.runs.ending import _on_forced_exit, cli_name, track_status
from pw13.runs.finding import find_run, list_runs
from pw13.runs.opening import create_run, reopen_run
from pw13.runs.record import data_paths_of, read_json, read_run, settings_of
from pw13.system import files, locks, machine, signals
from pw13.system.signals import Interrupted
from tests.helpers.disks import FaultyDisk, lack_sync_and_replace
from tests.helpers.runs import make, settings


@pytest.fixture(autouse=True)
def reset_signals():
    signals.reset()
    yield
    signals.reset()


def test_a_new_run_records_its_settings_process_and_versions(tmp_path):
    run = create_run(tmp_path / "runs", "dense-ae", {**settings(seed=3, threads=1), "data": "builtin"})
    assert re.fullmatch(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_dense-ae", run.name)
    assert sorted(path.name for path in run.folder.iterdir()) == [".lock", "config.json", "run.json"]
    record = read_run(run.folder)
    assert (record.kind, record.status, record.problem) == ("dense-ae", "running", None)
    assert (record.facts["seed"], record.facts["threads"], record.facts["pid"]) == (3, 1, os.getpid())
    assert record.facts["versions"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert re.search(r"[+-]\d\d:\d\d$", record.facts["started"])
    assert settings_of(record) == DenseAE(seed=3, threads=1) and data_paths_of(record) == {"data": "builtin"}


def test_concurrent_threads_get_unique_folders(tmp_path):
    gate = threading.Barrier(20)

    def start(number):
        if number < 20:
            gate.wait()
        return create_run(tmp_path, "dense-ae", {"number": number})

    with ThreadPoolExecutor(20) as pool:
        runs = list(pool.map(start, range(200)))
    assert len({run.folder for run in runs}) == 200
    assert all(read_run(run.folder).config["number"] == number for number, run in enumerate(runs))
    assert sorted(tmp_path.iterdir()) == sorted(run.folder for run in runs)  # no temporary folder is left


def test_concurrent_processes_get_unique_folders(tmp_path):
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
    records = list_runs(tmp_path)
    assert len(records) == 60 == len(list(tmp_path.iterdir()))
    assert len({(record.config["process"], record.config["n"]) for record in records}) == 60


def test_a_given_name_is_used_once(tmp_path):
    assert create_run(tmp_path, "dense-ae", {}, name="1_x").folder == tmp_path / "1_x"
    with pytest.raises(UserError, match="1_x: already exists"):
        create_run(tmp_path, "dense-ae", {}, name="1_x")
    assert [path.name for path in tmp_path.iterdir()] == ["1_x"]


def test_a_run_folder_that_cannot_be_created_is_refused(tmp_path):
    (tmp_path / "runs").write_text("a file", "utf-8")
    with pytest.raises(UserError, match="runs: is a file; expected a folder of runs"):
        create_run(tmp_path / "runs", "dense-ae", {})


def test_finish_writes_metrics_before_the_status_is_completed(tmp_path, monkeypatch):
    run = create_run(tmp_path, "dense-ae", {})
    written = []
    monkeypatch.setattr(files, "write_json", lambda path, value: written.append((path.name, value.get("status"))))
    run.finish({"loss": float("nan")})
    assert written == [("metrics.json", None), ("run.json", "completed")]


@pytest.mark.parametrize(
    ("error", "status"),
    [(Interrupted(2), "interrupted"), (ValueError("odd"), "failed"), (KeyboardInterrupt(), "failed")],
)
def test_the_status_records_how_work_ended(tmp_path, error, status):
    run = create_run(tmp_path, "dense-ae", {})
    with pytest.raises(type(error)), track_status(run):
        raise error
    record = read_run(run.folder)
    assert record.status == status and "ended" in record.facts


class ResourceExhaustedError(Exception):
    """As TensorFlow names its own."""


@pytest.mark.parametrize("kind", [MemoryError, ResourceExhaustedError])
def test_memory_that_runs_out_leaves_a_failed_run_and_names_the_way_on(tmp_path, kind):
    run = create_run(tmp_path, "charrnn", {})
    with pytest.raises(UserError) as error, track_status(run):
        raise kind("Unable to allocate 9 TiB")
    assert str(error.value) == f"out of memory; free some, then resume with: pw13 resume {run.folder}"
    record = read_run(run.folder)
    assert (record.status, record.facts["error"]) == ("failed", "Unable to allocate 9 TiB")


def test_a_run_rejected_before_its_data_are_recorded_is_deleted_and_later_kept(tmp_path):
    for error in (UserError("no data"), OptionError("--noise")):
        run = create_run(tmp_path, "dense-ae", {})
        with pytest.raises(type(error)), track_status(run):
            raise error
    assert list(tmp_path.iterdir()) == []
    run = create_run(tmp_path, "dense-ae", {})
    with pytest.raises(UserError), track_status(run):
        run.record_data(Source("folder", "/images", "images", "a" * 64))
        raise UserError("the disk is full")
    assert read_run(run.folder).facts["error"] == "the disk is full"


def test_a_reopened_run_belongs_to_this_process_without_temporary_files(tmp_path):
    path = make(tmp_path, status="running", pid=1, pid_started=0.0, machine={"host": "far"})
    (path / ".history.csv.77.tmp").write_text("torn", "utf-8")
    run = reopen_run(read_run(path), DenseAE(epochs=7))
    record = read_run(run.folder)
    assert record.status == "running" and record.facts["pid"] == os.getpid() and len(record.facts["resumed"]) == 1
    assert record.config["epochs"] == 7
    assert [left.name for left in path.glob(".*")] == [".lock"]


def test_a_run_whose_file_was_moved_aside_by_a_killed_write_is_read_and_resumed(tmp_path):
    path = make(tmp_path, status="interrupted")
    for name in ("run.json", "config.json"):
        (path / name).rename(path / f".{name}.old")
    assert [record.status for record in list_runs(tmp_path)] == ["interrupted"]
    reopen_run(read_run(path), DenseAE(epochs=7))
    assert read_run(path).status == "running" and [left.name for left in path.glob(".*")] == [".lock"]


def test_metrics_json_is_strict(tmp_path):
    run = create_run(tmp_path, "dense-ae", {})
    run.finish({"a": float("inf"), "b": [float("nan"), 1.5]})
    text = (run.folder / "metrics.json").read_text("utf-8")
    metrics = json.loads(text, parse_constant=lambda name: pytest.fail(name))
    assert (metrics["a"], metrics["b"]) == (None, [None, 1.5])


def test_after_a_forced_exit_later_writes_do_not_change_the_status(tmp_path, monkeypatch):
    lock = threading.RLock()
    monkeypatch.setattr(folder, "run_json_lock", lock)
    monkeypatch.setattr(ending, "run_json_lock", lock)
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


def test_a_reopened_run_drops_the_facts_of_its_end(tmp_path):
    run = create_run(tmp_path, "dense-ae", settings())
    run.update(data={"sha256": "a"})
    run.close("failed", error="no space")
    before = read_run(run.folder)
    facts = read_run(reopen_run(before, DenseAE()).folder).facts
    assert facts["status"] == "running" and len(facts["resumed"]) == 1
    assert not {"error", "ended", "signal"} & facts.keys()


def test_a_rejected_resume_restores_the_run(tmp_path):
    run = create_run(tmp_path, "dense-ae", settings())
    run.update(data={"sha256": "a"})
    run.finish({"loss": 1.0})
    before = read_run(run.folder)
    with pytest.raises(UserError), track_status(reopen_run(before, DenseAE(epochs=999))):
        raise UserError("the data are gone")
    assert read_run(run.folder) == before
    with pytest.raises(UserError), track_status(reopen_run(before, DenseAE(epochs=999))) as again:
        again.data_recorded = True
        raise UserError("the loss is not finite")
    after = read_run(run.folder)
    assert (after.status, after.config["epochs"]) == ("failed", 999)
    with pytest.raises(ResumeError), track_status(reopen_run(after, DenseAE(epochs=1000))) as again:
        again.data_recorded = True
        raise ResumeError("a checkpoint of another version")
    assert read_run(run.folder) == after


def test_the_seconds_of_a_run_are_its_own_not_those_of_the_process(tmp_path):
    started = time.monotonic()
    metrics = create_run(tmp_path, "dense-ae", {}).finish({})
    assert 0 <= metrics["seconds"] <= time.monotonic() - started + 0.001


def test_a_reopened_run_keeps_the_duration_of_all_processes_before(tmp_path):
    started = "2026-11-24T22:36:05+01:00"
    path = make(tmp_path, status="interrupted", started=started, ended="2026-11-24T22:36:35+01:00")
    assert reopen_run(read_run(path), DenseAE()).read_own()["earlier_seconds"] == 30
    facts = {**read_run(path).facts, "resumed": ["2026-11-25T10:00:00+01:00"], "status": "interrupted"}
    locks.release(path)
    files.write_json(path / "run.json", {**facts, "ended": "2026-11-25T10:00:12+01:00"})
    reopen_run(read_run(path), DenseAE())
    locks.release(path)
    dead = {"resumed": ["2026-11-26T10:00:00+01:00"], "pid": 1, "pid_started": 0.0}
    files.write_json(path / "run.json", {**read_run(path).facts, **dead})
    assert read_run(path).status == "died" and seconds(read_run(path)) is None
    assert reopen_run(read_run(path), DenseAE()).read_own()["earlier_seconds"] == 42


def test_the_seconds_of_a_command_count_from_the_start_of_its_process(pw13, tmp_path, monkeypatch):
    run = create_run(tmp_path, "dense-ae", {**settings(), "data": "builtin"})
    run.close("interrupted")
    locks.release(run.folder)
    monkeypatch.setattr(machine, "process_start", lambda: time.monotonic() - 500)
    monkeypatch.setattr(experiments, "run_experiment", lambda kind, settings, *, run, **rest: run.finish({}))
    code, out, _ = pw13("resume", run.name, "--runs-dir", tmp_path, "--json")
    assert code == 0 and 500 <= json.loads(out)["seconds"] < 600


def test_until_a_reopened_run_completes_its_old_metrics_are_not_shown(tmp_path):
    run = create_run(tmp_path, "charrnn", settings())
    with track_status(run):
        run.finish({"val_nats": 1.0, "mixture": {"weight": 0.5}})
    again = reopen_run(read_run(run.folder), DenseAE(epochs=999))
    again.save_text("history.csv", "epoch,loss,val_loss\n1,3,2\n")
    with pytest.raises(Interrupted), track_status(again):
        raise Interrupted(2)
    record = read_run(run.folder)
    assert (record.status, record.metrics) == ("interrupted", None)
    assert numbers(record) == {"epochs": 1, "best_val_loss": 2.0}
    reopen_run(record, DenseAE(epochs=999)).finish({"val_nats": 0.5})
    assert numbers(read_run(run.folder))["val_nats"] == 0.5


def test_resume_finds_the_run_by_its_name_in_the_hint():
    for runs_dir in (Path("runs"), Path("else where")):
        run = create_run(runs_dir, "dense-ae", settings())
        (name,) = shlex.split(cli_name(run.folder))
        assert find_run(name, Path("runs")).samefile(run.folder)
        assert (name == run.name) is (runs_dir == Path("runs"))


def test_a_model_that_cannot_be_saved_names_its_file(tmp_path, monkeypatch):
    saving = SimpleNamespace(saving_lib=SimpleNamespace(save_model=lambda model, file: file.write(model)))
    for name in ("keras", "keras.src", "keras.src.saving"):  # not Keras itself, which takes seconds to import
        monkeypatch.setitem(sys.modules, name, saving)
    run = create_run(tmp_path, "dense-ae", {})
    run.save_model("best", b"weights")
    assert (run.checkpoints / "best.keras").read_bytes() == b"weights"
    monkeypatch.setattr(files, "file_ops", FaultyDisk("write", 1, OSError(28, "No space left on device")))
    with pytest.raises(OSError, match=r"best\.keras"):
        run.save_model("best", b"other")
    assert (run.checkpoints / "best.keras").read_bytes() == b"weights"


GPU = {"kind": "gpu", "name": "NVIDIA Test"}


def test_a_run_is_resumed_on_its_own_device_unless_forced(pw13, monkeypatch, data, tmp_path):
    run = make(tmp_path / "runs", status="interrupted", versions=machine.versions(), device=GPU)
    files.write_json(run / "config.json", {**read_json(run / "config.json"), "device": "gpu", "data": str(data)})
    before = {path.name: path.read_bytes() for path in run.glob("*.json")}
    monkeypatch.setattr("pw13.experiments.dense_ae.run_experiment", lambda settings, *, run, data: {"test_mse": 1.0})
    monkeypatch.setattr("pw13.cli.tables.show", lambda *_: None)

    code, _, err = pw13("resume", run, "--device", "cpu")
    assert code == 1 and "trained on gpu (NVIDIA Test) so far, received cpu" in err and "--force" in err
    assert {path.name: path.read_bytes() for path in run.glob("*.json")} == before
    assert pw13("resume", run)[0] == 2  # there is no GPU here
    assert {path.name: path.read_bytes() for path in run.glob("*.json")} == before
    assert pw13("resume", run, "--device", "cpu", "--force")[0] == 0
    facts, settings = read_json(run / "run.json"), read_json(run / "config.json")
    assert facts["device"] == {"kind": "cpu"} and settings["device"] == "cpu"


def test_a_run_is_locked_until_its_work_ends(tmp_path):
    run = create_run(tmp_path, "dense-ae", settings())
    assert read_run(run.folder).status == "running"
    with pytest.raises(ValueError), track_status(run):
        raise ValueError
    assert not (run.folder / ".lock").exists()


def test_a_run_is_created_and_locked_where_no_folder_with_an_open_file_can_be_renamed(tmp_path, monkeypatch):
    class Windows(files.FileOps):
        def rename(self, source, target):
            if locks._identity(source) in locks._held:
                raise PermissionError(errno.EACCES, "Access is denied")
            super().rename(source, target)

    monkeypatch.setattr(files, "WINDOWS", True)
    monkeypatch.setattr(files, "file_ops", Windows())
    runs = [create_run(tmp_path, "dense-ae", {}, name=name) for name in ("1_a", None)]
    assert sorted(tmp_path.iterdir()) == sorted(run.folder for run in runs)
    for run in runs:
        assert locks.is_locked(run.folder) and read_run(run.folder).status == "running"
        with track_status(run):
            run.finish({})
        assert not locks.is_locked(run.folder)


def test_of_two_resumes_the_second_is_refused(tmp_path):
    path = make(tmp_path, status="interrupted")
    record = read_run(path)
    with other_process_locks(path):
        assert read_run(path).status == "interrupted"
        with pytest.raises(UserError, match="is running in another process"):
            reopen_run(record, DenseAE())
    reopen_run(record, DenseAE()).close("interrupted")  # by a process that was faster
    locks.release(path)
    with pytest.raises(UserError, match="is running or was changed"):
        reopen_run(record, DenseAE())
    assert locks.is_locked(path) in (False, None)


def test_the_lock_of_a_killed_process_is_free(tmp_path):
    path = make(tmp_path, status="running", pid=os.getpid())
    with other_process_locks(path):
        assert read_run(path).status == "running"
    assert (path / ".lock").exists() and read_run(path).status == "died"


@contextlib.contextmanager
def other_process_locks(path: Path):
    """Let another process hold the lock of a run; kill it."""
    code = (
        "import pathlib, sys; from pw13.system import locks\n"
        "print(locks.acquire(pathlib.Path(sys.argv[1])), flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"True\n"
        yield
        process.kill()


def test_a_run_that_another_process_has_resumed_is_not_written_any_more(tmp_path):
    run = create_run(tmp_path, "dense-ae", {})
    facts = read_run(run.folder).facts
    files.write_json(run.folder / "run.json", {**facts, "pid": 1})
    for write in (lambda: run.update(late=True), lambda: run.finish({"loss": 1.0})):
        with pytest.raises(UserError, match="resumed by another process"):
            write()
    assert read_run(run.folder).facts == {**facts, "pid": 1} and read_run(run.folder).metrics is None


def rejected(run):
    raise UserError("rejected")


@pytest.mark.parametrize("late", [lambda run: run.update(one_dnn=True), rejected], ids=["update", "rejected"])
@pytest.mark.parametrize("resumed", [False, True])
def test_a_run_that_another_process_resumes_before_its_data_are_recorded_is_left_to_it(tmp_path, resumed, late):
    run = create_run(tmp_path, "dense-ae", settings())
    if resumed:
        run.close("interrupted")
        locks.release(run.folder)
        run = reopen_run(read_run(run.folder), DenseAE(epochs=7))
    others = {**read_run(run.folder).facts, "pid": 1}
    with pytest.raises(UserError, match="resumed by another process"), track_status(run):
        files.write_json(run.folder / "run.json", others)
        late(run)
    assert read_run(run.folder).facts == others


@pytest.mark.skipif(os.name == "nt", reason="no permissions of POSIX")
@pytest.mark.parametrize("mask", [0o077, 0o002, 0o022])
def test_the_permissions_of_a_run_are_those_of_any_new_folder(tmp_path, mask):
    before = os.umask(mask)
    try:
        run = create_run(tmp_path / "runs", "dense-ae", {})
    finally:
        os.umask(before)
    assert stat.S_IMODE(run.folder.stat().st_mode) == 0o777 & ~mask
    assert stat.S_IMODE((run.folder / "run.json").stat().st_mode) == 0o666 & ~mask


@pytest.mark.parametrize("operation", ["mkdir", "write", "fsync", "rename"])
def test_a_run_that_cannot_be_created_leaves_nothing(tmp_path, monkeypatch, operation):
    monkeypatch.setattr(files, "file_ops", FaultyDisk(operation, 1, OSError(28, "No space left on device")))
    with pytest.raises(UserError, match="cannot create run folder: No space left"):
        create_run(tmp_path, "dense-ae", {})
    assert list(tmp_path.iterdir()) == []


def test_what_a_kill_left_of_a_new_run_is_removed_by_the_next(tmp_path):
    old, new, locked = (tmp_path / f".new-{name}" for name in ("old", "new", "locked"))
    for path in (old, new, locked):
        path.mkdir()
        (path / ".lock").touch()
    locks.acquire(locked)
    for path in (old, locked):
        os.utime(path, (time.time() - 100,) * 2)
    run = create_run(tmp_path, "dense-ae", {})
    assert sorted(tmp_path.iterdir()) == sorted([new, locked, run.folder])
    locks.release(locked)


def test_a_file_system_that_renames_no_folders_gets_the_files_one_by_one(tmp_path, monkeypatch):
    class NoFolderRenames(files.FileOps):
        def rename(self, source, target):
            if source.is_dir():
                raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
            super().rename(source, target)

    monkeypatch.setattr(files, "file_ops", NoFolderRenames())
    runs = [create_run(tmp_path, "dense-ae", {}, name=name) for name in ("1_a", "2_b")]
    assert sorted(tmp_path.iterdir()) == [run.folder for run in runs]
    assert read_run(runs[0].folder).status == "running"


def test_a_run_that_can_only_be_renamed_in_part_is_refused_and_leaves_nothing(tmp_path, monkeypatch):
    lack_sync_and_replace(monkeypatch)
    monkeypatch.setattr(files, "file_ops", FaultyDisk("rename", 5, OSError(errno.EIO, "broken")))
    with pytest.raises(UserError, match="cannot create run folder"):
        create_run(tmp_path, "dense-ae", {})
    assert list(tmp_path.iterdir()) == []
