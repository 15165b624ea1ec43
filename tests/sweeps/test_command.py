"""`pw13 sweep` and `pw13 resume SWEEP`: options are checked before the first run, damage is refused."""

import json
import os
import signal
import tempfile
from pathlib import Path
from unittest.mock import Mock

import pytest

from pw13 import config, experiments
from pw13.cli.options import resolve_settings
from pw13.config import fields
from pw13.config.presets import read_config
from pw13.config.settings import CharRNN, DenseAE
from pw13.errors import OptionError, UserError
from pw13.runs.opening import create_run
from pw13.runs.record import read_run
from pw13.sweeps import executors
from pw13.sweeps.folder import build_sweep, create_sweep
from pw13.sweeps.jobs import parallel_jobs
from pw13.system import locks, machine, signals
from tests.helpers.sweeps import FakeExecutor, make_sweep, run_with


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--grid or --seeds: expected at least one, received none; one run is: pw13 train-dense-ae"),
        (["--grid", "units=3"], "no setting 'units'"),
        (["--grid", "units=3"], "settings: code_size, activation"),
        (["--grid", "code_sise=3"], "did you mean 'code_size'?"),
        (["--grid", "code_size=3,4", "--code-size", "8"], "--code-size: also in --grid"),
        (["--grid", "code_size=0"], "--code-size"),
        (["--seeds", "0"], "--seeds"),
        (["--jobs", "0", "--seeds", "2"], "--jobs"),
        (["--seeds", "2", "--jobs", "2", "--dask", "tcp://127.0.0.1:1"], "--jobs"),
        (["--dask", "tcp://127.0.0.1:1", "--grid", "threads=1,2"], "threads"),
        *(
            (
                ["--seeds", "2", "--dask", address],
                f"--dask: expected an address such as tcp://HOST:8786, received {address!r}",
            )
            for address in (
                "nowhere:at:all",
                "http://127.0.0.1:8786",
                "127.0.0.1",
                "",
                "tcp://host",
                "tcp://:1",
                "tcp:1",
            )
        ),
        (["--seeds", "2", "--dask", "tcp://127.0.0.1:1", "--dry-run"], "--dry-run cannot be combined with --dask"),
        (["--seeds", "2", "--resume", "--dry-run"], "--dry-run cannot be combined with --resume"),
    ],
)
def test_an_invalid_option_is_refused_before_the_first_run(pw13, arguments, message, data):
    code, out, err = pw13("sweep", "dense-ae", "--data", data, *arguments)
    assert code == 2 and message in err and not out and "Traceback" not in err
    assert not Path("runs").exists()


def test_by_default_small_models_get_one_core_and_convolutions_their_threads(data, monkeypatch):
    monkeypatch.setattr(machine, "cores", lambda: 4)
    dense = make_sweep(data, seeds=9)
    conv = build_sweep("conv-dae", config.ConvDAE(threads=2), {}, 9, {"data": str(data)})
    assert [parallel_jobs(sweep, None) for sweep in (dense, conv)] == [4, 2]
    assert parallel_jobs(dense, 3) == 3 and parallel_jobs(make_sweep(data, seeds=1), None) == 2
    monkeypatch.setattr(machine, "cores", lambda: 1)
    assert parallel_jobs(conv, None) == 1


def test_missing_data_are_refused_before_the_first_run(pw13):
    code, _, err = pw13("sweep", "dense-ae", "--grid", "code_size=2,3", "--data", "nowhere")
    assert code == 1 and "nowhere" in err
    assert not Path("runs").exists()


def test_a_dry_run_runs_one_epoch_estimates_the_time_and_leaves_nothing(pw13, data, monkeypatch):
    executor = FakeExecutor()
    monkeypatch.setattr(executors, "LocalExecutor", lambda jobs: executor)
    grid = ["--grid", "code_size=2,4", "--seeds", 2, "--epochs", 3, "--jobs", 2, "--dry-run", "--data", data]
    code, out, _ = pw13("sweep", "dense-ae", *grid)
    assert (code, out) == (0, "4 runs, 2 in parallel: about 28 s\n")  # each 8 s, and 3 epochs of 2 s
    assert executor.started == ["1_code_size=2_seed=0", "1_code_size=2_seed=0_again"] and executor.closed
    assert not Path("runs").exists()
    code, out, _ = pw13("sweep", "dense-ae", *grid, "--json")
    assert json.loads(out) == {"runs": 4, "jobs": 2, "seconds": 28.0, "first": "1_code_size=2_seed=0"}
    one = ["--grid", "code_size=2", "--epochs", 3, "--jobs", 1, "--dry-run", "--data", data]
    assert pw13("sweep", "dense-ae", *one)[1].startswith("1 run, 1 in parallel: about ")


