"""The steps of a coursework as a queue of jobs: which can start, which are reused, and what is shown of them."""

import time
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from pw13 import console
from pw13.config import fields
from pw13.console import format_cell, format_duration
from pw13.coursework.existing_runs import data_paths_of, find_existing, find_seeds, sha256_of
from pw13.coursework.plan import CourseData, Step, StepResult
from pw13.coursework.time_left import Left, seconds_left
from pw13.runs import comparison
from pw13.runs.record import Record, read_run
from pw13.sweeps.folder import point_status
from pw13.sweeps.jobs import INTERRUPTED, WORKER_DIED, Job, JobResult
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
    refused: that of one whose settings are out of range, or None. stopped: whether no other step is to start.
    running: the steps at work by the folders of their runs.
    """

    def __init__(self, plan: Sequence[Step], data: CourseData, runs_dir: Path, *, fresh: bool, parallel: int):
        self._plan, self._data, self._runs_dir, self._fresh, self._parallel = plan, data, runs_dir, fresh, parallel
        self._waiting: dict[str, BegunStep] = {}
        self._held: set[str] = set()  # names of waiting steps that cannot start yet
        self._started: dict[Path, BegunStep] = {}
        self._seeds: dict[str, Record] = {}  # sweeps of earlier calls over further seeds
        self._seconds: dict[str, float] = {}  # of the new runs
        self._shown_at = time.monotonic()
        self.results: dict[str, StepResult] = {}
        self.errors: dict[str, str] = {}
        self.refused: str | None = None
        self.stopped = False
        self.running: dict[Path, BegunStep] = {}

    # ------------------------------------------------------------------------------------------------- the steps

    def begin_steps(self) -> int:
        """Reuse finished runs, let the other steps wait whose encoders are trained, and return how many can start.

        An SVM evaluation can when nothing else is left, so that no training changes how much memory is free for it.
        """
        for step in self._plan:
            known = step.name in self._waiting.keys() | self.results.keys() | self.errors.keys()
            if not known and all(map(self._is_complete, step.uses)):
                self._begin(step)
        using = {name for name, begun in self._waiting.items() if begun.step.uses}
        self._held = using if using != self._waiting.keys() or self.lacking_seeds() else set()
        return len(self._waiting) - len(self._held)

    def _begin(self, step: Step) -> None:
        encoders = [self.results[used] for used in step.uses]
        data_paths = data_paths_of(step, self._data, encoders, self._runs_dir)
        record = None
        if not self._fresh:
            record = find_existing(step, data_paths, self._data, self._runs_dir)
            if step.seeds > 1 and (seeds := find_seeds(step, self._data, self._runs_dir)):
                self._seeds[step.name] = seeds
        if record is None:
            self._waiting[step.name] = BegunStep(step, data_paths, "new", None)
        elif record.status == "completed":
            console.message(f"{self.label(step)}: reusing {record.name}")
            self._add_result(step, "reused", record.folder, 0.0)
        else:
            self._waiting[step.name] = BegunStep(step, data_paths, "resumed", record.folder.absolute())

    def _add_result(self, step: Step, how: str, folder: Path, seconds: float) -> None:
        seeds = self._seeds.get(step.name)
        sweep = seeds.folder if seeds is not None and seeds.status == "completed" else None
        self.results[step.name] = StepResult(step, how, folder, seconds, sweep)

    def _is_complete(self, name: str) -> bool:
        """Return whether a step has all its seeds."""
        result = self.results.get(name)
        return result is not None and name not in self.errors and (result.step.seeds == 1 or result.sweep is not None)

    def lacking_seeds(self) -> list[Step]:
        """Return the finished steps whose further seeds are neither trained nor failed."""
        finished = (step for step in self._plan if step.name in self.results and step.name not in self.errors)
        return [step for step in finished if not self._is_complete(step.name)]

    def earlier_seeds(self, step: Step) -> Record | None:
        """Return the sweep over the further seeds of a step that an earlier call has begun."""
        return self._seeds.get(step.name)

    def add_seeds(self, step: Step, sweep: Path, seconds: float) -> None:
        """Record the sweep over the further seeds of a step, and the seconds that it took."""
        result = self.results[step.name]
        self.results[step.name] = result._replace(sweep=sweep, seconds=result.seconds + seconds)

    def add_error(self, step: Step, error: str) -> None:
        """Record why a step failed, and say so."""
        self.errors[step.name] = error
        console.warning(f"{self.label(step)}: {error}")

    def label(self, step: Step) -> str:
        """Return the number and the name of a step."""
        return f"[{self._plan.index(step) + 1}/{len(self._plan)}] {step.name}"

    def left(self) -> list[Left]:
        """Return what is left of the steps, without those that have failed or whose encoders have."""
        able = [step for step in self._plan if not {step.name, *step.uses} & self.errors.keys()]
        left = [Left(step, step.name not in self.results, self._seeds_left(step)) for step in able]
        return [each for each in left if each.first or each.further]

    def _seeds_left(self, step: Step) -> int:
        trained = self._seeds.get(step.name)
        done = self._is_complete(step.name) or (trained is not None and trained.status == "completed")
        return 0 if done else step.seeds - 1

    def seconds_left(self) -> float:
        """Estimate the seconds until all steps are finished."""
        now = time.monotonic()
        spent = {begun.step.name: now - begun.started_at for begun in self.running.values()}
        return seconds_left(self.left(), self._plan, self._seconds, spent, self._data, self._parallel)

    def time_left(self) -> str:
        """Format how many steps are left and their time, as "; 3 left, about 40 s"; "" for none."""
        left = self.left()
        return f"; {len(left)} left, about {format_duration(self.seconds_left())}" if left else ""

    # ------------------------------------------------------------------------------------------------- the queue

    def ready(self) -> list[Job]:
        """Return the job of the first waiting step, if any: in the order of the plan the newest run is its last one.

        A new run is named as if it started now.
        """
        begun = self._first_waiting()
        if begun is None or self.stopped:
            return []
        step, now = begun.step, datetime.now().astimezone()
        folder = begun.folder or new_folder(self._runs_dir, step.kind, self._started, now)
        started = None if begun.folder else now.isoformat(timespec="microseconds")
        sha256, settings = sha256_of(step.kind, self._data), fields.as_dict(step.settings)
        return [Job(folder, step.kind, settings, begun.data_paths, sha256, machine.versions(), False, started)]

    def _first_waiting(self) -> BegunStep | None:
        able = self._waiting.keys() - self._held
        return next((self._waiting[step.name] for step in self._plan if step.name in able), None)

    def mark_started(self, job: Job) -> None:
        begun = self._first_waiting()
        assert begun is not None
        del self._waiting[begun.step.name]
        begun = begun._replace(folder=job.folder, started_at=begun.started_at or time.monotonic())
        self.running[job.folder] = self._started[job.folder] = begun
        what = "started" if job.started else f"resuming {job.folder.name}"
        console.message(f"{self.label(begun.step)}: {what}")

    def mark_finished(self, result: JobResult) -> bool:
        """Record how a step ended, and return whether it is complete.

        After one that is refused before any work, which leaves no folder, no other starts: each would be.
        """
        begun = self.running.pop(result.job.folder)
        if is_of_another(result.job):
            self._waiting[begun.step.name] = begun._replace(folder=None)
            return False
        step, how = begun.step, begun.how
        state, seconds = point_status(result.job.folder), time.monotonic() - begun.started_at
        if state.status != "completed":
            self.refused = self.refused or (result.error if result.refused else None)
            self.add_error(step, result.error or state.status)
            if state.status == "open" and result.error not in (WORKER_DIED, INTERRUPTED):
                self.stopped = True
            return False
        self._add_result(step, how, result.job.folder, seconds)
        if how == "new":
            self._seconds[step.name] = seconds
        metric = comparison.validation_metric(step.kind)
        value = "" if state.value is None else f"{metric} {format_cell(state.value)}, "
        console.message(f"{self.label(step)}: {value}{format_duration(seconds)}{self.time_left()}")
        return True

    def mark_retry(self, job: Job) -> None:
        begun = self._started[job.folder]
        self.errors.pop(begun.step.name, None)
        known = job.folder.exists() and not is_of_another(job)
        self._waiting[begun.step.name] = begun._replace(folder=job.folder if known else None)

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
            elif step.name in self.errors:
                rows.append((step.name, "failed", None))
            else:
                rows.append((step.name, "cannot run" if set(step.uses) & self.errors.keys() else "waiting", None))
        ended = ("reused", "completed", "failed", "cannot run")
        open_rows = [index for index, row in enumerate(rows) if row[1] not in ended]
        title = f"{len(self.results)} of {len(rows)} steps{self.time_left()}"
        shown = [(name, status, None if seconds is None else round(seconds)) for name, status, seconds in rows]
        update(title, ("step", "status", "seconds"), shown, open_rows[0] if open_rows else len(rows) - 1)


def _stage(begun: BegunStep) -> str:
    """Return what a running step does."""
    assert begun.folder is not None
    if begun.step.kind == "svm-eval":
        return "fitting SVMs"
    return stage(point_status(begun.folder), begun.step.settings.epochs)


def is_of_another(job: Job) -> bool:
    """Return whether the folder of a new run is that of another process, which took the name in the same second."""
    return job.started is not None and job.folder.exists() and read_run(job.folder).facts.get("started") != job.started


def new_folder(runs_dir: Path, kind: str, taken: Collection[Path], now: datetime) -> Path:
    """Return the absolute path of the folder of a run of `kind` that starts now, neither existing nor `taken`."""
    name = f"{now:%Y-%m-%d_%H-%M-%S}_{kind}"
    folder, number = (runs_dir / name).absolute(), 1
    while folder in taken or folder.exists():
        number += 1
        folder = folder.with_name(f"{name}_{number}")
    return folder
