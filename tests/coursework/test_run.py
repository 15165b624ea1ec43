"""`pw13 all`: its steps, and which runs are reused, resumed or repeated."""

import dataclasses
import json
import shutil
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from pw13 import config, experiments
from pw13.config import fields
from pw13.console import format_duration
from pw13.coursework import existing_runs, run, step_queue
from pw13.coursework.plan import CourseData, Step, course_steps
from pw13.coursework.time_left import Left, run_seconds, seconds_left
from pw13.data.images.idx import write_idx
from pw13.errors import OptionError, UserError
from pw13.experiments.runtime_estimate import epoch_seconds
from pw13.runs.ending import track_status
from pw13.runs.finding import list_runs
from pw13.runs.opening import create_run
from pw13.runs.record import read_run
from pw13.sweeps import worker
from pw13.sweeps.jobs import WORKER_DIED, JobResult
from pw13.system import machine, signals
from tests.helpers.data import FILES, make_data
from tests.helpers.sweeps import InProcessExecutor, open_run

BASE = {kind: cls() for kind, cls in config.KINDS.items()}


@pytest.fixture
def data():
    return CourseData({"data": "/images", "corpus": "/names"}, {"data": "a" * 64, "corpus": "b" * 64}, 10440, 2_567_986)


@pytest.fixture
def experiment_calls(monkeypatch, data):
    """Replace the experiments by one that only writes a model and finishes its run; return the list of calls."""
    calls: list[tuple[str, object]] = []

    def fake(kind, settings, *, run, **data_paths):
        calls.append((kind, settings))
        sha256 = data.sha256["corpus" if kind == "charrnn" else "data"]
        run.update(data={"sha256": sha256})
        if kind != "svm-eval":
            write_model(run)
        return run.finish({"parameters": 1})

    monkeypatch.setattr(experiments, "run_experiment", fake)
    return calls


@pytest.fixture(autouse=True)
def in_process(monkeypatch):
    """Run the steps in this process, two at a time."""
    monkeypatch.setattr(run, "LocalExecutor", InProcessExecutor)
    monkeypatch.setattr(machine, "cores", lambda: 2)
    yield
    signals.reset()


def write_model(run) -> None:
    run.checkpoints.mkdir(exist_ok=True)
    (run.checkpoints / "best.keras").touch()


def set_facts(folder: Path, **facts) -> None:
    path = folder / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **facts}), "utf-8")


def test_steps_are_those_of_the_handout():
    plan = course_steps(BASE)
    assert [step.kind for step in plan[:5]] == ["dense-ae"] * 3 + ["svm-eval", "conv-dae"]
    assert [step.settings.code_size for step in plan[:3]] == [16, 32, 64]
    assert plan[3].uses == tuple(step.name for step in plan[:3])
    rnns = [step.settings for step in plan[5:]]
    variants = {(s.cell, s.target, s.units, s.epochs) for s in rnns}
    assert ("simple", "many-to-one", 64, 10) in variants
    assert {("simple", "many-to-one", units, 10) for units in (32, 128)} <= variants
    assert {(cell, "many-to-one", 64, 10) for cell in ("gru", "lstm")} <= variants
    assert ("simple", "many-to-many", 64, 10) in variants
    assert len({step.name for step in plan}) == len(plan)


@pytest.mark.parametrize(("epochs", "compared"), [(20, {1, 5, 20}), (4, {1, 4}), (1, {1})])
def test_epochs_to_compare(epochs, compared):
    base = {**BASE, "charrnn": config.CharRNN(epochs=epochs)}
    simple = [s.settings for s in course_steps(base) if s.kind == "charrnn" and s.settings.cell == "simple"]
    assert {s.epochs for s in simple} == compared


def test_of_the_smallest_networks_no_step_is_twice_in_the_plan():
    plan = course_steps({**BASE, "dense-ae": config.DenseAE(code_size=1), "charrnn": config.CharRNN(units=1)})
    assert [step.settings.code_size for step in plan if step.kind == "dense-ae"] == [1, 2]
    assert plan[2].uses == tuple(step.name for step in plan[:2])
    assert len({step.name for step in plan}) == len(plan) == len(course_steps(BASE)) - 2


