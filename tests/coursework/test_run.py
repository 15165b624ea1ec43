"""The whole practical work: its plan, what is used again, what goes on, what is redone."""

import dataclasses
import json
from pathlib import Path

import pytest

from pw13 import config
from pw13.console import format_duration
from pw13.coursework import run
from pw13.coursework.plan import CourseData, Step, StepResult, course_steps
from pw13.errors import OptionError
from pw13.experiments.runtime_estimate import epoch_seconds
from pw13.runs.record import list_runs, read_run
from pw13.system import signals

BASE = {kind: cls() for kind, cls in config.KINDS.items()}


@pytest.fixture
def data():
    return CourseData({"data": "/images", "corpus": "/names"}, {"data": "a" * 64, "corpus": "b" * 64}, 10440, 2_567_986)


@pytest.fixture
def performed(monkeypatch, data):
    """Experiments that only write what a complete run has; the list of those performed."""
    seen: list[tuple[str, object]] = []

    def perform(kind, settings, *, run, **data_paths):
        seen.append((kind, settings))
        sha256 = data.sha256["corpus" if kind == "charrnn" else "data"]
        run.update(data={"sha256": sha256})
        return run.finish({"parameters": 1})

    monkeypatch.setattr(run.experiments, "run_experiment", perform)
    return seen


def close(folder: Path, **facts) -> None:
    path = folder / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **facts}), "utf-8")


def test_plan_is_the_handout():
    plan = course_steps(BASE)
    assert [step.kind for step in plan[:5]] == ["dense-ae"] * 3 + ["svm-eval", "conv-dae"]
    assert [step.settings.code_size for step in plan[:3]] == [16, 32, 64]
    assert plan[3].uses == tuple(step.name for step in plan[:3])
    rnns = [step.settings for step in plan[5:]]
    told = {(s.cell, s.target, s.units, s.epochs) for s in rnns}
    assert ("simple", "many-to-one", 64, 10) in told
    assert {("simple", "many-to-one", units, 10) for units in (32, 128)} <= told
    assert {(cell, "many-to-one", 64, 10) for cell in ("gru", "lstm")} <= told
    assert ("simple", "many-to-many", 64, 10) in told
    assert len({step.name for step in plan}) == len(plan)


@pytest.mark.parametrize(("epochs", "compared"), [(20, {1, 5, 20}), (4, {1, 4}), (1, {1})])
def test_epochs_that_are_compared(epochs, compared):
    base = {**BASE, "charrnn": config.CharRNN(epochs=epochs)}
    simple = [s.settings for s in course_steps(base) if s.kind == "charrnn" and s.settings.cell == "simple"]
    assert {s.epochs for s in simple} == compared


@pytest.mark.parametrize("name", ["quick", "full"])
def test_shipped_settings_make_a_plan(name):
    from pw13.cli import report

    data_paths = dict.fromkeys(("data", "corpus", "runs_dir", "json", "quiet"))
    base, rest = report.coursework_settings(name, data_paths)
    assert rest["runs_dir"] == Path("runs")
    assert len(course_steps(base)) in (12, 13)


def test_everything_is_done_once_and_then_used_again(tmp_path, data, performed):
    plan = course_steps(BASE)
    first = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    assert [each.how for each in first] == ["new"] * len(plan)
    assert [settings for _, settings in performed] == [step.settings for step in plan]
    second = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    assert [each.how for each in second] == ["reused"] * len(plan)
    assert [each.run for each in second] == [each.run for each in first]
    assert len(performed) == len(plan)
    listed = json.loads((tmp_path / "all.json").read_text("utf-8"))["runs"]
    assert listed == {step.name: each.run.name for step, each in zip(plan, first, strict=True)}


def test_fresh_does_all_anew(tmp_path, data, performed):
    plan = course_steps(BASE)[:2]
    first = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    again = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=True)
    assert [each.how for each in again] == ["new", "new"]
    assert {each.run for each in first}.isdisjoint(each.run for each in again)


def test_svm_takes_the_encoders_of_this_plan(tmp_path, data, performed):
    plan = course_steps(BASE)[:4]
    done = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    assert read_run(done[3].run).config["runs"] == [str(each.run.absolute()) for each in done[:3]]
    run.run_coursework(plan[:1], data, runs_dir=tmp_path, fresh=True)
    after = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    assert [each.how for each in after] == ["reused", "reused", "reused", "new"]  # one encoder is another now


