"""The steps of a coursework as a queue of jobs: which can start, which are reused, and what is shown of them."""

import time
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from pw13 import console
from pw13.config import fields
from pw13.console import format_cell, format_duration
from pw13.coursework.existing_runs import data_paths_of, find_existing, sha256_of
from pw13.coursework.plan import CourseData, Step, StepResult
from pw13.coursework.time_left import seconds_left
from pw13.runs import comparison
from pw13.sweeps.folder import point_status
from pw13.sweeps.jobs import Job, JobResult
from pw13.sweeps.status import stage
from pw13.system import machine

LINE_SECONDS = 30.0  # between lines on what runs, without a terminal


class BegunStep(NamedTuple):
    """A step that waits or runs: the paths of its data, and how its run starts, "new" or "resumed".

    folder: of the run; None before a new one has a name. started_at: by `time.monotonic`.
    """

    step: Step
    data_paths: dict[str, Any]
    how: str
    folder: Path | None
    started_at: float = 0.0


class StepQueue:
    """The first seed of each step, as a queue of jobs.

    results: of the finished steps by name, reused ones included. errors: messages of the failed steps by name.
    running: the steps at work by the folders of their runs.
    """

    def __init__(self, plan: Sequence[Step], data: CourseData, runs_dir: Path, *, fresh: bool, parallel: int):
        self._plan, self._data, self._runs_dir, self._fresh, self._parallel = plan, data, runs_dir, fresh, parallel
        self._waiting: dict[str, BegunStep] = {}
        self._started: dict[Path, BegunStep] = {}
        self._shown_at = time.monotonic()
        self.results: dict[str, StepResult] = {}
        self.errors: dict[str, str] = {}
        self.running: dict[Path, BegunStep] = {}

    # ------------------------------------------------------------------------------------------------- the steps

    def begin_steps(self) -> bool:
        """Begin the steps whose encoders are trained: reuse finished runs, let the others wait. Return if one waits."""
        running = (begun.step.name for begun in self.running.values())
        known = {*self._waiting, *self.results, *self.errors, *running}
        for step in self._plan:
            if step.name not in known and all(map(self._has_all_seeds, step.uses)):
                self._begin(step)
        return bool(self._waiting)

    def _begin(self, step: Step) -> None:
        encoders = [self.results[used] for used in step.uses]
        data_paths = data_paths_of(step, self._data, encoders, self._runs_dir)
        record = None if self._fresh else find_existing(step, data_paths, self._data, self._runs_dir)
        if record is None:
            self._waiting[step.name] = BegunStep(step, data_paths, "new", None)
        elif record.status == "completed":
            console.message(f"{self.label(step)}: reusing {record.name}")
            self.results[step.name] = StepResult(step, "reused", record.folder, 0.0)
        else:
            self._waiting[step.name] = BegunStep(step, data_paths, "resumed", record.folder)

    def _has_all_seeds(self, name: str) -> bool:
        result = self.results.get(name)
        return result is not None and (result.step.seeds == 1 or result.sweep is not None)

    def lacking_seeds(self) -> list[Step]:
        """Return the finished steps whose further seeds are not trained."""
        return [step for step in self._plan if step.name in self.results and not self._has_all_seeds(step.name)]

    def add_seeds(self, step: Step, sweep: Path, seconds: float) -> None:
        """Record the sweep over the further seeds of a step, and the seconds that it took."""
        result = self.results[step.name]
        self.results[step.name] = result._replace(sweep=sweep, seconds=result.seconds + seconds)

    def label(self, step: Step) -> str:
        """Return the number and the name of a step."""
        return f"[{self._plan.index(step) + 1}/{len(self._plan)}] {step.name}"

    def left(self) -> list[Step]:
        """Return the steps that are not finished, those that lack only further seeds with the number of these."""
        first = [step for step in self._plan if step.name not in self.results.keys() | self.errors.keys()]
        return first + [step._replace(seeds=step.seeds - 1) for step in self.lacking_seeds()]

    def seconds_left(self) -> float:
        """Estimate the seconds until all steps are finished."""
        now = time.monotonic()
        spent = {begun.step.name: now - begun.started_at for begun in self.running.values()}
        return seconds_left(self.left(), self._plan, list(self.results.values()), spent, self._data, self._parallel)

    def time_left(self) -> str:
        """Format how many steps are left and their time, as "; 3 left, about 40 s"; "" for none."""
        left = self.left()
        return f"; {len(left)} left, about {format_duration(self.seconds_left())}" if left else ""

    # ------------------------------------------------------------------------------------------------- the queue

    def ready(self) -> list[Job]:
        """Return the job of the first waiting step, if any: in the order of the plan the newest run is its last one.

        A new run is named as if it started now.
        """
        first = next((step for step in self._plan if step.name in self._waiting), None)
        if first is None:
            return []
        begun = self._waiting[first.name]
        folder = begun.folder or new_folder(self._runs_dir, first.kind, self._started)
        sha256, settings = sha256_of(first.kind, self._data), fields.as_dict(first.settings)
        return [Job(folder, first.kind, settings, begun.data_paths, sha256, machine.versions(), lean=False)]

    def mark_started(self, job: Job) -> None:
        first = next(step for step in self._plan if step.name in self._waiting)
        begun = self._waiting.pop(first.name)._replace(folder=job.folder, started_at=time.monotonic())
        self.running[job.folder] = self._started[job.folder] = begun
        what = f"resuming {job.folder.name}" if begun.how == "resumed" else "started"
        console.message(f"{self.label(first)}: {what}")

    def mark_finished(self, result: JobResult) -> bool:
        """Record how a step ended, and return whether it is complete; its folder counts, not the worker's answer."""
        step, _, how, _, started_at = self.running.pop(result.job.folder)
        state, seconds = point_status(result.job.folder), time.monotonic() - started_at
        if state.status != "completed":
            self.errors[step.name] = result.error or state.status
            console.warning(f"{self.label(step)}: {self.errors[step.name]}")
            return False
        self.results[step.name] = StepResult(step, how, result.job.folder, seconds)
        metric = comparison.validation_metric(step.kind)
        value = "" if state.value is None else f"{metric} {format_cell(state.value)}, "
        console.message(f"{self.label(step)}: {value}{format_duration(seconds)}{self.time_left()}")
        self.begin_steps()
        return True

    def mark_retry(self, job: Job) -> None:
        begun = self._started[job.folder]
        self.errors.pop(begun.step.name)
        self._waiting[begun.step.name] = begun
        console.message(f"{self.label(begun.step)}: resuming from its last checkpoint")

    def show(self, update: console.TableUpdate | None) -> None:
        """Update the live table; without one, print a line on the running steps now and then."""
        if update is None:
            if self.running and time.monotonic() - self._shown_at >= LINE_SECONDS:
                self._shown_at = time.monotonic()
                console.message("; ".join(f"{begun.step.name}: {_stage(begun)}" for begun in self.running.values()))
            return
        now, running = time.monotonic(), {begun.step.name: begun for begun in self.running.values()}
        rows: list[tuple[str, str, float | None]] = []
        for step in self._plan:
            if step.name in running:
                rows.append((step.name, _stage(running[step.name]), now - running[step.name].started_at))
            elif step.name in self.results:
                result = self.results[step.name]
                rows.append((step.name, "reused" if result.how == "reused" else "completed", result.seconds))
            else:
                rows.append((step.name, "failed" if step.name in self.errors else "waiting", None))
        open_rows = [index for index, row in enumerate(rows) if row[1] not in ("reused", "completed", "failed")]
        title = f"{len(self.results)} of {len(rows)} steps{self.time_left()}"
        shown = [(name, status, None if seconds is None else round(seconds)) for name, status, seconds in rows]
        update(title, ("step", "status", "seconds"), shown, open_rows[0] if open_rows else len(rows) - 1)


def _stage(begun: BegunStep) -> str:
    """Return what a running step does."""
    assert begun.folder is not None
    if begun.step.kind == "svm-eval":
        return "fitting SVMs"
    return stage(point_status(begun.folder), begun.step.settings.epochs)


def new_folder(runs_dir: Path, kind: str, taken: Collection[Path]) -> Path:
    """Return the absolute path of the folder of a run of `kind` that starts now, neither existing nor `taken`."""
    name = f"{datetime.now().astimezone():%Y-%m-%d_%H-%M-%S}_{kind}"
    folder, number = (runs_dir / name).absolute(), 1
    while folder in taken or folder.exists():
        number += 1
        folder = folder.with_name(f"{name}_{number}")
    return folder
