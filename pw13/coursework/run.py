"""Run every experiment of the course, some at a time, each in a worker process."""

import contextlib
import dataclasses
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pw13 import console
from pw13.console import format_duration
from pw13.coursework.existing_runs import data_paths_of, find_seeds
from pw13.coursework.plan import CourseData, Step, StepResult
from pw13.coursework.step_queue import StepQueue
from pw13.data.images import load_images
from pw13.data.names import load_names, windows
from pw13.data.names.dataset import check_length
from pw13.errors import UserError
from pw13.models.conv_dae_weights import code_shape
from pw13.runs.finding import write_last_all
from pw13.runs.folder import print_data
from pw13.runs.opening import make_runs_dir, reopen_run
from pw13.runs.record import Record
from pw13.runs.resume import refuse_running
from pw13.sweeps.executors import LocalExecutor
from pw13.sweeps.folder import Sweep, build_sweep, create_sweep
from pw13.sweeps.job_queue import run_jobs
from pw13.sweeps.jobs import parallel_jobs
from pw13.sweeps.scheduler import run_sweep
from pw13.system import installation, machine, signals
from pw13.system.device import visible_gpus

MAX_PARALLEL = 4  # steps at a time unless --jobs says more: each takes about a gigabyte


def run_coursework(
    plan: Sequence[Step], data: CourseData, *, runs_dir: Path, fresh: bool, jobs: int | None = None
) -> list[StepResult]:
    """Run the steps that have no finished run (with `fresh`, all of them), and record the runs in all.json.

    jobs: how many runs at a time; None for one per core, but at most `MAX_PARALLEL` steps, or one per GPU.

    Raises:
        Interrupted: by a signal; finished steps are kept, the running ones can be resumed.
        UserError: steps failed; the others are finished.
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
    """Run or reuse each step: the first seeds, some at a time, then further ones, and then what uses them."""
    parallel = parallel_steps(plan, jobs)
    queue = StepQueue(plan, data, runs_dir, fresh=fresh, parallel=parallel)
    if queue.begin_steps():
        make_runs_dir(runs_dir)
        left = format_duration(queue.seconds_left())
        console.message(f"{len(queue.left())} of {len(plan)} steps to run, {parallel} at a time: about {left}")
    while queue.begin_steps() or queue.lacking_seeds():
        executor.resize(parallel)
        run_jobs(queue, executor)
        for step in queue.lacking_seeds():
            signals.check()  # a signal may have come too late for the step before
            sweep = further_seeds(step, data_paths_of(step, data, [], runs_dir))
            record = None if fresh else find_seeds(sweep, data, runs_dir)
            started_at = time.monotonic()
            if record is not None and record.status == "completed":
                folder = record.folder
            else:
                console.message(f"{queue.label(step)}: further seeds{queue.time_left()}")
                folder = run_seeds(sweep, record, runs_dir, executor, jobs)
            queue.add_seeds(step, folder, time.monotonic() - started_at)
    if queue.errors:
        name, error = next(iter(queue.errors.items()))
        raise UserError(f"{len(queue.errors)} of {len(plan)} steps failed; {name}: {error}")
    return [queue.results[step.name] for step in plan]


def parallel_steps(plan: Sequence[Step], jobs: int | None) -> int:
    """Return how many steps to run at a time: `jobs` if given, else one per GPU, or per core up to `MAX_PARALLEL`."""
    on_gpu = any(step.kind != "svm-eval" and step.settings.device == "gpu" for step in plan)
    return jobs or (max(1, len(visible_gpus())) if on_gpu else min(machine.cores(), MAX_PARALLEL))


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


def further_seeds(step: Step, data_paths: Mapping[str, Any]) -> Sweep:
    """Return the sweep over the seeds of a step besides its first."""
    first = dataclasses.replace(step.settings, seed=step.settings.seed + 1)
    return build_sweep(step.kind, first, {}, step.seeds - 1, dict(data_paths))


def run_seeds(sweep: Sweep, record: Record | None, runs_dir: Path, executor: LocalExecutor, jobs: int | None) -> Path:
    """Train the further seeds of a step, from `record` on if there is one; return the folder of the sweep.

    Names are measured for the first seed only: their tables and figures in the report show one network.

    Raises:
        Interrupted: by a signal; finished points are kept, the others can be resumed.
        UserError: a point failed.
    """
    if record is not None:
        refuse_running(record)
    run = reopen_run(record, sweep.base) if record else create_sweep(sweep, runs_dir)
    executor.resize(parallel_jobs(sweep, jobs))
    run_sweep(sweep, run=run, executor=executor, lean=sweep.kind == "charrnn")
    return run.folder
