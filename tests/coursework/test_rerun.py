"""`pw13 report --check ZIP --rerun`: the runs of a hand-in trained again, and the numbers that differ."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from unittest.mock import Mock

import pytest

from pw13.coursework import rerun
from pw13.data.source import Source
from pw13.errors import UserError
from pw13.report.archive import pack
from pw13.runs import ending
from pw13.runs.finding import list_runs
from pw13.system import signals
from pw13.system.process_pool import WorkerDied
from tests.helpers.report_runs import IMAGES, METRICS, NAMES, make_run


@pytest.fixture
def zipped(pw13, tmp_path, monkeypatch):
    """Return the hand-in of a run of each kind, whose data "are" those of the tests."""
    for second, kind in enumerate(("dense-ae", "svm-eval", "conv-dae", "charrnn")):
        make_run(tmp_path / "runs", kind, second)
    config = next((tmp_path / "runs").glob("*svm-eval")) / "config.json"
    uses = ["/elsewhere/2026-11-24_10-00-00_dense-ae"]
    config.write_text(json.dumps({**json.loads(config.read_text("utf-8")), "runs": uses}), "utf-8")
    assert pw13("report", "--no-execute")[0] == 0
    for module, facts in (("load_images", IMAGES), ("load_names", NAMES)):
        source = Source(facts["kind"], facts["path"], facts["name"], facts["sha256"])
        monkeypatch.setattr(rerun, module, lambda path, source=source, **_: type("Data", (), {"source": source}))
    return tmp_path / "report" / "hand-in.zip"


@pytest.fixture
def trained(monkeypatch):
    """Replace training by the metrics of the made-up runs, changed by what a test puts into the dictionary."""
    calls, changes = [], {}

    def fake(kind, settings, *, run, **places):
        calls.append((kind, settings, places))
        run.save_json("metrics.json", metrics := {**METRICS[kind], **changes.get(kind, {})})
        return metrics

    monkeypatch.setattr(rerun.experiments, "run_experiment", fake)
    return calls, changes


def test_equal_numbers_are_no_difference_and_times_do_not_count(pw13, zipped, trained):
    trained[1]["dense-ae"] = {"seconds": 999.0, "throughput_per_second": 1.0, "test_mse": 0.0215 * 1.009}
    code, out, err = pw13("report", "--check", zipped, "--rerun")
    assert code == 0 and not out and "4 runs trained again" in err and ": 0 differ by more than 1%" in err
    assert [call[0] for call in trained[0]] == ["dense-ae", "conv-dae", "charrnn", "svm-eval"]
    assert trained[0][0][1].code_size == 32
    (used,) = trained[0][3][2]["runs"]
    assert "pw13-rerun-" in used and used.endswith("_dense-ae")


def test_numbers_that_do_not_exist_are_no_difference(pw13, tmp_path, zipped, trained):
    metrics = next((tmp_path / "runs").glob("*conv-dae")) / "metrics.json"
    metrics.write_text(json.dumps({**METRICS["conv-dae"], "noisy_psnr_db": None}), "utf-8")
    assert pw13("report", "--no-execute")[0] == 0
    trained[1]["conv-dae"] = {"noisy_psnr_db": float("inf")}
    code, _, err = pw13("report", "--check", zipped, "--rerun")
    assert code == 0 and ": 0 differ by more than 1%" in err


def test_an_evaluation_without_encoders_finds_none_when_it_is_repeated(pw13, tmp_path, zipped, trained, monkeypatch):
    change(next((tmp_path / "runs").glob("*svm-eval")), "config", runs=[])
    assert pw13("report", "--no-execute")[0] == 0
    train, found = rerun.experiments.run_experiment, []

    def fake(kind, settings, *, run, **places):
        if kind == "svm-eval":
            found.append((places["runs"], list_runs(Path(places["runs_dir"]), "dense-ae")))
        return train(kind, settings, run=run, **places)

    monkeypatch.setattr(rerun.experiments, "run_experiment", fake)
    assert pw13("report", "--check", zipped, "--rerun")[0] == 0
    assert found == [([], [])] and trained[0][0][0] == "dense-ae"


def test_numbers_that_differ_are_listed(pw13, zipped, trained):
    trained[1]["conv-dae"] = {"denoised_psnr_db": 17.4 * 1.02, "test_mse": None}
    code, out, _ = pw13("report", "--check", zipped, "--rerun", "--json")
    document = json.loads(out)
    assert code == 1 and document["runs"] == 4
    found = {row["metric"]: (row["zip"], row["rerun"], row["relative"]) for row in document["differences"]}
    assert found == {"denoised_psnr_db": (17.4, 17.4 * 1.02, pytest.approx(0.02)), "test_mse": (0.018, None, None)}
    code, out, err = pw13("report", "--check", zipped, "--rerun")
    assert code == 1 and "+2.0 %" in out and ": 2 differ by more than 1%" in err
    trained[1]["conv-dae"] = {"test_mse": None}
    assert ": 1 differs by more than 1%" in pw13("report", "--check", zipped, "--rerun")[2]


def test_other_data_are_refused_before_any_training(pw13, zipped, trained, monkeypatch):
    other = Source("file", "/x", "other names", "e" * 64)
    monkeypatch.setattr(rerun, "load_names", lambda path, **_: type("Data", (), {"source": other}))
    Path("other.txt").write_text("Acme\n", "utf-8")
    code, _, err = pw13("report", "--check", zipped, "--rerun", "--corpus", "other.txt")
    assert code == 1 and "--corpus" in err and f"expected the data of the hand-in, {NAMES['name']} (sha256" in err
    assert "received other names" in err and not trained[0]


class Apart:
    """Stands for a process: answers in this one."""

    def __init__(self, function, setup):
        setup()
        self.function, self.connection = function, Mock(**{"poll.return_value": True})

    def send(self, item):
        self.item = item

    def receive(self):
        return self.function(self.item)

    def terminate(self):
        pass


@pytest.mark.parametrize(("name", "other"), [("threads", 4), ("device", "gpu")])
def test_a_run_with_other_threads_or_device_is_trained_in_a_process_of_its_own(
    pw13, tmp_path, zipped, trained, monkeypatch, name, other
):
    apart = []

    class Process(Apart):
        def send(self, item):
            apart.append(getattr(item[0].settings, name))
            super().send(item)

    monkeypatch.setattr(rerun, "Worker", Process)
    assert pw13("report", "--check", zipped, "--rerun")[0] == 0 and not apart
    change(next((tmp_path / "runs").glob("*charrnn")), "config", **{name: other})
    assert pw13("report", "--no-execute")[0] == 0
    trained[0].clear()
    code, _, err = pw13("report", "--check", zipped, "--rerun")
    assert code == 0 and "4 runs trained again" in err and apart == [other]
    assert [call[0] for call in trained[0]] == ["dense-ae", "conv-dae", "charrnn", "svm-eval"]


def test_an_error_in_a_process_of_its_own_is_told_as_one_line(pw13, tmp_path, zipped, trained, monkeypatch):
    def refused(kind, settings, *, run, **places):
        if kind == "charrnn":
            raise UserError("no GPU")
        run.save_json("metrics.json", METRICS[kind])

    monkeypatch.setattr(rerun, "Worker", Apart)
    monkeypatch.setattr(rerun.experiments, "run_experiment", refused)
    change(next((tmp_path / "runs").glob("*charrnn")), "config", threads=4)
    assert pw13("report", "--no-execute")[0] == 0
    code, _, err = pw13("report", "--check", zipped, "--rerun")
    assert code == 1 and err.endswith("pw13: no GPU\n")


def test_a_process_that_dies_is_told_with_its_run(monkeypatch):
    class Dies(Apart):
        def receive(self):
            raise WorkerDied

    monkeypatch.setattr(rerun, "Worker", Dies)
    run = rerun.ZippedRun("the run", "charrnn", None, (), None, False, {}, {}, "")
    with pytest.raises(UserError, match="the run: its process was killed"):
        rerun._train_apart(run, {}, Path(), "builtin", "builtin")


def test_a_changed_setting_is_caught_by_the_manifest(zipped, tmp_path, trained):
    (tmp_path / "odd.zip").write_bytes(zipped.read_bytes()[:-100])
    with pytest.raises(UserError, match=r"odd\.zip: corrupt, or not a zip"):
        rerun.read_runs(tmp_path / "odd.zip")


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        ({}, "contains no runs"),
        ({"config": {"kind": "odd"}, "run": {}, "metrics": {}}, "unknown kind 'odd'"),
        ({"config": {"kind": "dense-ae", "code_size": 0}, "run": {}, "metrics": {}}, "--code-size"),
        ({"config": {"kind": "dense-ae"}, "run": [], "metrics": {}}, "run.json: corrupt: expected an object"),
        ({"config": {"kind": "dense-ae"}}, "run.json: missing"),
    ],
)
def test_odd_runs_in_a_zip_are_refused(pw13, tmp_path, contents, message):
    name = "runs/2026-01-01_00-00-00_dense-ae"
    members = {f"{name}/{file}.json": json.dumps(value).encode() for file, value in contents.items()}
    (tmp_path / "x.zip").write_bytes(pack({"report.pdf": b"", **members}))
    code, out, err = pw13("report", "--check", "x.zip", "--rerun")
    assert code in (1, 2) and message in err and not out and err.count("\n") == 1


def change(folder, name, **values):
    path = folder / f"{name}.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **values}), "utf-8")


def make_point(runs, kind, number, second):
    """Write a lean point, called the same in every sweep."""
    sweep = runs / f"2026-11-24_11-00-{second:02d}_sweep-{kind}"
    sweep.mkdir()
    (sweep / "config.json").write_text(json.dumps({"kind": f"sweep-{kind}"}), "utf-8")
    point = make_run(sweep, kind, second, seed=number).rename(sweep / f"{number - 1}_seed={number}")
    change(point, "run", lean=True)
    for name in ("run.json", "metrics.json"):
        (sweep / name).write_bytes((point / name).read_bytes())
    return point


def test_points_with_equal_names_are_trained_again_each_as_itself(pw13, tmp_path, zipped, trained):
    runs = tmp_path / "runs"
    dense, names = (make_point(runs, kind, 1, second) for second, kind in enumerate(("dense-ae", "charrnn")))
    change(next(runs.glob("*svm-eval")), "config", runs=[str(dense.absolute())])
    arguments = [f"--run={path}" for path in (*runs.glob("*_svm-eval"), dense.parent, names.parent)]
    assert pw13("report", "--no-execute", *arguments)[0] == 0
    assert {run.name for run in rerun.read_runs(zipped)} == {
        "2026-11-24_10-00-01_svm-eval",
        "2026-11-24_11-00-00_sweep-dense-ae/0_seed=1",
        "2026-11-24_11-00-01_sweep-charrnn/0_seed=1",
    }
    code, _, err = pw13("report", "--check", zipped, "--rerun")
    assert code == 0 and "3 runs trained again" in err
    assert [(kind, places.get("lean")) for kind, _, places in trained[0]] == [
        ("dense-ae", True),
        ("charrnn", True),
        ("svm-eval", None),
    ]
    assert [Path(run).name.partition("_dense")[1] for run in trained[0][2][2]["runs"]] == ["_dense"]


def test_a_network_that_went_on_from_another_does_so_again(pw13, tmp_path, zipped, trained):
    first = next((tmp_path / "runs").glob("*charrnn"))
    second = make_run(tmp_path / "runs", "charrnn", 9, units=32)
    change(second, "config", init_from=str(first.absolute()))
    assert pw13("report", "--no-execute", "--run", second)[0] == 0
    assert "2 runs trained again" in pw13("report", "--check", zipped, "--rerun")[2]
    (one, other) = trained[0]
    assert "init_from" not in one[2] and other[2]["init_from"].endswith("_charrnn")
    assert (one[1].units, other[1].units) == (64, 32)


def test_the_encoders_of_an_evaluation_are_those_that_it_used_not_the_latest(pw13, tmp_path, zipped, trained):
    runs = tmp_path / "runs"
    used, svm = next(runs.glob("*dense-ae")).name, next(runs.glob("*svm-eval"))
    change(svm, "config", runs=[])
    change(svm, "run", encoders=[used])
    make_run(runs, "dense-ae", 8, code_size=8)
    assert pw13("report", "--no-execute", "--run", svm)[0] == 0
    assert [(run.name, run.encoders) for run in rerun.read_runs(zipped)] == [(used, ()), (svm.name, (used,))]
    change(svm, "config", runs=[f"/elsewhere/{used}"])
    change(svm, "run", encoders=["as 0.2.0.dev0 recorded a point, without its sweep"])
    assert pw13("report", "--no-execute", "--run", svm)[0] == 0
    assert [run.encoders for run in rerun.read_runs(zipped)] == [(), (used,)]
    change(svm, "config", runs=[])
    change(svm, "run", encoders=["2026-01-01_00-00-00_dense-ae"])
    assert pw13("report", "--no-execute", "--run", svm)[0] == 0
    code, _, err = pw13("report", "--check", zipped, "--rerun")
    assert code == 1 and "uses 2026-01-01_00-00-00_dense-ae, which is not in it" in err and not trained[0]


def test_runs_that_use_each_other_are_refused(tmp_path):
    def run(name, init_from):
        return rerun.ZippedRun(name, "charrnn", None, (), init_from, False, {}, {}, "")

    with pytest.raises(UserError, match=r"x\.zip: runs use each other: "):
        rerun.in_order([run("a", "b"), run("b", "a")], Path("x.zip"))


def test_names_in_another_encoding_are_read_as_the_run_read_them(pw13, zipped, trained, monkeypatch):
    seen = []
    source = Source(NAMES["kind"], NAMES["path"], NAMES["name"], NAMES["sha256"])
    monkeypatch.setattr(
        rerun, "load_names", lambda path, **options: seen.append(options) or type("Data", (), {"source": source})
    )
    assert pw13("report", "--check", zipped, "--rerun")[0] == 0
    assert seen == [{"encoding": "utf-8", "fix_accents": False}]


def test_a_signal_while_training_again_promises_no_resumption(pw13, zipped, trained, monkeypatch):
    def stop(*_, **__):
        raise signals.Interrupted(signal.SIGTERM)

    monkeypatch.setattr(rerun.experiments, "run_experiment", stop)
    code, _, err = pw13("report", "--check", zipped, "--rerun")
    assert code == 143 and err.endswith("interrupted; nothing was saved\n") and "resume" not in err


def test_a_forced_exit_leaves_nothing_and_promises_no_resumption_in_the_second_run_too(
    pw13, tmp_path, zipped, monkeypatch
):
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setattr(ending, "run_json_lock", threading.RLock())  # which a forced exit never releases
    monkeypatch.setattr(os, "_exit", Mock(side_effect=SystemExit))
    left = []

    def train(kind, settings, *, run, **places):
        with ending.track_status(run):
            if kind == "dense-ae":
                return run.finish(METRICS[kind])
            assert list((tmp_path / "tmp").iterdir())
            with pytest.raises(SystemExit):
                signals._force_exit(signal.SIGTERM)
            left.extend((tmp_path / "tmp").iterdir())
            raise signals.Interrupted(signal.SIGTERM)

    monkeypatch.setattr(rerun.experiments, "run_experiment", train)
    _, _, err = pw13("report", "--check", zipped, "--rerun")
    assert left == [] and "interrupted; nothing was saved\n" in err and "resume" not in err.lower()


def test_rerun_needs_check(pw13):
    code, _, err = pw13("report", "--rerun")
    assert code == 2 and "--rerun: requires --check ZIP" in err


def test_differences_are_relative():
    old = {"a": 1.0, "b": 0.0, "c": -2.0, "d": None, "e": 1.0}
    new = {"a": 1.005, "b": 0.1, "c": -2.1, "d": None}
    found = {row.metric: row.relative for row in rerun.differences("r", old, new)}
    assert found == {"b": 1.0, "c": pytest.approx(-0.05), "e": None}


@pytest.mark.slow
def test_a_real_hand_in_trained_again_has_the_same_numbers(pw13, data, corpus):
    assert pw13("train-dense-ae", "--data", data, "--epochs", 2, "--code-size", 4, "--quiet")[0] == 0
    assert pw13("train-charrnn", "--corpus", corpus, "--epochs", 1, "--units", 4, "--quiet")[0] == 0
    with_one_thread = [sys.executable, "-m", "pw13", "train-charrnn", "--corpus", corpus, "--epochs", "1"]
    with_one_thread += ["--units", "4", "--threads", "1", "--quiet"]
    subprocess.run(with_one_thread, check=True)
    assert pw13("report", "--no-execute")[0] == 0
    arguments = ("report", "--check", "report/hand-in.zip", "--rerun", "--data", data, "--corpus", corpus, "--json")
    assert json.loads(pw13(*arguments)[1])["differences"] == []
