"""Run every experiment of the course in one process, so that TensorFlow is imported once."""

import contextlib
import dataclasses
import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pw13 import __version__, console, experiments
from pw13.config import fields
from pw13.console import format_duration
from pw13.coursework.plan import CourseData, Step, StepResult
from pw13.data.images import load_images
from pw13.data.names import load_names, windows
from pw13.data.names.dataset import check_length
from pw13.errors import UserError
from pw13.experiments.runtime_estimate import estimate_seconds
from pw13.inference.trained_run import model_path
from pw13.models.conv_dae_weights import code_shape
from pw13.runs.comparison import sweep_points
from pw13.runs.finding import list_runs, write_last_all
from pw13.runs.opening import create_run, reopen_run
from pw13.runs.record import Record, settings_of
from pw13.runs.resume import refuse_running
from pw13.sweeps.executors import LocalExecutor
from pw13.sweeps.folder import Sweep, build_sweep, create_sweep, find_identical
from pw13.sweeps.jobs import parallel_jobs
from pw13.sweeps.scheduler import run_sweep
from pw13.system import installation, signals


def run_coursework(plan: Sequence[Step], data: CourseData, *, runs_dir: Path, fresh: bool) -> list[StepResult]:
    """Run the steps that have no finished run (with `fresh`, all of them), and record the runs in all.json.

    Raises:
        Interrupted: by a signal; finished steps are kept, the current one can be resumed.
    """
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it warns of functions that every run compiles again
    with contextlib.closing(LocalExecutor(0)) as executor:  # its workers start with the first sweep, and are kept
        done = run_steps(plan, data, runs_dir, executor, fresh=fresh)
    sweeps = {result.step.name: result.sweep.name for result in done if result.sweep}
    runs = {result.step.name: result.run.name for result in done}
    write_last_all(runs_dir, runs=runs, sweeps=sweeps)
    signals.check()
    return done


def run_steps(
    plan: Sequence[Step], data: CourseData, runs_dir: Path, executor: LocalExecutor, *, fresh: bool
) -> list[StepResult]:
    """Run or reuse each step, one after the other, its further seeds by the executor."""
    done: list[StepResult] = []
    printed: set[str] = set()  # all steps have the same data
    for number, step in enumerate(plan, 1):
        signals.check()  # a signal may have come too late for the step before
        data_paths = data_paths_of(step, data, done, runs_dir)
        record = None if fresh else find_existing(step, data_paths, data, runs_dir)
        reused = record if record is not None and record.status == "completed" else None
        seeds = further_seeds(step, data_paths)
        earlier = find_seeds(seeds, data, runs_dir) if seeds and not fresh else None
        message = f"[{number}/{len(plan)}] {step.name}" + (f": reusing {reused.name}" if reused else "")
        if reused is None or (seeds and (earlier is None or earlier.status != "completed")):
            left = step._replace(seeds=step.seeds - 1) if reused else step
            message += ("; further seeds" if reused else "") + time_left([left, *plan[number:]], done, data)
        console.message(message)
        started_at = time.monotonic()
        run = reused.folder if reused else run_first_seed(step, data_paths, record, runs_dir, printed)
        sweep = run_seeds(seeds, earlier, runs_dir, executor) if seeds else None
        how = "reused" if reused else "resumed" if record else "new"
        done.append(StepResult(step, how, run, time.monotonic() - started_at, sweep))
    return done


def inspect_data(data: str, corpus: str, base: Mapping[str, Any]) -> CourseData:
    """Load the data of all steps, by one settings record per kind, and return their paths, sha256 and sizes.

    Raises:
        UserError: they cannot be read, or a step could not use them.
        OptionError: the settings of a step do not fit them.
    """
    from pw13.experiments import svm_eval

    installation.check_tensorboard(*base.values())
    images = load_images(data)
    svm_eval.check_settings(images, base["svm-eval"])
    code_shape(*images.train_images.shape[1:])  # of the denoiser
    rnn = base["charrnn"]
    names = load_names(corpus, encoding=rnn.encoding, fix_accents=rnn.fix_accents)
    check_length(names.names, rnn.length, names.source.path)
    return CourseData(
        {"data": data, "corpus": corpus},
        {"data": images.source.sha256, "corpus": names.source.sha256},
        len(images.train_images),
        len(windows.join(names.names)),
    )


def data_paths_of(step: Step, data: CourseData, done: Sequence[StepResult], runs_dir: Path) -> dict[str, Any]:
    """Return the data paths of a step, as its experiment takes them."""
    if step.kind == "charrnn":
        return {"corpus": data.data_paths["corpus"]}
    if step.kind != "svm-eval":
        return {"data": data.data_paths["data"]}
    results = [result for result in done if result.step.name in step.uses]
    folders = [result.run for result in results]
    folders += [point for result in results if result.sweep for point in seed_runs(result.sweep)]
    used = [str(folder.absolute()) for folder in folders]
    return {"data": data.data_paths["data"], "runs": used, "runs_dir": str(runs_dir.absolute())}


