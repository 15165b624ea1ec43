"""A sweep: every point of a grid run, compared and drawn, however often the work is stopped and gone on with."""

import time
from collections import Counter, deque
from typing import Any, Protocol

import pandas as pd

from pw13 import comparison, config, console, machine, records, runs, stopping, sweeps
from pw13.errors import UserError
from pw13.experiments import sweep_names
from pw13.figures import sweep as figures
from pw13.grid import Point
from pw13.runs import Run
from pw13.sweeps import State, Sweep
from pw13.tasks import DIED, INTERRUPTED, Ended, Task

TRIES = 3  # times that a point is begun whose worker dies; then the point is taken to be the reason


class Crew(Protocol):
    """What `crews.Local` and `crews.Cluster` both are."""

    name: str

    @property
    def room(self) -> int: ...
    def start(self, task: Task) -> None: ...
    def ended(self, seconds: float) -> list[Ended]: ...
    def stop(self) -> None: ...
    def close(self) -> None: ...


def perform(sweep: Sweep, *, run: Run, crew: Crew) -> dict[str, Any]:
    """Run all points that are not complete yet, and compare them; returns the numbers of the sweep's metrics.json.

    Raises:
        Stopped: a signal asked to stop; running points have written their checkpoints.
        UserError: points failed; the others are complete and compared.
    """
    with runs.recorded(run):
        sha256 = note_data(sweep, run)
        troubles = run_points(sweep, run, crew, sha256)
        frame = results(sweep, run)
        run.save_text("results.csv", frame.to_csv(index=False, lineterminator="\n"))
        rows = summary(frame, sweep)
        if rows:
            run.save_figure("sweep", figures.against_axes(rows, sweep.axes, sweeps.metric(sweep.kind)))
        if sweep.kind == "charrnn" and rows:
            sweep_names.save(sweep, run)
        if troubles:
            first, trouble = next(iter(troubles.items()))
            raise UserError(f"{len(troubles)} of {len(sweep.points)} points failed, {first}: {trouble}")
        best = {"metric": sweeps.metric(sweep.kind), "best": rows[0]}
        return run.finish({"points": len(sweep.points), "completed": len(frame), **best, "summary": rows})


def note_data(sweep: Sweep, run: Run) -> str:
    """Look at the data before the first point does, record them, and return their sha256.

    Raises:
        UserError: they cannot be read, or are not those that the sweep began with.
    """
    if "data" in sweep.places:
        from pw13.data import images

        found = images.load_images(sweep.places["data"])
        run.note_data(found.source, found.notes, train=len(found.train_labels), test=len(found.test_labels))
        return found.source.sha256
    from pw13.data import names

    reading = {key: getattr(sweep.base, key) for key in ("encoding", "fix_accents") if hasattr(sweep.base, key)}
    corpus = names.load_names(sweep.places["corpus"], **reading)
    run.note_data(corpus.source, corpus.notes, names=len(corpus.names))
    return corpus.source.sha256


def run_points(sweep: Sweep, run: Run, crew: Crew, sha256: str) -> dict[str, str]:
    """Let the crew run what is open; the points that failed, with what went wrong."""
    board = Board(sweep, run)
    waiting = deque(point for point in sweep.points if board.states[point.name].status != "completed")
    tasks = {point.name: task(sweep, run, point, sha256) for point in waiting}
    tries: Counter[str] = Counter()
    if waiting:
        console.message(f"{len(waiting)} of {len(sweep.points)} points to run, on {crew.name}, in {run.folder}")
    try:
        with stopping.cooperative(), console.live() as show:
            while waiting or board.running:
                while waiting and crew.room:
                    point = waiting.popleft()
                    crew.start(tasks[point.name])
                    board.begun(point)
                for ended in crew.ended(0.5):
                    point = board.ended(ended)
                    tries[point.name] += 1
                    if ended.trouble in (DIED, INTERRUPTED) and tries[point.name] < TRIES:
                        waiting.appendleft(point)
                        board.again(point)
                board.show(show)
                if stopping.requested():
                    crew.stop()
                    stopping.check()
        return board.troubles
    finally:
        crew.close()
        board.save()


def task(sweep: Sweep, run: Run, point: Point, sha256: str) -> Task:
    """The point as a worker gets it."""
    folder = (run.folder / point.name).absolute()
    return Task(folder, sweep.kind, config.as_dict(point.settings), sweep.places, sha256, machine.versions())


