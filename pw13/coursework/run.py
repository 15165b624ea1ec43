"""The whole practical work: every experiment of the handout in one process, so that TensorFlow is imported once."""

import dataclasses
import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pw13 import console, experiments
from pw13.config import fields
from pw13.console import format_duration
from pw13.coursework.plan import CourseData, Step, StepResult
from pw13.data.images import load_images
from pw13.data.names import load_names, windows
from pw13.errors import UserError
from pw13.experiments.runtime_estimate import estimate_seconds
from pw13.runs.folder import Run, create_run, reopen_run
from pw13.runs.record import LAST_ALL, Record, list_runs, settings_of
from pw13.system import files, signals


def run_coursework(plan: Sequence[Step], data: CourseData, *, runs_dir: Path, fresh: bool) -> list[StepResult]:
    """Carry out the steps that have no finished run yet (all of them if `fresh`), and note which runs they are.

    Raises:
        Stopped: a signal asked to stop; finished steps are kept, the one under way can go on.
    """
    done: list[StepResult] = []
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it warns of functions that every run compiles anew
    for number, step in enumerate(plan, 1):
        signals.check()  # a signal may have come when the step before had nothing more to stop
        data_paths = data_paths_of(step, data, done, runs_dir)
        record = None if fresh else find_existing(step, data_paths, data, runs_dir)
        if record is not None and record.status == "completed":
            console.message(f"[{number}/{len(plan)}] {step.name}: {record.name} is there already")
            done.append(StepResult(step, "reused", record.folder, 0.0))
            continue
        console.message(f"[{number}/{len(plan)}] {step.name}{time_left(plan[number - 1 :], done, data)}")
        begun = time.time()
        run = open_step_run(step, data_paths, record, runs_dir, begun)
        experiments.run_experiment(step.kind, step.settings, run=run, **data_paths)
        done.append(StepResult(step, "resumed" if record else "new", run.folder, time.time() - begun))
    files.write_json(runs_dir / LAST_ALL, {"runs": {each.step.name: each.run.name for each in done}})
    signals.check()
    return done


def inspect_data(data: str, corpus: str, settings: Any) -> CourseData:
    """The digests and sizes of the data that all steps will use.

    Raises:
        UserError: they cannot be read.
    """
    images = load_images(data)
    names = load_names(corpus, encoding=settings.encoding, fix_accents=settings.fix_accents)
    return CourseData(
        {"data": data, "corpus": corpus},
        {"data": images.source.sha256, "corpus": names.source.sha256},
        len(images.train_images),
        len(windows.join(names.names)),
    )


def data_paths_of(step: Step, data: CourseData, done: Sequence[StepResult], runs_dir: Path) -> dict[str, Any]:
    """Where a step's data are, as its experiment takes them."""
    if step.kind == "charrnn":
        return {"corpus": data.data_paths["corpus"]}
    if step.kind != "svm-eval":
        return {"data": data.data_paths["data"]}
    used = [str(each.run.absolute()) for each in done if each.step.name in step.uses]
    return {"data": data.data_paths["data"], "runs": used, "runs_dir": str(runs_dir.absolute())}


def find_existing(step: Step, data_paths: Mapping[str, Any], data: CourseData, runs_dir: Path) -> Record | None:
    """The newest run with the step's settings on the same data: a complete one, else one that can go on."""
    fitting = [record for record in list_runs(runs_dir, step.kind) if matches(record, step, data_paths, data)]
    for good in (("completed",), ("interrupted", "died")):
        found = [record for record in fitting if record.status in good]
        if found:
            return found[-1]
    return None


def matches(record: Record, step: Step, data_paths: Mapping[str, Any], data: CourseData) -> bool:
    """Whether a run is one of the step: equal settings, equal data, equal encoders."""
    if record.problem or record.config.get("runs", []) != data_paths.get("runs", []):
        return False
    sha256 = data.sha256["corpus" if step.kind == "charrnn" else "data"]
    try:
        return (record.facts.get("data") or {}).get("sha256") == sha256 and settings_of(record) == step.settings
    except UserError:  # of another version of pw13
        return False


def open_step_run(
    step: Step, data_paths: Mapping[str, Any], record: Record | None, runs_dir: Path, begun: float
) -> Run:
    """The run folder to work in: a new one, or that of the run that goes on."""
    if record is not None:
        console.message(f"going on with {record.name}")
        run = reopen_run(record, step.settings)
    else:
        run = create_run(runs_dir, step.kind, {**fields.as_dict(step.settings), **data_paths})
    return dataclasses.replace(run, started_at=begun)


def time_left(open_steps: Sequence[Step], done: Sequence[StepResult], data: CourseData) -> str:
    """In words how long the next step and all that are left will take, from what the ones before took."""
    spent = [(each.seconds, step_seconds(each.step, data)) for each in done if each.how == "new"]
    factor = sum(seconds for seconds, _ in spent) / sum(guessed for _, guessed in spent) if spent else 1.0
    mine, *_ = seconds = [factor * step_seconds(step, data) for step in open_steps]
    rest = f"; all {len(open_steps)} that are left about {format_duration(sum(seconds))}" if len(open_steps) > 1 else ""
    return f": about {format_duration(mine)}{rest}"


def step_seconds(step: Step, data: CourseData) -> float:
    """Return the seconds that a step may take on two cores."""
    return estimate_seconds(
        step.kind, step.settings, images=data.images, characters=data.characters, encoders=len(step.uses)
    )
