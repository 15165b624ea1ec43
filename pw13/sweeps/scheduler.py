"""A sweep: every point of a grid run, compared and drawn, however often the work is stopped and gone on with."""

from collections import Counter, deque
from typing import Any

from pw13 import console
from pw13.errors import UserError
from pw13.experiments.runtime_estimate import epoch_seconds
from pw13.figures import sweep as figures
from pw13.runs.folder import Run, track_status
from pw13.runs.record import read_run
from pw13.sweeps import sample_names
from pw13.sweeps.executors import Executor
from pw13.sweeps.folder import Sweep, primary_metric
from pw13.sweeps.jobs import INTERRUPTED, WORKER_DIED, Job, make_job
from pw13.sweeps.results import results_table, summary
from pw13.sweeps.status import SweepStatus, point_cost
from pw13.system import signals

MAX_TRIES = 3  # times that a point is begun whose worker dies; then the point is taken to be the reason


def run_sweep(sweep: Sweep, *, run: Run, executor: Executor) -> dict[str, Any]:
    """Run all points that are not complete yet, and compare them; returns the numbers of the sweep's metrics.json.

    Raises:
        Stopped: a signal asked to stop; running points have written their checkpoints.
        UserError: points failed; the others are complete and compared.
    """
    with track_status(run):
        sha256 = record_data(sweep, run)
        errors = run_points(sweep, run, executor, sha256)
        frame = results_table(sweep, run)
        run.save_text("results.csv", frame.to_csv(index=False, lineterminator="\n"))
        rows = summary(frame, sweep)
        if rows:
            run.save_figure("sweep", figures.metric_by_axis(rows, sweep.axes, primary_metric(sweep.kind)))
        if sweep.kind == "charrnn" and rows:
            sample_names.save_samples(sweep, run)
        if errors:
            first, error = next(iter(errors.items()))
            raise UserError(f"{len(errors)} of {len(sweep.points)} points failed, {first}: {error}")
        best = {"metric": primary_metric(sweep.kind), "best": rows[0] if rows else None}
        return run.finish({"points": len(sweep.points), "completed": len(frame), **best, "summary": rows})


def record_data(sweep: Sweep, run: Run) -> str:
    """Look at the data before the first point does, record them, and return their sha256.

    Raises:
        UserError: they cannot be read, or are not those that the sweep began with.
    """
    if "data" in sweep.data_paths:
        from pw13.data.images import load_images

        found = load_images(sweep.data_paths["data"])
        run.record_data(found.source, found.notes, train=len(found.train_labels), test=len(found.test_labels))
        return found.source.sha256
    from pw13.data.names import load_names

    reading = {key: getattr(sweep.base, key) for key in ("encoding", "fix_accents") if hasattr(sweep.base, key)}
    corpus = load_names(sweep.data_paths["corpus"], **reading)
    run.record_data(corpus.source, corpus.notes, names=len(corpus.names))
    return corpus.source.sha256


def run_points(sweep: Sweep, run: Run, executor: Executor, sha256: str) -> dict[str, str]:
    """Let the executor run what is open; the points that failed, with what went wrong."""
    status = SweepStatus(sweep, run)
    waiting = deque(point for point in sweep.points if status.states[point.name].status != "completed")
    jobs = {point.name: make_job(sweep, run, point, sha256) for point in waiting}
    tries: Counter[str] = Counter()
    if waiting:
        console.message(f"{len(waiting)} of {len(sweep.points)} points to run, on {executor.name}, in {run.folder}")
    try:
        with signals.graceful_stop(), console.live_table() as show:
            while waiting or status.running:
                while waiting and executor.free_slots:
                    point = waiting.popleft()
                    executor.start(jobs[point.name])
                    status.mark_started(point)
                for ended in executor.wait_finished(0.5):
                    point = status.mark_finished(ended)
                    tries[point.name] += 1
                    if ended.error in (WORKER_DIED, INTERRUPTED) and tries[point.name] < MAX_TRIES:
                        waiting.appendleft(point)
                        status.mark_retry(point)
                status.show(show)
                if signals.requested():
                    executor.stop()
                    signals.check()
        return status.errors
    finally:
        executor.close()
        status.save()


# ----------------------------------------------------------------------------------------------------- the results


# ------------------------------------------------------------------------------------------------------- beforehand


def estimate_seconds(sweep: Sweep, job: Job, executor: Executor, jobs: int) -> float:
    """About how many seconds the sweep takes, from one epoch of its first point (`task`, made anew and thrown away).

    Raises:
        UserError: that epoch could not be run.
    """
    try:
        with signals.graceful_stop():
            executor.start(job)
            while not (ended := executor.wait_finished(0.5)):
                if signals.requested():
                    executor.stop()
                    signals.check()
    finally:
        executor.close()
    if ended[0].error:
        raise UserError(f"{sweep.points[0].name}: {ended[0].error}")
    metrics = read_run(job.folder).metrics or {}
    epoch, once = metrics["epoch_seconds"], metrics["seconds"] - metrics["epoch_seconds"]
    slower = epoch / epoch_seconds(sweep.kind, sweep.points[0].settings)  # than the guess
    return sum(once + slower * point_cost(sweep.kind, point) for point in sweep.points) / min(jobs, len(sweep.points))