def test_seeds_without_validation_names_are_refused_before_the_first_run():
    base = {**BASE, "charrnn": config.CharRNN(hold_out=0)}
    assert course_steps(base)
    with pytest.raises(OptionError, match=r"^--config: charrnn: hold_out: expected a fraction above 0 with --seeds"):
        course_steps(base, seeds=2)


@pytest.mark.parametrize(
    ("images", "settings", "status", "message"),
    [
        ({"size": (30, 28)}, "", 1, "images of 30 x 28 pixels: height and width must be multiples of 4, such as 28"),
        ({"train": 1, "test": 1}, "", 1, "{data}: an SVM needs at least two classes, received only one (0, 0)"),
        ({"train": 20}, "", 1, "{data}: need at least one image per fold (--folds 3), class 0 has 2 training images"),
        ({}, "[svm-eval]\nlimit = 1", 2, "--limit 1: an SVM needs at least two classes, received only one (0, 0)"),
        (
            {},
            "[svm-eval]\nmemory = 0.3",
            2,
            "--memory: expected about 0.7 GB for 120 images, received 0.3; or use fewer with --limit",
        ),
        (
            {},
            "[charrnn]\nlength = 30",
            1,
            "{corpus}: too short: 30 characters (newlines included), expected at least 31, a window of --length 30 and "
            "the next character; add names, or shorten --length",
        ),
    ],
)
def test_data_that_a_later_step_cannot_use_are_refused_before_the_first_run(
    pw13, tmp_path, experiment_calls, images, settings, status, message
):
    folder, corpus, preset = make_data(tmp_path / "images", **images), tmp_path / "names.txt", tmp_path / "all.toml"
    corpus.write_text("Nimbo\nAriel\nTauro\nVelum\nKobol\n", "utf-8")
    preset.write_text(settings, "utf-8")
    code, out, err = pw13("all", "--config", preset, "--data", folder, "--corpus", corpus)
    assert (code, out) == (status, "")
    assert err.splitlines()[-1] == f"pw13: {message.format(data=folder, corpus=corpus)}"
    assert experiment_calls == [] and not Path("runs").exists()


def test_too_few_images_for_tuning_are_refused_before_the_first_run(pw13, tmp_path, experiment_calls):
    folder, preset = make_data(tmp_path / "images"), tmp_path / "all.toml"
    for name, counts in ((FILES[1], [117, 3]), (FILES[3], [30, 30])):
        write_idx(folder / name, (sum(counts),), [np.repeat(np.array([0, 1], np.uint8), counts)])
    preset.write_text("[svm-eval]\ntune_on = 30\n", "utf-8")
    code, out, err = pw13("all", "--config", preset, "--data", folder, "--corpus", "builtin", "--quiet")
    told = "pw13: --tune-on 30: expected at least two images of each class, received 1 of 1; set a larger one\n"
    assert (code, out, err) == (2, "", told)
    assert experiment_calls == [] and not Path("runs").exists()


@pytest.mark.parametrize("name", ["quick", "full"])
def test_presets_give_the_steps(name):
    from pw13.cli import coursework

    data_paths = dict.fromkeys(("data", "corpus", "runs_dir", "json", "quiet"))
    base, rest = coursework.coursework_settings(name, None, data_paths)
    assert rest["runs_dir"] == Path("runs")
    assert len(course_steps(base)) in (12, 13)


def test_every_step_runs_once_and_is_then_reused(tmp_path, data, experiment_calls):
    plan = course_steps(BASE)
    first = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    assert [result.how for result in first] == ["new"] * len(plan)
    trained = [settings for _, settings in experiment_calls]
    assert sorted(map(repr, trained)) == sorted(repr(step.settings) for step in plan)
    assert trained.index(plan[3].settings) > max(trained.index(step.settings) for step in plan[:3])  # its encoders
    second = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    assert [result.how for result in second] == ["reused"] * len(plan)
    assert [result.run for result in second] == [result.run for result in first]
    assert len(experiment_calls) == len(plan)
    listed = json.loads((tmp_path / "all.json").read_text("utf-8"))["runs"]
    assert listed == {step.name: result.run.name for step, result in zip(plan, first, strict=True)}