@pytest.mark.parametrize(
    ("grid", "seconds"),
    [
        ("code_size=48,96", (8 + 3 * 2 + 8 + 3 * 4) / 2),
        ("limit=60,30", (8 + 3 * 2 + 8 + 3 * 1) / 2),
        ("limit=60,200", (8 + 3 * 2 + 8 + 3 * 4) / 2),  # there are 120 images
    ],
)
def test_a_dry_run_reckons_with_the_setting_that_is_swept(pw13, data, monkeypatch, grid, seconds):
    monkeypatch.setattr(executors, "LocalExecutor", lambda jobs: FakeExecutor())  # 8 s, and 2 s per epoch
    options = ["--grid", grid, "--epochs", 3, "--jobs", 2, "--dry-run", "--data", data, "--json"]
    code, out, _ = pw13("sweep", "dense-ae", *options)
    assert code == 0 and json.loads(out)["seconds"] == pytest.approx(seconds)


def test_a_dry_run_keeps_no_file_open_in_the_folder_that_it_removes(pw13, data, monkeypatch):
    class Observed(FakeExecutor):
        def start(self, job):
            super().start(job)
            locked.append(locks.is_locked(job.folder.parent))

    locked = []
    monkeypatch.setattr(executors, "LocalExecutor", lambda jobs: Observed())
    assert pw13("sweep", "dense-ae", "--seeds", 2, "--dry-run", "--data", data)[0] == 0
    assert locked == [None, None]  # no lock file


def test_a_forced_exit_of_a_dry_run_leaves_nothing_and_says_so(pw13, tmp_path, data, monkeypatch):
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setattr(os, "_exit", Mock(side_effect=SystemExit))
    monkeypatch.setattr(signals, "_exit_hooks", [])
    left = []

    def stop(sweep, run):
        assert run.folder.is_relative_to(tmp_path / "tmp")
        with pytest.raises(SystemExit):
            signals._force_exit(signal.SIGINT)
        left.extend((tmp_path / "tmp").iterdir())
        raise UserError("stopped")

    monkeypatch.setattr("pw13.sweeps.scheduler.record_data", stop)
    _, _, err = pw13("sweep", "dense-ae", "--seeds", 2, "--dry-run", "--data", data)
    assert left == [] and err.splitlines()[1:] == ["note: interrupted; nothing was saved", "pw13: stopped"]


def test_what_only_the_first_point_of_a_worker_takes_is_counted_once(pw13, data, monkeypatch):
    class Starting(FakeExecutor):
        def start(self, job):
            super().start(job)
            self.times = {"seconds": 10.0 if len(self.started) > 1 else 50.0, "epoch_seconds": 2.0}

    monkeypatch.setattr(executors, "LocalExecutor", lambda jobs: Starting())
    grid = ["--grid", "code_size=2,4", "--seeds", 2, "--epochs", 3, "--jobs", 2, "--dry-run", "--data", data]
    assert pw13("sweep", "dense-ae", *grid)[1] == "4 runs, 2 in parallel: about 68 s\n"  # 40 s to start


def test_resuming_a_completed_sweep_shows_its_results(pw13, tmp_path, data):
    sweep = make_sweep(data)
    run = create_sweep(sweep, tmp_path)
    run_with(sweep, run, FakeExecutor())
    code, out, err = pw13("resume", run.name, "--runs-dir", tmp_path)
    assert code == 0 and "is complete" in err and "val_mse" in out
    grid = ["--grid", "code_size=2,4", "--seeds", 2, "--epochs", 2, "--data", data]
    code, out, err = pw13("sweep", "dense-ae", *grid, "--resume", "--runs-dir", tmp_path, "--json")
    assert code == 0 and json.loads(out)["completed"] == 4
    code, _, err = pw13("resume", run.name, "--epochs", 9, "--runs-dir", tmp_path)
    assert code == 2 and "--epochs" in err