class Board:
    """What is known of each point, as the table shows it and sweep.json holds it."""

    def __init__(self, sweep: Sweep, run: Run):
        self._sweep, self._run = sweep, run
        self._points = {point.name: point for point in sweep.points}
        self.states = {name: self._read(name) for name in self._points}
        self.running: dict[str, Point] = {}
        self.troubles: dict[str, str] = {}
        self._done_here, self._began = 0.0, time.monotonic()

    def _read(self, name: str) -> State:
        return sweeps.state(self._run.folder / name, self._sweep.kind)

    def begun(self, point: Point) -> None:
        self.running[point.name] = point
        self.troubles.pop(point.name, None)

    def ended(self, ended: Ended) -> Point:
        """Note how a point ended; the state on disk counts, not what a worker says."""
        point = self.running.pop(ended.task.folder.name)
        state = self.states[point.name] = self._read(point.name)
        if state.status == "completed":
            self._done_here += _cost(point)
            figures = f"{sweeps.metric(self._sweep.kind)} {console.cell(state.value)}, {console.cell(state.seconds)} s"
            console.message(f"{point.name}: {figures}{self._left()}")
        else:
            self.troubles[point.name] = ended.trouble or state.status
            self.states[point.name] = state._replace(status="failed")
            console.warning(f"{point.name}: {self.troubles[point.name]}")
        self.save()
        return point

    def again(self, point: Point) -> None:
        self.troubles.pop(point.name)
        console.message(f"{point.name}: goes on from its last checkpoint")

    def _left(self) -> str:
        """In words how many points are left and about how long they take, by the epochs done so far."""
        over = {name for name, state in self.states.items() if state.status == "completed"} | self.troubles.keys()
        left = [point for name, point in self._points.items() if name not in over]
        if not left:
            return ""
        seconds = sum(map(_cost, left)) / self._done_here * (time.monotonic() - self._began)
        return f"; {len(left)} left, about {seconds:,.0f} s"

    def show(self, show: console.Show | None) -> None:
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
        title = f"{sum(done)} of {len(done)} points{self._left() if self._done_here else ''}"
        show(title, [*axes, "state", "epoch", sweeps.metric(self._sweep.kind), "seconds"], rows, focus)

    def save(self) -> None:
        """sweep.json: the plan, and how each point stands."""
        points = [
            {
                "point": name,
                **point.values,
                "status": self.states[name].status,
                "trouble": self.troubles.get(name),
                sweeps.metric(self._sweep.kind): self.states[name].value,
            }
            for name, point in self._points.items()
        ]
        plan = {"kind": self._sweep.kind, "grid": self._sweep.axes, "seeds": self._sweep.seeds}
        self._run.save_json("sweep.json", {**plan, "points": points})


def _cost(point: Point) -> float:
    return float(getattr(point.settings, "epochs", 1))


# ----------------------------------------------------------------------------------------------------- the results


def results(sweep: Sweep, run: Run) -> pd.DataFrame:
    """A row for each complete point: its values, and all its numbers by dotted names."""
    rows = []
    for point in sweep.points:
        record = records.read(run.folder / point.name)
        if record.status == "completed":
            best = comparison.best_val_loss(comparison.history(record.folder))
            numbers = {**comparison.numbers(record), comparison.BEST_VAL_LOSS: best}
            rows.append({"point": point.name, **numbers, **point.values})
    if not rows:
        return pd.DataFrame(columns=["point", *sweep.points[0].values])
    first = ["point", *sweep.points[0].values, sweeps.metric(sweep.kind)]
    return pd.DataFrame(rows, columns=list(dict.fromkeys([*first, *(name for row in rows for name in row)])))


def summary(frame: pd.DataFrame, sweep: Sweep) -> list[dict[str, Any]]:
    """The metric over the seeds of each combination: mean, lowest, highest, number of runs; the lowest mean first."""
    metric, axes = sweeps.metric(sweep.kind), list(sweep.axes)
    if frame.empty:
        return []
    grouped = frame.groupby(axes, dropna=False)[metric] if axes else frame.groupby(lambda _: "all")[metric]
    table = grouped.agg(mean="mean", low="min", high="max", runs="count").reset_index().sort_values("mean")
    return table[[*axes, "mean", "low", "high", "runs"]].to_dict("records")


# ------------------------------------------------------------------------------------------------------- beforehand


def estimate(sweep: Sweep, task: Task, crew: Crew, jobs: int) -> float:
    """About how many seconds the sweep takes, from one epoch of its first point (`task`, made anew and thrown away).

    Raises:
        UserError: that epoch could not be run.
    """
    try:
        with stopping.cooperative():
            crew.start(task)
            while not (ended := crew.ended(0.5)):
                if stopping.requested():
                    crew.stop()
                    stopping.check()
    finally:
        crew.close()
    if ended[0].trouble:
        raise UserError(f"{sweep.points[0].name}: {ended[0].trouble}")
    metrics = records.read(task.folder).metrics or {}
    epoch, once = metrics["epoch_seconds"], metrics["seconds"] - metrics["epoch_seconds"]
    return sum(once + _cost(point) * epoch for point in sweep.points) / min(jobs, len(sweep.points))