def test_data_and_notes_are_printed_once_before_the_first_run(tmp_path, monkeypatch, capsys):
    folder, corpus = make_data(tmp_path / "images"), tmp_path / "names.txt"
    corpus.write_text("Nimbo\nAriel\nTauro\nVelum\nKobol\n\n", "utf-8")
    data = run.inspect_data(str(folder), str(corpus), BASE)
    monkeypatch.setattr(experiments, "run_experiment", lambda kind, settings, *, run, **data_paths: run.finish({}))
    run.run_coursework(course_steps(BASE)[:3], data, runs_dir=tmp_path / "runs", fresh=False)
    lines = capsys.readouterr().err.splitlines()
    assert lines[:3] == [
        f"data: IDX folder images ({folder}), 120 train, 60 test",
        f"data: names in names.txt ({corpus}), 5 names",
        "note: ignored: 1 blank line",
    ]
    assert sum(line.startswith(("data:", "note:")) for line in lines) == 3


def test_fresh_repeats_every_step(tmp_path, data, experiment_calls):
    plan = course_steps(BASE)[:2]
    first = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    again = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=True)
    assert [result.how for result in again] == ["new", "new"]
    assert {result.run for result in first}.isdisjoint(result.run for result in again)


def test_after_an_interrupted_fresh_pass_its_runs_are_resumed_and_the_rest_reused(
    tmp_path, data, experiment_calls, monkeypatch
):
    plan, perform = course_steps(BASE)[:3], experiments.run_experiment
    first = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)

    def stopped(kind, settings, *, run, **rest):
        if settings.code_size == 32:
            run.update(data={"sha256": data.sha256["data"]})
            run.close("interrupted")
            raise signals.Interrupted(2)
        return perform(kind, settings, run=run, **rest)

    monkeypatch.setattr(experiments, "run_experiment", stopped)
    with pytest.raises(signals.Interrupted):
        run.run_coursework(plan, data, runs_dir=tmp_path, fresh=True)
    signals.reset()
    monkeypatch.setattr(experiments, "run_experiment", perform)
    begun = [record.folder for record in list_runs(tmp_path)[3:]]
    done = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    assert [result.how for result in done] == ["reused", "resumed", "reused"]
    assert [result.run for result in done] == [*begun, first[2].run]


def test_a_completed_run_is_reused_though_a_later_one_has_failed(tmp_path, data, experiment_calls):
    plan = course_steps(BASE)[:1]
    (first,) = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    (later,) = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=True)
    set_facts(later.run, status="failed")
    (again,) = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    assert (again.how, again.run) == ("reused", first.run)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ([], "Run the same command to resume"),
        (["--fresh"], "Run the same command without --fresh to resume; steps not begun yet reuse earlier runs"),
    ],
)
def test_an_interrupt_says_how_to_go_on(pw13, tmp_path, monkeypatch, experiment_calls, flags, message):
    def stopped(kind, settings, *, run, **data_paths):
        raise signals.Interrupted(2)

    monkeypatch.setattr(experiments, "run_experiment", stopped)
    corpus = tmp_path / "names.txt"
    corpus.write_text("Nimbo\nAriel\nTauro\nVelum\nKobol\n", "utf-8")
    code, out, err = pw13("all", "--data", make_data(tmp_path / "images"), "--corpus", corpus, *flags)
    assert (code, out) == (130, "")
    assert err.splitlines()[-1] == f"note: interrupted; progress saved. {message}"


def test_a_network_that_went_on_from_another_is_not_reused(tmp_path, data, experiment_calls):
    plan = [step for step in course_steps(BASE) if step.kind == "charrnn"][:1]
    (first,) = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    config = first.run / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text("utf-8")), "init_from": "/elsewhere"}), "utf-8")
    (second,) = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    assert second.how == "new" and second.run != first.run


def test_svm_eval_uses_the_encoders_of_these_steps(tmp_path, data, experiment_calls):
    plan = course_steps(BASE)[:4]
    done = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    assert read_run(done[3].run).config["runs"] == [str(result.run.absolute()) for result in done[:3]]
    run.run_coursework(plan[:1], data, runs_dir=tmp_path, fresh=True)
    after = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    assert [result.how for result in after] == ["reused", "reused", "reused", "new"]  # one encoder has changed


