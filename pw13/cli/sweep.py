"""`pw13 sweep`: a hyperparameter grid for any trainer, on this machine or on a Dask cluster."""

import contextlib
import dataclasses
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from pw13 import config, console
from pw13.cli.interruption import interruptible
from pw13.cli.options import (
    CorpusOption,
    DataOption,
    JsonOption,
    QuietOption,
    RunsDirOverride,
    described,
    with_settings,
)
from pw13.config import fields
from pw13.data.source import resolve_path
from pw13.errors import OptionError
from pw13.runs.ending import discard
from pw13.runs.folder import Run
from pw13.runs.opening import create_run, reopen_run
from pw13.runs.record import SWEEP, Record
from pw13.runs.resume import refuse_running
from pw13.sweeps.folder import (
    KINDS,
    Sweep,
    build_sweep,
    completed_metrics,
    create_sweep,
    executor_options,
    find_identical,
    load_sweep,
    refuse_other_version,
    sweep_options,
)
from pw13.sweeps.grid import parse_axes
from pw13.sweeps.jobs import parallel_jobs
from pw13.system import installation, locks, machine, signals

app = typer.Typer(no_args_is_help=True, help="Run a hyperparameter grid locally or on a Dask cluster.")

GridOption = Annotated[
    list[str] | None, typer.Option("--grid", metavar="NAME=V,V,...", help="values of a setting (repeatable)")
]
SeedsOption = Annotated[
    int | None,
    typer.Option("--seeds", metavar="N", help=described("seeds per combination, counting up from --seed", "1")),
]
JobsOption = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        metavar="N",
        help=described("parallel runs", "one per core, conv-dae: per --threads cores, GPU: one"),
    ),
]
DaskOption = Annotated[
    str | None,
    typer.Option("--dask", metavar="ADDRESS", help="run on the workers of a Dask scheduler, such as tcp://HOST:8786"),
]
DryRunOption = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        help="run one epoch of the first point (twice, if there are several), print the number of runs and estimated "
        "time, and exit",
    ),
]
ResumeOption = Annotated[bool, typer.Option("--resume", help="resume the newest sweep with identical settings")]


def _command(kind: str) -> Callable[..., None]:
    """Return the command that sweeps one kind, with the flags of its trainer and those of a sweep."""

    def command(
        settings: Any,
        context: typer.Context,
        grid: GridOption = None,
        seeds: SeedsOption = None,
        jobs: JobsOption = None,
        dask: DaskOption = None,
        dry_run: DryRunOption = False,
        resume: ResumeOption = False,
        runs_dir: RunsDirOverride = None,
        json: JsonOption = None,
        quiet: QuietOption = None,
        **data_paths: str | None,
    ) -> None:
        console.start(quiet=bool(quiet))
        if not grid and seeds is None:
            raise OptionError(f"--grid or --seeds: expected at least one, received none; one run is: pw13 train-{kind}")
        axes = parse_axes(config.KINDS[kind], grid or [])
        refuse_fixed(context, axes)
        resolved = {name: resolve_path(name, path) for name, path in data_paths.items()}
        sweep = build_sweep(kind, settings, axes, 1 if seeds is None else seeds, resolved)
        if dry_run:
            if dask is not None or resume:
                raise OptionError(f"--dry-run cannot be combined with {'--dask' if dask is not None else '--resume'}")
            return _dry_run(sweep, jobs, json)
        folder = runs_dir or config.DEFAULT_RUNS_DIR
        if resume and (previous := find_identical(sweep, folder)):
            refuse_running(previous)
            return resume_sweep(previous, jobs, dask, json)
        if resume:
            console.message(f"no sweep with identical settings in {folder}; starting a new one")
        executor = _executor(sweep, jobs, dask)  # before the folder, which a refusal must not leave
        _run(sweep, create_sweep(sweep, folder), executor, jobs, dask, json)

    command.__doc__ = f"Sweep settings of train-{kind}."
    data_options = {"corpus": CorpusOption} if kind == "charrnn" else {"data": DataOption}
    return with_settings(config.KINDS[kind], **data_options)(command)


def refuse_fixed(context: typer.Context, axes: Iterable[str]) -> None:
    """Refuse a setting that both --grid and a flag give."""
    for name in axes:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise OptionError(f"{fields.flag(name)}: also in --grid")


