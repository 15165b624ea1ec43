"""Runs and sweeps of earlier calls that the steps of a coursework reuse or resume."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pw13 import __version__
from pw13.coursework.plan import CourseData, Step, StepResult
from pw13.errors import UserError
from pw13.inference.trained_run import model_path
from pw13.runs.comparison import sweep_points
from pw13.runs.finding import list_runs
from pw13.runs.record import Record, settings_of
from pw13.sweeps.folder import Sweep, build_sweep, find_identical


def data_paths_of(step: Step, data: CourseData, used: Sequence[StepResult], runs_dir: Path) -> dict[str, Any]:
    """Return the data paths of a step, as its experiment takes them; `used`: the steps whose encoders it needs."""
    if step.kind == "charrnn":
        return {"corpus": data.data_paths["corpus"]}
    if step.kind != "svm-eval":
        return {"data": data.data_paths["data"]}
    folders = [result.run for result in used]
    folders += [point for result in used if result.sweep for point in seed_runs(result.sweep)]
    runs = [str(folder.absolute()) for folder in folders]
    return {"data": data.data_paths["data"], "runs": runs, "runs_dir": str(runs_dir.absolute())}


def sha256_of(kind: str, data: CourseData) -> str:
    """Return the sha256 of the data of a kind of run."""
    return data.sha256["corpus" if kind == "charrnn" else "data"]


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


def find_seeds(step: Step, data: CourseData, runs_dir: Path) -> Record | None:
    """Return the newest sweep over the further seeds of a step; None if there is none, or if a model was deleted."""
    record = find_identical(further_seeds(step, data), runs_dir)
    if record is None or not is_current(record, sha256_of(step.kind, data)):
        return None
    lacking = record.status == "completed" and not all(map(has_model, sweep_points(record.folder)))
    return None if lacking else record


def further_seeds(step: Step, data: CourseData) -> Sweep:
    """Return the sweep over the seeds of a step besides its first."""
    first = dataclasses.replace(step.settings, seed=step.settings.seed + 1)
    return build_sweep(step.kind, first, {}, step.seeds - 1, data_paths_of(step, data, (), Path()))


def seed_runs(sweep: Path) -> list[Path]:
    """Return the folders of a sweep's points."""
    return [record.folder for record in sweep_points(sweep)]


def matches(record: Record, step: Step, data_paths: Mapping[str, Any], data: CourseData) -> bool:
    """Return whether a run of this pw13 version has the settings, data and encoders of the step."""
    used = (record.config.get("runs", []), record.config.get("init_from"))
    if record.problem or used != (data_paths.get("runs", []), None):
        return False
    try:
        return is_current(record, sha256_of(step.kind, data)) and settings_of(record) == step.settings
    except UserError:  # of another version of pw13
        return False


def is_current(record: Record, sha256: str) -> bool:
    """Return whether a run was made by this pw13 version on these data."""
    version = (record.facts.get("versions") or {}).get("pw13")  # others have other baselines and random streams
    return version == __version__ and record.data_sha256 == sha256


def has_model(record: Record) -> bool:
    """Return whether a run still has the model that later steps and the report need; an SVM evaluation has none."""
    return record.kind == "svm-eval" or model_path(record).is_file()