def test_other_data_or_settings_are_not_used(tmp_path, data, performed):
    plan = course_steps(BASE)[:1]
    run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    other = data._replace(sha256={"data": "c" * 64, "corpus": "d" * 64})
    assert run.find_existing(plan[0], run.data_paths_of(plan[0], other, [], tmp_path), other, tmp_path) is None
    longer = plan[0]._replace(settings=dataclasses.replace(plan[0].settings, epochs=7))
    assert run.find_existing(longer, run.data_paths_of(longer, data, [], tmp_path), data, tmp_path) is None


def test_interrupted_run_goes_on_in_its_folder(tmp_path, data, performed):
    plan = course_steps(BASE)[:1]
    (done,) = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    close(done.run, status="interrupted")
    (again,) = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    assert (again.how, again.run) == ("resumed", done.run)
    assert read_run(done.run).status == "completed"


def test_failed_run_is_done_anew(tmp_path, data, performed):
    plan = course_steps(BASE)[:1]
    (done,) = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    close(done.run, status="failed")
    (again,) = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    assert again.how == "new"
    assert again.run != done.run


def test_a_stop_keeps_what_is_done(tmp_path, data, performed, monkeypatch):
    plan, perform = course_steps(BASE)[:3], run.experiments.run_experiment

    def stopped(kind, settings, **rest):
        if settings.code_size == 64:
            raise signals.Interrupted(2)
        return perform(kind, settings, **rest)

    monkeypatch.setattr(run.experiments, "run_experiment", stopped)
    with pytest.raises(signals.Interrupted):
        run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    assert not (tmp_path / "all.json").exists()
    monkeypatch.setattr(run.experiments, "run_experiment", perform)
    assert [each.how for each in run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)][:2] == [
        "reused",
        "reused",
    ]


def test_time_left_follows_what_steps_took(data):
    plan = course_steps(BASE)
    guessed = run.step_seconds(plan[0], data)
    twice = StepResult(plan[0], "new", Path("x"), 2 * guessed)
    mine = format_duration(guessed)
    assert run.time_left(plan[1:2], [], data) == f": about {mine}"
    both = format_duration(2 * guessed)
    assert run.time_left(plan[1:3], [], data) == f": about {mine}; all 2 that are left about {both}"
    assert format_duration(2 * guessed) in run.time_left(plan[1:2], [twice], data)
    reused = StepResult(plan[0], "reused", Path("x"), 0.0)
    assert run.time_left(plan[1:2], [reused], data) == run.time_left(plan[1:2], [], data)


def test_a_limit_shortens_the_guess(data):
    limited = Step("x", "conv-dae", config.ConvDAE(limit=100))
    assert run.step_seconds(limited, data) < run.step_seconds(limited._replace(settings=config.ConvDAE()), data)


def test_what_costs_more_is_guessed_to_take_longer():
    one = config.CharRNN(skip=3)
    for more in (
        {"units": 128},
        {"cell": "gru"},
        {"layers": 2},
        {"length": 20},
        {"target": "many-to-many"},
        {"skip": 1},
    ):
        longer = dataclasses.replace(one, **more)
        assert epoch_seconds("charrnn", longer) > 1.9 * epoch_seconds("charrnn", one)
    images = [epoch_seconds("conv-dae", config.ConvDAE(limit=limit), 10_000) for limit in (1000, None, 20_000)]
    assert images == [images[0], 10 * images[0], 10 * images[0]]


def test_a_signal_that_a_step_had_no_time_for_stops_before_the_next(tmp_path, data, performed, monkeypatch):
    plan, perform = course_steps(BASE)[:3], run.experiments.run_experiment

    def signalled(kind, settings, **rest):
        signals.request()
        return perform(kind, settings, **rest)

    monkeypatch.setattr(run.experiments, "run_experiment", signalled)
    try:
        with pytest.raises(signals.Interrupted):
            run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    finally:
        signals.reset()
    assert len(performed) == 1
    assert [record.status for record in list_runs(tmp_path)] == ["completed"]


def test_one_process_has_one_number_of_threads():
    with pytest.raises(OptionError, match=r"threads: expected the same .* dense-ae 2, conv-dae 1, charrnn 2"):
        course_steps({**BASE, "conv-dae": config.ConvDAE(threads=1)})
