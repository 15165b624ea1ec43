"""A sweep: every point of a grid run, compared and drawn, however often the work is stopped and gone on with."""

from collections import Counter, deque
from typing import Any

from pw13 import console
from pw13.errors import UserError
from pw13.experiments import runtime_estimate as pace
from pw13.figures import sweep as figures
from pw13.runs import folder as runs
from pw13.runs import record as records
from pw13.runs.folder import Run
from pw13.sweeps import folder as sweeps
from pw13.sweeps import sample_names as sweep_names
from pw13.sweeps.executors import Crew
from pw13.sweeps.folder import Sweep
from pw13.sweeps.jobs import DIED, INTERRUPTED, Task, task
from pw13.sweeps.results import results, summary
from pw13.sweeps.status import Board, cost
from pw13.system import signals as stopping

TRIES = 3  # times that a point is begun whose worker dies; then the point is taken to be the reason


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
        best = {"metric": sweeps.metric(sweep.kind), "best": rows[0] if rows else None}
        return run.finish({"points": len(sweep.points), "completed": len(frame), **best, "summary": rows})


def note_data(sweep: Sweep, run: Run) -> str:
    """Look at the data before the first point does, record them, and return their sha256.

    Raises:
        UserError: they cannot be read, or are not those that the sweep began with.
    """
    if "data" in sweep.places:
        from pw13.data.images import dataset as images

        found = images.load_images(sweep.places["data"])
        run.note_data(found.source, found.notes, train=len(found.train_labels), test=len(found.test_labels))
        return found.source.sha256
    from pw13.data.names import name_list as names

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


# ----------------------------------------------------------------------------------------------------- the results


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
    slower = epoch / pace.epoch_seconds(sweep.kind, sweep.points[0].settings)  # than the guess
    return sum(once + slower * cost(sweep.kind, point) for point in sweep.points) / min(jobs, len(sweep.points))