def test_runs_with_other_data_or_settings_are_not_reused(tmp_path, data, experiment_calls):
    plan = course_steps(BASE)[:1]
    run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    other = data._replace(sha256={"data": "c" * 64, "corpus": "d" * 64})
    assert (
        existing_runs.find_existing(plan[0], existing_runs.data_paths_of(plan[0], other, [], tmp_path), other, tmp_path)
        is None
    )
    longer = plan[0]._replace(settings=dataclasses.replace(plan[0].settings, epochs=7))
    assert (
        existing_runs.find_existing(longer, existing_runs.data_paths_of(longer, data, [], tmp_path), data, tmp_path)
        is None
    )


def test_a_completed_run_without_its_model_is_trained_again(tmp_path, data, experiment_calls):
    plan = course_steps(BASE)[:5]  # with the SVM evaluation, which has no model
    first = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    for result in (first[4], first[1]):
        (result.run / "checkpoints" / "best.keras").unlink()
        again = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
        trained = [result.step.kind for result in again if result.how == "new"]
        assert trained == {"conv-dae": ["conv-dae"], "dense-ae": ["dense-ae", "svm-eval"]}[result.step.kind]
        third = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
        assert [result[1:3] for result in third] == [("reused", result.run) for result in again]


@pytest.mark.parametrize("status", ["interrupted", "failed"])
def test_a_run_that_did_not_complete_is_resumed_in_its_folder(tmp_path, data, experiment_calls, status):
    plan = course_steps(BASE)[:1]
    (done,) = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    set_facts(done.run, status=status)
    (again,) = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    assert (again.how, again.run) == ("resumed", done.run)
    assert read_run(done.run).status == "completed"


def test_a_failed_step_ends_only_what_needs_it(tmp_path, data, experiment_calls, monkeypatch, capsys):
    plan, perform = course_steps(BASE)[:5], experiments.run_experiment

    def failing(kind, settings, *, run, **rest):
        if getattr(settings, "code_size", None) == 32:
            run.update(data={"sha256": data.sha256["data"]})
            raise UserError("no space")
        return perform(kind, settings, run=run, **rest)

    monkeypatch.setattr(experiments, "run_experiment", failing)
    with pytest.raises(UserError, match=r"^1 of 5 steps failed; dense autoencoder, code 32: no space$"):
        run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    assert "note: [2/5] dense autoencoder, code 32: no space\n" in capsys.readouterr().err
    assert [kind for kind, _ in experiment_calls] == ["dense-ae", "dense-ae", "conv-dae"]  # no SVM: an encoder lacks
    assert not (tmp_path / "all.json").exists()
    monkeypatch.setattr(experiments, "run_experiment", perform)
    done = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    assert [result.how for result in done] == ["reused", "new", "reused", "new", "reused"]


@pytest.mark.parametrize("error", [OptionError("--device gpu: no GPU"), UserError("no temporary folder")])
def test_after_a_step_that_is_refused_before_any_work_no_other_starts(tmp_path, data, monkeypatch, error):
    calls = []

    def refused(kind, settings, *, run, **rest):
        with track_status(run):
            calls.append(settings)
            raise error

    monkeypatch.setattr(experiments, "run_experiment", refused)
    with pytest.raises(type(error)) as caught:
        run.run_coursework(course_steps(BASE), data, runs_dir=tmp_path, fresh=False)
    assert str(error) in str(caught.value) and len(calls) == 2  # those that ran at the same time
    assert list_runs(tmp_path) == []


def test_the_svm_evaluation_is_run_alone(tmp_path, data, experiment_calls, monkeypatch):
    sizes = []

    class Observed(InProcessExecutor):
        def start(self, job):
            super().start(job)
            sizes.append((job.kind, len(self.running), self.jobs))

    monkeypatch.setattr(run, "LocalExecutor", Observed)
    run.run_coursework(course_steps(BASE), data, runs_dir=tmp_path, fresh=False)
    assert max(running for _, running, _ in sizes[:-1]) == 2 and sizes[-1] == ("svm-eval", 1, 1)