def run_first_seed(
    step: Step, data_paths: Mapping[str, Any], record: Record | None, runs_dir: Path, printed: set[str]
) -> Path:
    """Run a step, from `record` on if there is one; return the folder of the run."""
    if record is not None:
        console.message(f"resuming {record.name}")
        run = reopen_run(record, step.settings)
    else:
        run = create_run(runs_dir, step.kind, {**fields.as_dict(step.settings), **data_paths})
    run.printed = printed
    experiments.run_experiment(step.kind, step.settings, run=run, **data_paths)
    return run.folder


def further_seeds(step: Step, data_paths: Mapping[str, Any]) -> Sweep | None:
    """Return the sweep over the seeds of a step besides its first; None for one seed."""
    if step.seeds == 1:
        return None
    first = dataclasses.replace(step.settings, seed=step.settings.seed + 1)
    return build_sweep(step.kind, first, {}, step.seeds - 1, dict(data_paths))


def find_seeds(sweep: Sweep, data: CourseData, runs_dir: Path) -> Record | None:
    """Return the newest sweep like `sweep` if it can be reused or resumed; None if not, or if a model was deleted."""
    record = find_identical(sweep, runs_dir)
    if record is None or not is_current(record, data.sha256["corpus" if sweep.kind == "charrnn" else "data"]):
        return None
    lacking = record.status == "completed" and not all(map(has_model, sweep_points(record.folder)))
    return None if lacking else record


def run_seeds(sweep: Sweep, record: Record | None, runs_dir: Path, executor: LocalExecutor) -> Path:
    """Train the further seeds of a step, unless `record` is complete; return the folder of the sweep.

    Names are measured for the first seed only: their tables and figures in the report show one network.

    Raises:
        Interrupted: by a signal; finished points are kept, the others can be resumed.
        UserError: a point failed.
    """
    if record is not None and record.status == "completed":
        return record.folder
    if record is not None:
        refuse_running(record)
    run = reopen_run(record, sweep.base) if record else create_sweep(sweep, runs_dir)
    executor.resize(parallel_jobs(sweep, None))
    run_sweep(sweep, run=run, executor=executor, lean=sweep.kind == "charrnn")
    return run.folder


def seed_runs(sweep: Path) -> list[Path]:
    """Return the folders of a sweep's points."""
    return [record.folder for record in sweep_points(sweep)]


def is_current(record: Record, sha256: str) -> bool:
    """Return whether a run was made by this pw13 version on these data."""
    version = (record.facts.get("versions") or {}).get("pw13")  # others have other baselines and random streams
    return version == __version__ and record.data_sha256 == sha256


def find_existing(step: Step, data_paths: Mapping[str, Any], data: CourseData, runs_dir: Path) -> Record | None:
    """Return the newest run of the step: one that is completed or was stopped, else a failed one, else None.

    So what an interrupted `--fresh` has begun is resumed. A completed run whose model was deleted is left out.
    """
    records = [record for record in list_runs(runs_dir, step.kind) if matches(record, step, data_paths, data)]
    records = [record for record in records if record.status != "completed" or has_model(record)]
    for statuses in (("completed", "interrupted", "died"), ("failed",)):
        usable = [record for record in records if record.status in statuses]
        if usable:
            return usable[-1]
    return None


def has_model(record: Record) -> bool:
    """Return whether a run still has the model that later steps and the report need; an SVM evaluation has none."""
    return record.kind == "svm-eval" or model_path(record).is_file()


def matches(record: Record, step: Step, data_paths: Mapping[str, Any], data: CourseData) -> bool:
    """Return whether a run of this pw13 version has the settings, data and encoders of the step."""
    used = (record.config.get("runs", []), record.config.get("init_from"))
    if record.problem or used != (data_paths.get("runs", []), None):
        return False
    sha256 = data.sha256["corpus" if step.kind == "charrnn" else "data"]
    try:
        return is_current(record, sha256) and settings_of(record) == step.settings
    except UserError:  # of another version of pw13
        return False


def time_left(remaining: Sequence[Step], done: Sequence[StepResult], data: CourseData) -> str:
    """Format the estimated time of the next step and of all remaining ones, scaled by what finished steps took."""
    new = [result for result in done if result.how == "new"]
    plan = [*(result.step for result in done), *remaining]
    estimated = sum(step_seconds(result.step, data, plan) for result in new)
    factor = sum(result.seconds for result in new) / estimated if new else 1.0
    seconds = [factor * step_seconds(step, data, plan) for step in remaining]
    total = f"; all {len(seconds)} remaining: about {format_duration(sum(seconds))}" if len(seconds) > 1 else ""
    return f": about {format_duration(seconds[0])}{total}"


def step_seconds(step: Step, data: CourseData, plan: Sequence[Step]) -> float:
    """Estimate the seconds of a step of a plan with all its seeds on two cores."""
    encoders = sum(used.seeds for used in plan if used.name in step.uses)
    return step.seeds * estimate_seconds(
        step.kind, step.settings, images=data.images, characters=data.characters, encoders=encoders
    )
