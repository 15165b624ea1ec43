"""Run every experiment of the course, some at a time, each in a worker process."""

import contextlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pw13 import console
from pw13.console import format_duration
from pw13.coursework.existing_runs import further_seeds
from pw13.coursework.plan import CourseData, Step, StepResult
from pw13.coursework.step_queue import StepQueue
from pw13.data.images import load_images
from pw13.data.names import load_names, windows
from pw13.data.names.dataset import check_length
from pw13.errors import OptionError, UserError
from pw13.models.conv_dae_weights import code_shape
from pw13.runs.finding import write_last_all
from pw13.runs.folder import print_data
from pw13.runs.opening import make_runs_dir, reopen_run
from pw13.runs.resume import refuse_running
from pw13.sweeps.executors import LocalExecutor
from pw13.sweeps.folder import create_sweep
from pw13.sweeps.job_queue import run_jobs
from pw13.sweeps.jobs import parallel_jobs
from pw13.sweeps.scheduler import run_sweep
from pw13.system import installation, machine, signals
from pw13.system.device import visible_gpus
from pw13.system.memory import free_memory

MAX_PARALLEL = 4  # steps at a time unless --jobs says more
STEP_MEMORY = 1.5e9  # bytes of a process that trains on notMNIST or 172,486 names, and more


def run_coursework(
    plan: Sequence[Step], data: CourseData, *, runs_dir: Path, fresh: bool, jobs: int | None = None
) -> list[StepResult]:
    """Run the steps that have no finished run (with `fresh`, all of them), and record the runs in all.json.

    jobs: how many runs at a time; None for what `parallel_steps` and `parallel_jobs` choose.

    Raises:
        Interrupted: by a signal; finished steps are kept, the running ones can be resumed.
        UserError: steps failed; the others are finished.
        OptionError: the settings of one are out of range on this machine or for these data.
    """
    with contextlib.closing(LocalExecutor(0)) as executor:
        done = run_steps(plan, data, runs_dir, executor, fresh=fresh, jobs=jobs)
    sweeps = {result.step.name: result.sweep.name for result in done if result.sweep}
    runs = {result.step.name: result.run.name for result in done}
    write_last_all(runs_dir, runs=runs, sweeps=sweeps)
    signals.check()
    return done


def run_steps(
    plan: Sequence[Step], data: CourseData, runs_dir: Path, executor: LocalExecutor, *, fresh: bool, jobs: int | None
) -> list[StepResult]:
    """Run or reuse each step: the networks of the first seeds, then of further ones, then what uses them."""
    parallel = parallel_steps(plan, jobs)
    queue = StepQueue(plan, data, runs_dir, fresh=fresh, parallel=parallel)
    queue.begin_steps()
    if left := queue.left():
        make_runs_dir(runs_dir)
        about = format_duration(queue.seconds_left())
        console.message(f"{len(left)} of {len(plan)} steps to run, {parallel} at a time: about {about}")
    while not queue.stopped and ((waiting := queue.begin_steps()) or queue.lacking_seeds()):
        executor.resize(min(parallel, waiting))  # an SVM evaluation has the memory for itself
        signals.on_forced_exit(lambda: console.warning(f"interrupted; progress saved. {way_on(fresh)}"))
        try:
            run_jobs(queue, executor)
        finally:
            signals.clear_exit_hooks()
        for step in [] if queue.stopped else queue.lacking_seeds():
            signals.check()  # a signal may have come too late for the step before
            run_seeds(step, queue, data, runs_dir, executor, jobs)
    if queue.errors:
        if queue.refused:
            raise OptionError(queue.refused)
        name, error = next(iter(queue.errors.items()))
        raise UserError(f"{len(queue.errors)} of {len(plan)} steps failed; {name}: {error}")
    return [queue.results[step.name] for step in plan]


def way_on(fresh: bool) -> str:
    """Return how to go on after an interruption."""
    return f"Run the same command{' without --fresh' if fresh else ''} to resume"


def run_seeds(
    step: Step, queue: StepQueue, data: CourseData, runs_dir: Path, executor: LocalExecutor, jobs: int | None
) -> None:
    """Train the further seeds of a step, those left of a sweep that an earlier call has begun.

    Names are measured for the first seed only: their tables and figures in the report show one network.

    Raises:
        Interrupted: by a signal; finished points are kept, the others can be resumed.
    """
    console.message(f"{queue.label(step)}: further seeds{queue.time_left()}")
    started_at = time.monotonic()
    sweep, record = further_seeds(step, data), queue.earlier_seeds(step)
    try:
        if record is not None:
            refuse_running(record)
        run = reopen_run(record, sweep.base) if record else create_sweep(sweep, runs_dir)
        executor.resize(parallel_jobs(sweep, jobs))
        run_sweep(sweep, run=run, executor=executor, lean=sweep.kind == "charrnn")
    except UserError as error:
        queue.add_error(step, str(error))
    else:
        queue.add_seeds(step, run.folder, time.monotonic() - started_at)


def parallel_steps(plan: Sequence[Step], jobs: int | None) -> int:
    """Return how many steps to run at a time: `jobs` if given, else one per GPU, or per core as far as memory goes."""
    on_gpu = any(step.kind != "svm-eval" and step.settings.device == "gpu" for step in plan)
    most = len(visible_gpus()) if on_gpu else min(machine.cores(), MAX_PARALLEL, int(free_memory() / STEP_MEMORY))
    return min(jobs or max(1, most), len(plan))


def inspect_data(data: str, corpus: str, base: Mapping[str, Any]) -> CourseData:
    """Load the data of all steps, by one settings record per kind, and return their paths, sha256 and sizes.

    Raises:
        UserError: they cannot be read, or a step could not use them.
        OptionError: the settings of a step do not fit them.
    """
    from pw13.experiments import svm_eval

    installation.check_tensorboard(*base.values())
    images = load_images(data)
    print_data(images.source, images.notes, train=len(images.train_labels), test=len(images.test_labels))
    svm_eval.check_settings(images, base["svm-eval"])
    code_shape(*images.train_images.shape[1:])  # of the denoiser
    rnn = base["charrnn"]
    names = load_names(corpus, encoding=rnn.encoding, fix_accents=rnn.fix_accents)
    print_data(names.source, names.notes, names=len(names.names))
    check_length(names.names, rnn.length, names.source.path)
    return CourseData(
        {"data": data, "corpus": corpus},
        {"data": images.source.sha256, "corpus": names.source.sha256},
        len(images.train_images),
        len(windows.join(names.names)),
    )