def test_a_sweep_whose_scheduler_is_gone_is_resumed_as_the_message_says(pw13, tmp_path, data, monkeypatch):
    def refuse(*arguments, **options):
        raise OSError("refused")

    monkeypatch.setattr(pytest.importorskip("distributed"), "Client", refuse)
    run = create_sweep(make_sweep(data), tmp_path)
    run.update(crew={"jobs": None, "dask": "tcp://127.0.0.1:1"})
    run.close("interrupted")
    locks.release(run.folder)
    code, out, err = pw13("resume", run.name, "--runs-dir", tmp_path)
    assert (code, out) == (1, "") and err == (
        "pw13: --dask tcp://127.0.0.1:1: no scheduler reachable at this address; to resume a sweep on this machine, "
        "repeat its sweep command with --resume and without --dask\n"
    )
    monkeypatch.setattr(executors, "LocalExecutor", lambda jobs: FakeExecutor())
    grid = ["--grid", "code_size=2,4", "--seeds", 2, "--epochs", 2, "--data", data, "--runs-dir", tmp_path]
    assert pw13("sweep", "dense-ae", *grid, "--resume")[0] == 0
    assert read_run(run.folder).status == "completed" and list(tmp_path.iterdir()) == [run.folder]


@pytest.mark.parametrize("lean", [True, None])
def test_a_point_that_is_resumed_on_its_own_measures_what_it_would_have(pw13, tmp_path, data, monkeypatch, lean):
    run = create_run(tmp_path, "dense-ae", {**fields.as_dict(DenseAE()), "data": str(data)}, lean=lean)
    run.close("interrupted")
    locks.release(run.folder)
    calls = []
    monkeypatch.setattr(experiments, "run_experiment", lambda kind, settings, *, run, **rest: calls.append(rest) or {})
    assert pw13("resume", run.name, "--runs-dir", tmp_path, "--json")[0] == 0
    assert calls == [{"data": str(data), **({"lean": True} if lean else {})}]


def test_a_running_sweep_is_not_run_twice(pw13, tmp_path, data):
    run = create_sweep(make_sweep(data), tmp_path)
    code, _, err = pw13("resume", run.name, "--runs-dir", tmp_path)
    assert code == 1 and "is running" in err


def test_a_sweep_running_on_another_host_is_resumed_with_force_only(pw13, tmp_path, data):
    run = create_sweep(make_sweep(data), tmp_path)
    run_with(make_sweep(data), run, FakeExecutor())
    run.update(status="running", machine={"host": "far"})
    code, _, err = pw13("resume", run.name, "--runs-dir", tmp_path)
    assert code == 1 and "running on far" in err and "--force" in err
    assert pw13("resume", run.name, "--runs-dir", tmp_path, "--force")[0] == 0
    assert read_run(run.folder).status == "completed"


@pytest.mark.parametrize(
    "grid", [{"code_size": 5}, {"units": [3]}, {"code_size": []}, {"code_size": [0]}, {"loss": [1]}]
)
def test_a_corrupt_grid_is_refused_by_file_name(pw13, tmp_path, data, grid):
    run = create_sweep(make_sweep(data), tmp_path)
    run.save_json("config.json", {**read_run(run.folder).config, "grid": grid})
    run.close("interrupted")
    code, out, err = pw13("resume", run.name, "--runs-dir", tmp_path)
    assert code == 1 and not out and err.startswith(f"pw13: {run.name}/config.json: ")


@pytest.mark.parametrize("arguments", [["--hold-out", "0", "--seeds", "2"], ["--grid", "hold_out=0.1,0"]])
def test_a_sweep_without_validation_names_is_refused(pw13, arguments):
    code, _, err = pw13("sweep", "charrnn", "--corpus", "builtin", *arguments)
    assert code == 2 and "--hold-out: a sweep compares" in err
    assert not Path("runs").exists()


def test_a_grid_overrides_a_toml_file_without_validation_names(corpus):
    Path("handout.toml").write_text("[charrnn]\nhold_out = 0\n", "utf-8")
    settings, _ = resolve_settings(CharRNN, read_config("handout.toml"), {})
    assert settings.hold_out == 0
    sweep = build_sweep("charrnn", settings, {"hold_out": [0.05, 0.1]}, 1, {"corpus": str(corpus)})
    assert [point.settings.hold_out for point in sweep.points] == [0.05, 0.1]
    with pytest.raises(OptionError, match="--hold-out: a sweep compares"):
        build_sweep("charrnn", settings, {"units": [4, 8]}, 1, {"corpus": str(corpus)})
