"""A sweep runs every point once, whatever stops or dies, and compares them."""

import csv
import hashlib

import pandas as pd
import pytest

from pw13 import console
from pw13.config.settings import CharRNN
from pw13.errors import UserError
from pw13.runs.finding import find_run, latest_run, list_runs
from pw13.runs.record import read_run, settings_of
from pw13.sweeps import results
from pw13.sweeps.folder import build_sweep, create_sweep, find_identical, load_sweep
from pw13.sweeps.jobs import INTERRUPTED, WORKER_DIED
from pw13.sweeps.scheduler import record_data
from pw13.system import files, signals
from pw13.system.signals import Interrupted
from tests.helpers.data import make_data, make_names
from tests.helpers.runs import load_json
from tests.helpers.sweeps import FakeExecutor, make_sweep, reopen, run_with


def test_every_point_is_run_once_and_compared(tmp_path, data):
    sweep = make_sweep(data)
    run, executor = create_sweep(sweep, tmp_path / "runs"), FakeExecutor()
    metrics = run_with(sweep, run, executor)
    assert executor.started == [point.name for point in sweep.points]
    assert (metrics["points"], metrics["completed"], metrics["metric"]) == (4, 4, "val_mse")
    assert metrics["best"] == pytest.approx({"code_size": 4, "mean": 0.255, "low": 0.25, "high": 0.26, "runs": 2})
    rows = list(csv.DictReader((run.folder / "results.csv").read_text("utf-8").splitlines()))
    assert [(row["code_size"], row["seed"], row["val_mse"]) for row in rows[:2]] == [
        ("2", "0", "0.5"),
        ("2", "1", "0.51"),
    ]
    assert rows[0]["compression.raw_bytes"] == "784" and rows[0]["best_val_loss"] == "0.5"
    assert load_json(run.folder / "sweep.json")["points"][3]["status"] == "completed"
    assert (run.folder / "figures" / "sweep.png").read_bytes().startswith(b"\x89PNG")
    record = read_run(run.folder)
    assert record.status == "completed" and record.facts["data"]["counts"]["train"] == 120


@pytest.mark.parametrize("setting", ["split_seed", "validation_share"])
def test_no_point_is_the_best_of_points_with_different_validation_images(tmp_path, data, capsys, setting):
    values = {"split_seed": [0, 1], "validation_share": [0.1, 0.2]}[setting]
    sweep = make_sweep(data, seeds=1, code_size=[2, 4], **{setting: values})
    metrics = run_with(sweep, create_sweep(sweep, tmp_path / "runs"), FakeExecutor())
    assert metrics["best"] is None and [row["mean"] for row in metrics["summary"]] == [0.25, 0.25, 0.5, 0.5]
    assert "best so far" not in capsys.readouterr().err
    one = make_sweep(data, seeds=1, code_size=[2, 4], **{setting: values[:1]})
    assert run_with(one, create_sweep(one, tmp_path / "runs"), FakeExecutor())["best"]["code_size"] == 4


def test_a_failed_point_does_not_stop_the_others_and_is_retried_by_resume(tmp_path, data):
    sweep = make_sweep(data)
    run, bad = create_sweep(sweep, tmp_path), sweep.points[1].name
    with pytest.raises(UserError, match=f"1 of 4 points failed; {bad}: the loss is not finite"):
        run_with(sweep, run, FakeExecutor({bad: ["the loss is not finite"]}))
    assert read_run(run.folder).status == "failed"
    assert len((run.folder / "results.csv").read_text("utf-8").splitlines()) == 4
    assert load_json(run.folder / "sweep.json")["points"][1]["trouble"] == "the loss is not finite"
    second = FakeExecutor()
    assert run_with(sweep, reopen(run), second)["completed"] == 4
    assert second.started == [bad]


def test_the_seconds_of_a_resumed_sweep_count_those_before(tmp_path, data):
    sweep = make_sweep(data)
    run = create_sweep(sweep, tmp_path)
    run.close("interrupted")
    times = {"started": "2026-11-24T22:36:05+01:00", "ended": "2026-11-24T23:36:05+01:00"}
    files.write_json(run.folder / "run.json", {**run.read_own(), **times})
    assert 3600 <= run_with(sweep, reopen(run), FakeExecutor())["seconds"] < 3700


def test_a_point_whose_worker_died_is_retried_first_and_fails_at_the_third_death(tmp_path, data):
    sweep = make_sweep(data, seeds=1)
    first, second = (point.name for point in sweep.points)
    executor = FakeExecutor({first: [WORKER_DIED, WORKER_DIED]})
    assert run_with(sweep, create_sweep(sweep, tmp_path / "a"), executor)["completed"] == 2
    assert executor.started == [first, first, first, second]
    executor = FakeExecutor({first: [WORKER_DIED] * 9})
    with pytest.raises(UserError, match=r"1 of 2 points failed; .*: worker died"):
        run_with(sweep, create_sweep(sweep, tmp_path / "b"), executor)
    assert executor.started == [first] * 3 + [second]


