"""The status of a sweep: the live table, sweep.json, and the remaining time."""

import time

from pw13 import console
from pw13.experiments.runtime_estimate import epoch_seconds
from pw13.runs.folder import Run
from pw13.sweeps.folder import PointStatus, Sweep, point_status, primary_metric
from pw13.sweeps.grid import Point
from pw13.sweeps.jobs import JobResult


class SweepStatus:
    """The status of each point, as the live table and sweep.json show it.

    states: of all points by name. running: the points that a worker is running. errors: messages of failed points.
    """

    def __init__(self, sweep: Sweep, run: Run):
        self._sweep, self._run = sweep, run
        self._points = {point.name: point for point in sweep.points}
        self.states = {name: self._read(name) for name in self._points}
        self.running: dict[str, Point] = {}
        self.errors: dict[str, str] = {}
        self._finished_cost, self._started_at = 0.0, time.monotonic()

    def _read(self, name: str) -> PointStatus:
        return point_status(self._run.folder / name, self._sweep.kind)

    def mark_started(self, point: Point) -> None:
        self.running[point.name] = point
        self.errors.pop(point.name, None)

    def mark_finished(self, finished: JobResult) -> Point:
        """Record how a point ended; its folder counts, not the worker's answer."""
        point = self.running.pop(finished.job.folder.name)
        state = self.states[point.name] = self._read(point.name)
        if state.status == "completed":
            self._finished_cost += point_cost(self._sweep.kind, point)
            metric = primary_metric(self._sweep.kind)
            numbers = f"{metric} {console.format_cell(state.value)}, {console.format_cell(state.seconds)} s"
            console.message(f"{point.name}: {numbers}{self._time_left()}")
        else:
            self.errors[point.name] = finished.error or state.status
            self.states[point.name] = state._replace(status="failed")
            console.warning(f"{point.name}: {self.errors[point.name]}")
        self.save()
        return point

    def mark_retry(self, point: Point) -> None:
        self.errors.pop(point.name)
        console.message(f"{point.name}: resuming from its last checkpoint")

    def _time_left(self) -> str:
        """Format how many points are left and their remaining time, estimated from the finished ones."""
        done = {name for name, state in self.states.items() if state.status == "completed"} | self.errors.keys()
        left = [point for name, point in self._points.items() if name not in done]
        if not left:
            return ""
        cost = sum(point_cost(self._sweep.kind, point) for point in left)
        seconds = cost / self._finished_cost * (time.monotonic() - self._started_at)
        return f"; {len(left)} left, about {console.format_duration(seconds)}"

    def show(self, update: console.TableUpdate | None) -> None:
        """Update the live table, if there is one."""
        if update is None:
            return
        for name in self.running:
            self.states[name] = self._read(name)
        axes = list(self._sweep.points[0].values)
        rows = [
            [*point.values.values(), state.status, state.epoch, state.value, state.seconds]
            for point, state in zip(self._sweep.points, self.states.values(), strict=True)
        ]
        done = [state.status == "completed" for state in self.states.values()]
        focus = done.index(False) if False in done else len(done) - 1
        title = f"{sum(done)} of {len(done)} points{self._time_left() if self._finished_cost else ''}"
        update(title, [*axes, "status", "epoch", primary_metric(self._sweep.kind), "seconds"], rows, focus)

    def save(self) -> None:
        """Write sweep.json: the grid and the status of each point."""
        points = [
            {
                "point": name,
                **point.values,
                "status": self.states[name].status,
                "trouble": self.errors.get(name),
                primary_metric(self._sweep.kind): self.states[name].value,
            }
            for name, point in self._points.items()
        ]
        grid = {"kind": self._sweep.kind, "grid": self._sweep.axes, "seeds": self._sweep.seeds}
        self._run.save_json("sweep.json", {**grid, "points": points})


def point_cost(kind: str, point: Point) -> float:
    """Return the estimated seconds of all epochs of a point, for comparison with other points."""
    epochs: int = point.settings.epochs
    return epochs * epoch_seconds(kind, point.settings)