def test_the_svm_evaluation_is_run_alone_in_a_continued_call_too(
    tmp_path, data, experiment_calls, sweep_calls, monkeypatch
):
    plan, started = course_steps(BASE, seeds=2)[:6], []
    run.run_coursework(plan[:3], data, runs_dir=tmp_path, fresh=False)

    class Observed(InProcessExecutor):
        def start(self, job):
            super().start(job)
            started.append((job.kind, len(self.running), len(sweep_calls)))

    monkeypatch.setattr(run, "LocalExecutor", Observed)
    done = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    assert started == [("conv-dae", 1, 1), ("charrnn", 2, 1), ("svm-eval", 1, 3)]
    assert [result.how for result in done] == ["reused"] * 3 + ["new"] * 3


def test_after_a_refusal_no_further_seeds_are_trained(tmp_path, data, experiment_calls, sweep_calls, monkeypatch):
    plan, perform = course_steps(BASE, seeds=2), experiments.run_experiment

    def refused(kind, settings, *, run, **rest):
        if kind != "charrnn":
            return perform(kind, settings, run=run, **rest)
        with track_status(run):
            raise OptionError("--length 10: odd")

    monkeypatch.setattr(experiments, "run_experiment", refused)
    with pytest.raises(OptionError, match=r"^--length 10: odd$"):
        run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    assert sweep_calls == [] and [kind for kind, _ in experiment_calls] == ["dense-ae"] * 3 + ["conv-dae"]


def test_a_name_that_another_process_took_in_the_same_second_is_left_to_it(tmp_path, data, experiment_calls):
    plan = course_steps(BASE)[:1]
    queue = step_queue.StepQueue(plan, data, tmp_path, fresh=False, parallel=1)
    queue.begin_steps()
    (job,) = queue.ready()
    queue.mark_started(job)
    theirs = create_run(tmp_path, "dense-ae", {**job.settings, "data": "/other"}, name=job.folder.name)
    theirs.finish({"parameters": 1})
    result = worker.run_here(job)
    assert result.error == f"{job.folder}: already exists" and not queue.mark_finished(result)
    (again,) = queue.ready()
    assert queue.results == queue.errors == {} and again.folder != job.folder
    queue.mark_started(again)
    assert queue.mark_finished(worker.run_here(again)) and len(experiment_calls) == 1
    assert queue.results[plan[0].name].run == again.folder


def test_a_process_that_dies_before_its_run_has_a_folder_starts_a_new_one(tmp_path, data, experiment_calls):
    queue = step_queue.StepQueue(course_steps(BASE)[:1], data, tmp_path, fresh=False, parallel=1)
    queue.begin_steps()
    (job,) = queue.ready()
    queue.mark_started(job)
    assert not queue.mark_finished(JobResult(job, WORKER_DIED)) and queue.errors
    queue.mark_retry(job)
    (again,) = queue.ready()
    assert again.started is not None and queue.errors == {}


def test_runs_are_in_the_order_of_the_plan_whichever_process_begins_first(tmp_path, data):
    plan = course_steps(BASE)[:3]
    queue, jobs = step_queue.StepQueue(plan, data, tmp_path, fresh=False, parallel=3), []
    queue.begin_steps()
    for _ in plan:
        jobs += queue.ready()
        queue.mark_started(jobs[-1])
    for job in reversed(jobs):
        worker._open_job_run(job, fields.from_dict(config.DenseAE, job.settings, "x"))
    assert [record.config["code_size"] for record in list_runs(tmp_path)] == [16, 32, 64]


def test_a_failed_sweep_over_seeds_ends_only_what_needs_it(tmp_path, data, experiment_calls, sweep_calls, monkeypatch):
    plan, perform = course_steps(BASE, seeds=2)[:6], run.run_sweep

    def failing(sweep, **more):
        if sweep.kind == "dense-ae":
            raise UserError("1 of 1 points failed; 1_seed=1: odd")
        return perform(sweep, **more)

    monkeypatch.setattr(run, "run_sweep", failing)
    with pytest.raises(UserError, match=r"^1 of 6 steps failed; dense autoencoder, code 32: 1 of 1 points failed"):
        run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    assert sweep_calls == [[1], [1]]  # of the denoiser and the RNN
    assert "svm-eval" not in [kind for kind, _ in experiment_calls]