def test_a_note_of_the_workers_is_printed_once(tmp_path, data, capsys):
    notes = console.Note("keras.json is ignored", always=False), console.Note("keras is now 9", always=True)

    class Telling(FakeExecutor):
        def wait_finished(self, seconds):
            return [result._replace(notes=notes) for result in super().wait_finished(seconds)]

    for quiet, expected in ((False, 1), (True, 0)):
        console.start(quiet=quiet)
        sweep = make_sweep(data)
        run_with(sweep, create_sweep(sweep, tmp_path / str(quiet)), Telling())
        shown = capsys.readouterr().err
        assert shown.count("note: keras.json is ignored\n") == expected and shown.count("note: keras is now 9\n") == 1
    console.start()


@pytest.mark.parametrize("error", [WORKER_DIED, INTERRUPTED, "ConnectionError: lost"])
def test_a_point_that_is_complete_is_not_run_again_whatever_its_worker_answers(tmp_path, data, error):
    class LosesAnswers(FakeExecutor):
        def wait_finished(self, seconds):
            return [result._replace(error=error) for result in super().wait_finished(seconds)]

    sweep, executor = make_sweep(data), LosesAnswers()
    assert run_with(sweep, create_sweep(sweep, tmp_path), executor)["completed"] == 4
    assert executor.started == [point.name for point in sweep.points]


def test_an_interrupt_keeps_finished_points(tmp_path, data):
    sweep = make_sweep(data)
    run, executor = create_sweep(sweep, tmp_path), FakeExecutor(stop_after=2)
    with pytest.raises(Interrupted):
        run_with(sweep, run, executor)
    assert executor.stopped
    statuses = [point["status"] for point in load_json(run.folder / "sweep.json")["points"]]
    assert statuses == ["completed", "completed", "interrupted", "open"]
    record = read_run(run.folder)
    assert record.status == "interrupted"
    assert load_sweep(record) == sweep
    signals.reset()  # as in a process of its own
    second = FakeExecutor()
    assert run_with(sweep, reopen(run), second)["completed"] == 4
    assert second.started == [point.name for point in sweep.points[2:]]


def test_a_sweep_is_not_resumed_with_different_data(tmp_path, data):
    sweep, other = make_sweep(data), make_data(tmp_path / "other", train=40)
    run = create_sweep(sweep, tmp_path / "runs")
    run_with(sweep, run, FakeExecutor())
    with pytest.raises(UserError, match="data changed since this run started"):
        run_with(sweep._replace(data_paths={"data": str(other)}), reopen(run), FakeExecutor())


def test_points_of_a_sweep_are_not_top_level_runs(tmp_path, data):
    sweep = make_sweep(data)
    run = create_sweep(sweep, tmp_path)
    run_with(sweep, run, FakeExecutor())
    assert [record.kind for record in list_runs(tmp_path)] == ["sweep-dense-ae"]
    assert latest_run(tmp_path, "dense-ae", "best.keras") is None
    point = read_run(find_run(f"{run.name[:12]}/3_", tmp_path))
    assert point.status == "completed" and settings_of(point) == sweep.points[2].settings


def test_only_an_identical_sweep_is_found(tmp_path, data):
    sweep = make_sweep(data)
    run = create_sweep(sweep, tmp_path)
    assert find_identical(make_sweep(data), tmp_path).folder == run.folder
    assert find_identical(make_sweep(data, seeds=3), tmp_path) is None
    assert find_identical(make_sweep(data, code_size=[2, 5]), tmp_path) is None


def test_points_without_the_metric_are_left_out_of_the_summary(data):
    sweep = make_sweep(data)
    frame = pd.DataFrame({"code_size": [2, 4], "seed": [0, 0], "val_mse": [None, 0.5]})
    assert [row["code_size"] for row in results.summary(frame, sweep)] == [4]
    assert results.summary(frame[:1], sweep) == []


def test_the_names_are_read_in_the_first_encoding_of_the_grid(tmp_path):
    corpus = tmp_path / "names.txt"
    corpus.write_bytes("\n".join(["Caf\u00e9", *make_names(50)]).encode("latin-1"))
    sweep = build_sweep("charrnn", CharRNN(), {"encoding": ["latin-1", "mac_roman"]}, 1, {"corpus": str(corpus)})
    run = create_sweep(sweep, tmp_path / "runs")
    characters = len(corpus.read_text("latin-1")) + 1  # the last newline
    assert record_data(sweep, run) == (hashlib.sha256(corpus.read_bytes()).hexdigest(), characters)
    assert read_run(run.folder).facts["data"]["counts"] == {"names": 51}
