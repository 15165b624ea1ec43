"""The status of a sweep: the live table, sweep.json, and the remaining time."""

import time

from pw13 import console
from pw13.experiments.runtime_estimate import epoch_seconds
from pw13.runs import comparison
from pw13.runs.folder import Run
from pw13.sweeps.folder import PointStatus, Sweep, point_status
from pw13.sweeps.grid import Point, format_value
from pw13.sweeps.jobs import Job, JobResult

MAX_JOB_LINES = 8


class SweepStatus:
    """The status of each point, as the live table and sweep.json show it, and the queue of their jobs.

    states: of all points by name. waiting: the jobs to start by name, in order. running: the points that were started
    and have not finished, by name. errors: messages of failed points.

    examples: number of training images, or of characters. queued: whether a started point may wait for a worker, until
    its folder says that it runs.
    """

    def __init__(self, sweep: Sweep, run: Run, examples: int, *, queued: bool = False):
        self._sweep, self._run, self._examples, self._queued = sweep, run, examples, queued
        self._points = {point.name: point for point in sweep.points}
        self.states = {name: self._read(name) for name in self._points}
        self.waiting: dict[str, Job] = {}
        self.running: dict[str, Point] = {}
        self.errors: dict[str, str] = {}
        self._finished_cost, self._started_at = 0.0, time.monotonic()

    def _read(self, name: str) -> PointStatus:
        return point_status(self._run.folder / name)

    def _read_running(self) -> None:
        """Read the status of the running points; those without a folder are not looked for one by one."""
        present = {path.name for path in self._run.folder.iterdir()}
        for name in present & self.running.keys():
            self.states[name] = self._read(name)

    def ready(self) -> list[Job]:
        return list(self.waiting.values())

    def mark_started(self, job: Job) -> None:
        name = job.folder.name
        self.waiting.pop(name, None)
        self.running[name] = self._points[name]
        self.errors.pop(name, None)

    def mark_finished(self, result: JobResult) -> bool:
        """Record how a point ended, and return whether it is complete; its folder counts, not the worker's answer."""
        point = self.running.pop(result.job.folder.name)
        state = self.states[point.name] = self._read(point.name)
        if state.status == "completed":
            self._finished_cost += point_cost(self._sweep.kind, point, self._examples)
            metric = comparison.validation_metric(self._sweep.kind)
            numbers = f"{metric} {console.format_cell(state.value)}, {console.format_cell(state.seconds)} s"
            best = ", the best so far" if self._best() == point and len(self._completed()) > 1 else ""
            console.message(f"{point.name}: {numbers}{best}{self._time_left()}")
        else:
            self.errors[point.name] = result.error or state.status
            self.states[point.name] = state._replace(status="failed")
            console.warning(f"{point.name}: {self.errors[point.name]}")
        self.save()
        return state.status == "completed"

    def mark_retry(self, job: Job) -> None:
        self.errors.pop(job.folder.name)
        self.waiting = {job.folder.name: job, **self.waiting}
        console.message(f"{job.folder.name}: resuming from its last checkpoint")

    def _time_left(self) -> str:
        """Format how many points are left and their remaining time, estimated from the finished ones."""
        done = self._completed() | self.errors.keys()
        left = [point for name, point in self._points.items() if name not in done]
        if not left:
            return ""
        cost = sum(point_cost(self._sweep.kind, point, self._examples) for point in left)
        seconds = cost / self._finished_cost * (time.monotonic() - self._started_at)
        return f"; {len(left)} left, about {console.format_duration(seconds)}"

    def show(self, update: console.TableUpdate | None) -> None:
        """Update the live table, if there is one."""
        if update is None:
            return
        self._read_running()
        axes = list(self._sweep.points[0].values)
        rows = [
            [*point.values.values(), state.status, state.epoch, state.value, state.seconds]
            for point, state in zip(self._sweep.points, self.states.values(), strict=True)
        ]
        done = [state.status == "completed" for state in self.states.values()]
        focus = done.index(False) if False in done else len(done) - 1
        title = f"{sum(done)} of {len(done)} points{self._time_left() if self._finished_cost else ''}"
        update(
            "\n".join([title, *self._best_line(), *self._job_lines()]),
            [*axes, "status", "epoch", comparison.validation_metric(self._sweep.kind), "seconds"],
            rows,
            focus,
        )

    def _completed(self) -> set[str]:
        return {name for name, state in self.states.items() if state.status == "completed"}

    def _best(self) -> Point | None:
        """Return the completed point with the lowest metric; None if the points are not ranked."""
        if not comparison.is_ranked(self._sweep.axes):
            return None
        values = {name: value for name in self._completed() if (value := self.states[name].value) is not None}
        return self._points[min(values, key=values.__getitem__)] if values else None

    def _best_line(self) -> list[str]:
        best = self._best()
        if best is None:
            return []
        value = console.format_cell(self.states[best.name].value)
        return [f"best so far: {comparison.validation_metric(self._sweep.kind)} {value}, {_describe(best)}"]

    def _job_lines(self) -> list[str]:
        """Return what each job does, a line each, of many the first ones, and how many points wait for a worker."""
        at_work = [
            point for name, point in self.running.items() if not self._queued or self.states[name].status == "running"
        ]
        lines = [
            f"job {number}: {_describe(point)}, {stage(self.states[point.name], point.settings.epochs)}"
            for number, point in enumerate(at_work[:MAX_JOB_LINES], 1)
        ]
        lines += [f"and {len(at_work) - MAX_JOB_LINES} more"] if len(at_work) > MAX_JOB_LINES else []
        waiting = len(self.running) - len(at_work)
        return [*lines, f"{waiting} {'wait' if waiting > 1 else 'waits'} for a worker"] if waiting else lines

    def save(self) -> None:
        """Write sweep.json: the grid and the status of each point."""
        self._read_running()
        points = [
            {
                "point": name,
                **point.values,
                "status": self.states[name].status,
                "trouble": self.errors.get(name),
                comparison.validation_metric(self._sweep.kind): self.states[name].value,
            }
            for name, point in self._points.items()
        ]
        grid = {"kind": self._sweep.kind, "grid": self._sweep.axes, "seeds": self._sweep.seeds}
        self._run.save_json("sweep.json", {**grid, "points": points})


def stage(state: PointStatus, epochs: int) -> str:
    """Return how far a running training is: its folder is made first, its history after the first epoch."""
    epoch = state.epoch or 0
    if state.status == "open":
        return "starting TensorFlow"
    return "measuring" if epoch >= epochs else f"epoch {epoch + 1} of {epochs}"


def _describe(point: Point) -> str:
    """Return the values of a point, such as "units 64, seed 0"."""
    return ", ".join(f"{name} {format_value(value)}" for name, value in point.values.items())


def point_cost(kind: str, point: Point, examples: int) -> float:
    """Return the estimated seconds of all epochs of a point, for comparison with other points.

    examples: as in `epoch_seconds`.
    """
    epochs: int = point.settings.epochs
    return epochs * epoch_seconds(kind, point.settings, examples)
