"""Run a sweep: every point once, compared and plotted, however often it is interrupted and resumed."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from pw13 import console
from pw13.errors import UserError
from pw13.experiments.runtime_estimate import epoch_seconds
from pw13.figures import sweep as figures
from pw13.runs import comparison
from pw13.runs.ending import track_status
from pw13.runs.folder import Run
from pw13.runs.record import read_run
from pw13.sweeps import sample_names
from pw13.sweeps.executors import Executor
from pw13.sweeps.folder import Sweep
from pw13.sweeps.job_queue import run_jobs
from pw13.sweeps.jobs import Job, make_job
from pw13.sweeps.results import results_table, summary
from pw13.sweeps.status import SweepStatus, point_cost
from pw13.system import signals


class SweepData(NamedTuple):
    """The sha256 of the data; how many training images, or characters in the names."""

    sha256: str
    examples: int


def run_sweep(sweep: Sweep, *, run: Run, executor: Executor, lean: bool = True) -> dict[str, Any]:
    """Run all points that are not complete, compare them, and return what metrics.json of the sweep holds.

    executor: is left open, so that another sweep finds its workers started.
    lean: leave out of the points what no sweep compares, such as figures.

    Raises:
        Interrupted: by a signal; running points have written their checkpoints.
        UserError: points failed; the others are complete and compared.
    """
    with track_status(run):
        run.update(lean=lean)
        run.earlier_seconds = comparison.earlier_seconds(run.read_own())
        errors = run_points(sweep, run, executor, record_data(sweep, run), lean=lean)
        frame = results_table(sweep, run)
        run.save_text("results.csv", frame.to_csv(index=False, lineterminator="\n"))
        rows = summary(frame, sweep)
        metric = comparison.validation_metric(sweep.kind)
        best = rows[0] if rows and comparison.is_ranked(sweep.axes) else None
        if rows:
            run.save_figure("sweep", figures.metric_by_axis(rows, sweep.axes, metric, best))
        if sweep.kind == "charrnn" and rows:
            sample_names.save_samples(sweep, run)
        if errors:
            first, error = next(iter(errors.items()))
            raise UserError(f"{len(errors)} of {len(sweep.points)} points failed; {first}: {error}")
        counts = {"points": len(sweep.points), "completed": len(frame)}
        return run.finish({**counts, "metric": metric, "best": best, "summary": rows})


def record_data(sweep: Sweep, run: Run) -> SweepData:
    """Load the data before the first point does, and record them.

    Raises:
        UserError: they cannot be read, or have changed since the sweep started.
    """
    if "data" in sweep.data_paths:
        from pw13.data.images import load_images

        images = load_images(sweep.data_paths["data"])
        run.record_data(images.source, images.notes, train=len(images.train_labels), test=len(images.test_labels))
        return SweepData(images.source.sha256, len(images.train_labels))
    from pw13.data.names import load_names

    settings = sweep.points[0].settings  # not the base: the grid may hold the encoding
    names = load_names(sweep.data_paths["corpus"], encoding=settings.encoding, fix_accents=settings.fix_accents)
    run.record_data(names.source, names.notes, names=len(names.names))
    return SweepData(names.source.sha256, sum(map(len, names.names)) + len(names.names))


def run_points(sweep: Sweep, run: Run, executor: Executor, data: SweepData, *, lean: bool) -> dict[str, str]:
    """Run all points that are not complete; return the errors of failed points by name."""
    status = SweepStatus(sweep, run, data.examples, queued=executor.keeps_queue)
    waiting = [point for point in sweep.points if status.states[point.name].status != "completed"]
    status.waiting = {point.name: make_job(sweep, run, point, data.sha256, lean=lean) for point in waiting}
    if waiting:
        console.message(f"{len(waiting)} of {len(sweep.points)} points to run, on {executor.name}, in {run.folder}")
    try:
        run_jobs(status, executor)
        return status.errors
    finally:
        status.save()


def estimate_seconds(sweep: Sweep, jobs: Sequence[Job], executor: Executor, parallel: int, *, examples: int) -> float:
    """Estimate the seconds of the whole sweep by running `jobs`, one epoch each of settings like its first point's.

    What the first job takes longer than the last one is taken once per worker: TensorFlow's start, data, compilation.

    Raises:
        Interrupted: by a signal.
        UserError: an epoch failed.
    """
    with signals.graceful_stop():
        metrics = [_run_alone(job, executor) for job in jobs]
    seconds, epoch = [float(each["seconds"]) for each in metrics], float(metrics[-1]["epoch_seconds"])
    factor = epoch / epoch_seconds(sweep.kind, sweep.points[0].settings, examples)  # measured over estimated
    points = [seconds[-1] - epoch + factor * point_cost(sweep.kind, point, examples) for point in sweep.points]
    return seconds[0] - seconds[-1] + sum(points) / min(parallel, len(points))


def _run_alone(job: Job, executor: Executor) -> dict[str, Any]:
    """Run a job and return its metrics."""
    executor.start(job)
    while not (finished := executor.wait_finished(0.5)):
        if signals.requested():
            executor.stop()
            signals.check()
    if finished[0].error:
        raise UserError(f"{job.folder.name}: {finished[0].error}")
    return read_run(job.folder).metrics or {}
