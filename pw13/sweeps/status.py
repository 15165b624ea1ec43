"""How the points of a sweep stand: what the live table shows, what sweep.json holds, how long it may still take."""

import time

from pw13 import console
from pw13.experiments.runtime_estimate import epoch_seconds
from pw13.runs.folder import Run
from pw13.sweeps.folder import PointStatus, Sweep, point_status, primary_metric
from pw13.sweeps.grid import Point
from pw13.sweeps.jobs import JobResult


class SweepStatus:
    """What is known of each point, as the table shows it and sweep.json holds it."""

    def __init__(self, sweep: Sweep, run: Run):
        self._sweep, self._run = sweep, run
        self._points = {point.name: point for point in sweep.points}
        self.states = {name: self._read(name) for name in self._points}
        self.running: dict[str, Point] = {}
        self.errors: dict[str, str] = {}
        self._done_here, self._began = 0.0, time.monotonic()

    def _read(self, name: str) -> PointStatus:
        return point_status(self._run.folder / name, self._sweep.kind)

    def mark_started(self, point: Point) -> None:
        self.running[point.name] = point
        self.errors.pop(point.name, None)

    def mark_finished(self, ended: JobResult) -> Point:
        """Note how a point ended; the state on disk counts, not what a worker says."""
        point = self.running.pop(ended.job.folder.name)
        state = self.states[point.name] = self._read(point.name)
        if state.status == "completed":
            self._done_here += point_cost(self._sweep.kind, point)
            metric = primary_metric(self._sweep.kind)
            figures = f"{metric} {console.format_cell(state.value)}, {console.format_cell(state.seconds)} s"
            console.message(f"{point.name}: {figures}{self._time_left()}")
        else:
            self.errors[point.name] = ended.error or state.status
            self.states[point.name] = state._replace(status="failed")
            console.warning(f"{point.name}: {self.errors[point.name]}")
        self.save()
        return point

    def mark_retry(self, point: Point) -> None:
        self.errors.pop(point.name)
        console.message(f"{point.name}: goes on from its last checkpoint")

    def _time_left(self) -> str:
        """In words how many points are left and about how long they take, by what those done so far took."""
        over = {name for name, state in self.states.items() if state.status == "completed"} | self.errors.keys()
        left = [point for name, point in self._points.items() if name not in over]
        if not left:
            return ""
        work = sum(point_cost(self._sweep.kind, point) for point in left)
        seconds = work / self._done_here * (time.monotonic() - self._began)
        return f"; {len(left)} left, about {console.format_duration(seconds)}"

    def show(self, show: console.TableUpdate | None) -> None:
        if show is None:
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
        title = f"{sum(done)} of {len(done)} points{self._time_left() if self._done_here else ''}"
        show(title, [*axes, "state", "epoch", primary_metric(self._sweep.kind), "seconds"], rows, focus)

    def save(self) -> None:
        """sweep.json: the plan, and how each point stands."""
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
        plan = {"kind": self._sweep.kind, "grid": self._sweep.axes, "seeds": self._sweep.seeds}
        self._run.save_json("sweep.json", {**plan, "points": points})


def point_cost(kind: str, point: Point) -> float:
    """What a point takes beside the others: its epochs, by how long one takes."""
    return point.settings.epochs * epoch_seconds(kind, point.settings)