def test_a_step_whose_process_dies_is_resumed_in_its_folder(tmp_path, data, experiment_calls, monkeypatch):
    plan, tries = course_steps(BASE)[:2], Counter()

    class Dying(InProcessExecutor):
        def wait_finished(self, seconds):
            job = self.running[0]
            tries[job.folder] += 1
            if tries[job.folder] == 1 and job.settings["code_size"] == 16:
                create_run(
                    tmp_path, job.kind, {**job.settings, **job.data_paths}, name=job.folder.name, started=job.started
                ).close("died")
                return [JobResult(self.running.pop(0), WORKER_DIED)]
            return super().wait_finished(seconds)

    monkeypatch.setattr(run, "LocalExecutor", Dying)
    done = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    assert [result.how for result in done] == ["new", "new"] and sorted(tries.values()) == [1, 2]
    assert len(read_run(done[0].run).facts["resumed"]) == 1


def test_at_a_time_run_as_many_steps_as_cores_or_jobs_and_on_gpus_one_per_gpu(monkeypatch):
    plan, on_gpu = course_steps(BASE), course_steps({**BASE, "conv-dae": config.ConvDAE(device="gpu")})
    monkeypatch.setattr(run, "free_memory", lambda: 64e9)
    for cores, expected in ((1, 1), (3, 3), (64, run.MAX_PARALLEL)):
        monkeypatch.setattr(machine, "cores", lambda cores=cores: cores)
        assert run.parallel_steps(plan, None) == expected
    assert run.parallel_steps(plan, 7) == 7
    monkeypatch.setattr(run, "free_memory", lambda: 3.2e9)
    assert run.parallel_steps(plan, None) == 2 and run.parallel_steps(plan, 7) == 7
    monkeypatch.setattr(run, "free_memory", lambda: 0)
    assert run.parallel_steps(plan, None) == 1 and run.parallel_steps(plan[:3], 7) == 3
    for gpus in ([], ["0"], ["0", "1"]):
        monkeypatch.setattr(run, "visible_gpus", lambda gpus=gpus: gpus)
        assert run.parallel_steps(on_gpu, None) == max(1, len(gpus))


def test_jobs_out_of_range_are_refused_before_the_data_are_read(pw13):
    code, _, err = pw13("all", "--jobs", 0, "--data", "nowhere")
    assert (code, err) == (2, "pw13: --jobs: expected an integer from 1 to 1024, received 0\n")


@pytest.mark.parametrize("live", [True, False])
def test_what_runs_is_shown(tmp_path, data, experiment_calls, monkeypatch, capsys, live):
    plan = course_steps(BASE)[:4]
    queue = step_queue.StepQueue(plan, data, tmp_path, fresh=False, parallel=2)
    assert queue.begin_steps()
    (first,) = queue.ready()
    queue.mark_started(first)
    (second,) = queue.ready()
    queue.mark_started(second)
    assert first.folder != second.folder
    experiments.run_experiment("dense-ae", plan[0].settings, run=open_run(first), data="x")
    assert queue.mark_finished(JobResult(first, None)) and len(queue.ready()) == 1
    begun = open_run(second)
    begun.save_text("history.csv", "epoch,loss,val_loss\n1,1.0,0.5\n")
    capsys.readouterr()
    if live:
        shown = []
        queue.show(lambda *table: shown.append(table))
        title, columns, rows, focus = shown[0]
        assert title.startswith("1 of 4 steps; 3 left, about ") and columns == ("step", "status", "seconds")
        states = ["completed", f"epoch 2 of {plan[1].settings.epochs}", "waiting", "waiting"]
        assert [row[1] for row in rows] == states and focus == 1
    else:
        queue.show(None)
        monkeypatch.setattr(step_queue, "LINE_SECONDS", 0)
        queue.show(None)
        text = f"{plan[1].name}: epoch 2 of {plan[1].settings.epochs}\n"
        assert capsys.readouterr().err == text


def test_an_interrupt_keeps_finished_steps(tmp_path, data, experiment_calls, monkeypatch):
    plan, perform = course_steps(BASE)[:3], experiments.run_experiment

    def stopped(kind, settings, **rest):
        if settings.code_size == 64:
            raise signals.Interrupted(2)
        return perform(kind, settings, **rest)

    monkeypatch.setattr(experiments, "run_experiment", stopped)
    with pytest.raises(signals.Interrupted):
        run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    assert not (tmp_path / "all.json").exists()
    signals.reset()
    monkeypatch.setattr(experiments, "run_experiment", perform)
    assert [result.how for result in run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)][:2] == [
        "reused",
        "reused",
    ]