for _kind in KINDS:
    app.command(_kind)(_command(_kind))


def resume(record: Record, epochs: int | None, device: str | None, json: bool | None) -> None:
    """Resume a sweep with the executor it had before: `pw13 resume SWEEP`."""
    for name, value in (("--epochs", epochs), ("--device", device)):
        if value is not None:
            raise OptionError(f"{name} cannot be changed for a sweep")
    resume_sweep(record, *executor_options(record), json)


def resume_sweep(record: Record, jobs: int | None, dask: str | None, json: bool | None) -> None:
    """Resume a sweep: keep finished points, resume interrupted and failed ones, start the rest."""
    sweep = load_sweep(record)
    if record.status == "completed":
        console.message(f"{record.name} is complete; nothing to do")
        return _show(sweep, Run(record.folder), completed_metrics(record, sweep), json)
    refuse_other_version(record, sweep)
    executor = _executor(sweep, jobs, dask)
    for leftover in record.folder.glob(".new-*"):  # of a point whose folder was being created at a kill
        for path in leftover.iterdir():
            path.unlink()
        leftover.rmdir()
    _run(sweep, reopen_run(record, sweep.base), executor, jobs, dask, json)


def _executor(sweep: Sweep, jobs: int | None, dask: str | None) -> Any:
    from pw13.sweeps.executors import DaskExecutor, LocalExecutor

    if dask is None:
        installation.check_tensorboard(*(point.settings for point in sweep.points))
        return LocalExecutor(parallel_jobs(sweep, jobs))
    if jobs is not None:
        raise OptionError("--jobs cannot be combined with --dask")
    if "threads" in sweep.axes:
        raise OptionError("--grid threads=...: threads cannot be swept with --dask")
    return DaskExecutor(dask)


def _run(sweep: Sweep, run: Run, executor: Any, jobs: int | None, dask: str | None, json: bool | None) -> None:
    from pw13.sweeps.scheduler import run_sweep

    run.started_at = machine.process_start()
    run.update(crew={"jobs": jobs, "dask": dask})
    lean = run.previous is None or bool(run.previous.facts.get("lean", True))  # `pw13 all` has some whole
    with contextlib.closing(executor):
        metrics = run_sweep(sweep, run=run, executor=executor, lean=lean)
    _show(sweep, run, metrics, json)


def _show(sweep: Sweep, run: Run, metrics: dict[str, Any], json: bool | None) -> None:
    if json:
        return console.json_document({"run": str(run.folder), **metrics})
    columns = [*sweep.axes, f"{metrics['metric']}, mean", "min", "max", "runs"]
    console.table(
        f"{_count_runs(metrics['points'])}: {run.folder}", columns, [list(row.values()) for row in metrics["summary"]]
    )


def _dry_run(sweep: Sweep, jobs: int | None, json: bool | None) -> None:
    from pw13.sweeps.executors import LocalExecutor
    from pw13.sweeps.jobs import make_job
    from pw13.sweeps.scheduler import estimate_seconds, record_data

    parallel, count = parallel_jobs(sweep, jobs), len(sweep.points)
    console.message(f"{_count_runs(count)}, {parallel} in parallel; running one epoch of the first")
    with tempfile.TemporaryDirectory() as scratch:
        signals.on_forced_exit(lambda: discard(scratch))
        folder = Path(scratch)
        run = create_run(folder, SWEEP + sweep.kind, sweep_options(sweep))
        locks.release(run.folder)  # nobody else sees it, and Windows removes no folder with an open file in it
        data = record_data(sweep, run)
        first = sweep.points[0]._replace(settings=dataclasses.replace(sweep.points[0].settings, epochs=1))
        tried = [first, first._replace(name=f"{first.name}_again")] if count > 1 else [first]
        with interruptible("nothing was saved"), contextlib.closing(LocalExecutor(1)) as executor:
            tried_jobs = [make_job(sweep, run, point, data.sha256) for point in tried]
            seconds = estimate_seconds(sweep, tried_jobs, executor, parallel, examples=data.examples)
    if json:
        return console.json_document({"runs": count, "jobs": parallel, "seconds": seconds, "first": first.name})
    console.print_result(f"{_count_runs(count)}, {parallel} in parallel: about {console.format_duration(seconds)}")


def _count_runs(count: int) -> str:
    return f"{count} run{'s' * (count != 1)}"