def test_the_time_left_scales_with_what_new_runs_took_and_is_shared_by_those_that_run(data):
    plan = course_steps(BASE, seeds=4)
    small, headline, denoiser = plan[0], plan[1], plan[4]
    one, two, conv = (run_seconds(step, data, plan) for step in (small, headline, denoiser))

    def left(*steps, measured=None, spent=None, parallel=1):
        return pytest.approx(
            seconds_left([Left(*each) for each in steps], plan, measured or {}, spent or {}, data, parallel)
        )

    assert left() == 0 and left((small, True, 0)) == one and left((small, True, 0), (headline, True, 0)) == one + two
    assert left((small, True, 0), (headline, True, 0), parallel=2) == max((one + two) / 2, one, two)
    twice = {small.name: 2 * one}
    assert left((headline, True, 0), measured=twice) == 2 * two
    assert left((headline, True, 0), measured=twice, spent={headline.name: 3.0}) == 2 * two - 3
    assert left((headline, True, 0), measured=twice, spent={headline.name: 1e9}) == 0
    assert left((headline, False, 3), parallel=2) == 1.5 * two and left((headline, True, 3)) == 4 * two
    assert left((denoiser, False, 2), parallel=2) == 2 * conv  # whose threads keep both cores busy


def test_a_limit_shortens_the_estimate(data):
    limited = Step("x", "conv-dae", config.ConvDAE(limit=100))
    assert run_seconds(limited, data, []) < run_seconds(limited._replace(settings=config.ConvDAE()), data, [])


def test_the_estimate_counts_the_encoders_of_every_seed(data):
    one, five = (course_steps(BASE, seeds) for seeds in (1, 5))
    overhead, seconds, more = (
        run_seconds(step, data, plan) for step, plan in ((one[3], []), (one[3], one), (five[3], five))
    )
    # pixels alone, pixels and 3 encoders, pixels and 7
    assert more - seconds == pytest.approx(4 / 3 * (seconds - overhead))


def test_costlier_settings_have_longer_estimates():
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
        assert epoch_seconds("charrnn", longer, 1e6) > 1.9 * epoch_seconds("charrnn", one, 1e6)
    units = [epoch_seconds("charrnn", dataclasses.replace(one, units=n), 480_000) for n in (32, 64, 256, 768, 1536)]
    assert units == [0.5, 1, 4, 24, 96]  # 160,000 windows
    codes = [epoch_seconds("dense-ae", config.DenseAE(code_size=n), 150_000) for n in (8, 48, 96, 480)]
    assert codes == [1, 1, 2, 10]
    images = [epoch_seconds("conv-dae", config.ConvDAE(limit=limit), 10_000) for limit in (1000, None, 20_000)]
    assert images == [images[0], 10 * images[0], 10 * images[0]]


def test_a_signal_too_late_for_a_step_stops_before_the_next(tmp_path, data, experiment_calls, monkeypatch):
    plan, perform = course_steps(BASE)[:3], experiments.run_experiment

    def signalled(kind, settings, **rest):
        signals.request()
        return perform(kind, settings, **rest)

    monkeypatch.setattr(experiments, "run_experiment", signalled)
    try:
        with pytest.raises(signals.Interrupted):
            run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    finally:
        signals.reset()
    assert len(experiment_calls) == 1
    assert [record.status for record in list_runs(tmp_path)] == ["completed"]


def test_each_headline_network_gets_all_seeds_and_the_denoiser_at_most_three():
    plan = course_steps(BASE, seeds=5)
    assert {step.name: step.seeds for step in plan if step.seeds > 1} == {
        "dense autoencoder, code 32": 5,
        "denoising autoencoder, noise 0.5": 3,
        "simple RNN, many-to-one, 64 units, 10 epochs": 5,
        "gru RNN, many-to-one, 64 units, 10 epochs": 5,
        "lstm RNN, many-to-one, 64 units, 10 epochs": 5,
        "simple RNN, many-to-many, 64 units, 10 epochs": 5,
    }
    assert [step[:4] for step in plan] == [step[:4] for step in course_steps(BASE)]
    for seeds in (0, 101):
        with pytest.raises(OptionError, match=f"--seeds: expected an integer from 1 to 100, received {seeds}"):
            course_steps(BASE, seeds)


@pytest.fixture
def sweep_calls(monkeypatch, data):
    """Replace the sweep by one whose points only finish; return the seeds of each call."""
    calls: list[list[int]] = []

    def fake(sweep, *, run, executor, lean):
        assert lean == (sweep.kind == "charrnn")  # the report averages all that the other kinds measure
        calls.append([point.settings.seed for point in sweep.points])
        facts = {"data": {"sha256": data.sha256["corpus" if sweep.kind == "charrnn" else "data"]}}
        run.update(**facts)
        for point in sweep.points:
            options = {**fields.as_dict(point.settings), **sweep.data_paths}
            trained = create_run(run.folder, sweep.kind, options, name=point.name, **facts)
            write_model(trained)
            trained.finish({"parameters": 1})
        return run.finish({"points": len(sweep.points)})

    monkeypatch.setattr(run, "run_sweep", fake)
    return calls


def test_further_seeds_are_swept_once_listed_and_their_codes_used_by_the_svm(
    experiment_calls, sweep_calls, data, tmp_path
):
    plan = course_steps(BASE, seeds=3)
    first = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    assert sweep_calls == [[1, 2]] * 6 and len(experiment_calls) == len(plan)
    (svm,) = list_runs(tmp_path, "svm-eval")
    assert len(svm.config["runs"]) == 5 and sum("sweep-dense-ae" in name for name in svm.config["runs"]) == 2
    listed = json.loads((tmp_path / "all.json").read_text("utf-8"))
    assert len(listed["runs"]) == len(plan) and len(listed["sweeps"]) == 6

    again = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    assert len(sweep_calls) == 6 and {result.how for result in again} == {"reused"}
    assert [result.sweep for result in again] == [result.sweep for result in first]
    run.run_coursework(course_steps(BASE, seeds=2), data, runs_dir=tmp_path, fresh=False)
    assert sweep_calls[6:] == [[1]] * 6


def test_a_sweep_over_seeds_with_a_point_without_its_model_is_trained_again(
    experiment_calls, sweep_calls, data, tmp_path
):
    plan = course_steps(BASE, seeds=3)[1:2]
    (first,) = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    next(first.sweep.glob("1_*/checkpoints/best.keras")).unlink()
    (again,) = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    assert again.run == first.run and again.sweep != first.sweep
    assert run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)[0].sweep == again.sweep
    assert len(sweep_calls) == 2


def test_further_seeds_of_a_reused_run_are_announced_and_their_seconds_counted(
    experiment_calls, sweep_calls, data, tmp_path, monkeypatch, capsys
):
    (first,) = run.run_coursework(course_steps(BASE)[1:2], data, runs_dir=tmp_path, fresh=False)
    perform = run.run_sweep
    monkeypatch.setattr(run, "run_sweep", lambda *given, **more: time.sleep(0.2) or perform(*given, **more))
    plan = course_steps(BASE, seeds=2)[1:2]
    capsys.readouterr()
    (more,) = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    assert (more.how, more.run) == ("reused", first.run) and 0.2 <= more.seconds < 60
    step = f"[1/1] {plan[0].name}"
    about = format_duration(run_seconds(plan[0], data, plan))
    assert capsys.readouterr().err.splitlines() == [
        f"{step}: reusing {first.run.name}",
        f"1 of 1 steps to run, 1 at a time: about {about}",
        f"{step}: further seeds; 1 left, about {about}",
    ]
    run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    assert capsys.readouterr().err.splitlines() == [f"{step}: reusing {first.run.name}"]


def test_an_interrupted_sweep_over_seeds_is_resumed(experiment_calls, sweep_calls, data, tmp_path):
    plan = course_steps(BASE, seeds=2)
    first = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    interrupted = next(result.sweep for result in first if result.sweep)
    set_facts(interrupted, status="interrupted")
    for point in interrupted.glob("1_*"):
        shutil.rmtree(point)
    again = run.run_coursework(plan, data, runs_dir=tmp_path, fresh=False)
    assert len(sweep_calls) == 7 and next(result.sweep for result in again if result.sweep) == interrupted
