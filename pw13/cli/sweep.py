"""`pw13 sweep`: a grid of settings for any trainer, on this machine or on a Dask cluster."""

import dataclasses
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from pw13 import config, console
from pw13.cli.options import CorpusOption, DataOption, JsonOption, QuietOption, RunsDirSetting, with_settings
from pw13.data.source import resolve_path
from pw13.errors import OptionError
from pw13.runs.folder import Run, create_run, reopen_run
from pw13.runs.record import Record
from pw13.runs.resume import refuse_running
from pw13.sweeps import grid
from pw13.sweeps.folder import (
    KINDS,
    PREFIX,
    Sweep,
    build_sweep,
    create_sweep,
    find_identical,
    load_sweep,
    sweep_options,
)
from pw13.system import machine, signals

app = typer.Typer(no_args_is_help=True, help="Run a grid of settings, here or on a Dask cluster.")

# Convolutions keep their threads busy, the small products of the other models do not: so those run one to a core.
# Measured on two cores (AMD EPYC), one job and two: 27 char-RNN points of 8,000 names and 1 to 3 epochs 204 s and 152 s
# (1.34 times as fast), 4 dense points of 60 epochs 86 s and 63 s (1.36), 2 convolutional ones of 1,500 images, a thread
# each, 132 s and 91 s (1.45). Not twice: one job keeps 1.3 cores busy by itself (compiling, counting, drawing).
FILLS_ITS_THREADS = ("conv-dae",)

Grid = Annotated[
    list[str] | None, typer.Option("--grid", metavar="NAME=V,V,...", help="values of a setting; repeat for more axes")
]
Seeds = Annotated[
    int | None, typer.Option("--seeds", metavar="N", help="seeds of every combination, from --seed on (default: 1)")
]
Jobs = Annotated[
    int | None, typer.Option("--jobs", metavar="N", help="runs at a time (default: a core each; conv-dae: --threads)")
]
Dask = Annotated[
    str | None, typer.Option("--dask", metavar="tcp://HOST:8786", help="run on the workers of this scheduler")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="how many runs, about how long (tries an epoch), and no more")]
ResumeOption = Annotated[
    bool, typer.Option("--resume", help="go on with the newest sweep of exactly these settings, if any")
]


def _command(kind: str) -> Callable[..., None]:
    """The command that sweeps one kind: every flag of its trainer, and those of a sweep."""

    def on_images(
        settings: Any,
        grid: Grid = None,
        seeds: Seeds = None,
        jobs: Jobs = None,
        dask: Dask = None,
        dry_run: DryRun = False,
        resume: ResumeOption = False,
        data: DataOption = None,
        runs_dir: RunsDirSetting = None,
        json: JsonOption = None,
        quiet: QuietOption = None,
    ) -> None:
        console.start(quiet=bool(quiet))
        _sweep(kind, settings, grid, seeds, {"data": data}, jobs, dask, dry_run, resume, runs_dir, json)

    def on_names(
        settings: Any,
        grid: Grid = None,
        seeds: Seeds = None,
        jobs: Jobs = None,
        dask: Dask = None,
        dry_run: DryRun = False,
        resume: ResumeOption = False,
        corpus: CorpusOption = None,
        runs_dir: RunsDirSetting = None,
        json: JsonOption = None,
        quiet: QuietOption = None,
    ) -> None:
        console.start(quiet=bool(quiet))
        _sweep(kind, settings, grid, seeds, {"corpus": corpus}, jobs, dask, dry_run, resume, runs_dir, json)

    command = on_names if kind == "charrnn" else on_images
    command.__doc__ = f"A grid of settings for train-{kind}."
    return with_settings(config.KINDS[kind])(command)


for _kind in KINDS:
    if _kind in config.KINDS:
        app.command(_kind)(_command(_kind))


def _sweep(
    kind: str,
    settings: Any,
    texts: list[str] | None,
    seeds: int | None,
    data_paths: dict[str, str | None],
    jobs: int | None,
    dask: str | None,
    dry_run: bool | None,
    resume: bool | None,
    runs_dir: Any,
    json: bool | None,
) -> None:
    resolved = {name: resolve_path(name, place) for name, place in data_paths.items()}
    axes = grid.parse_axes(config.KINDS[kind], texts or [])
    sweep = build_sweep(kind, settings, axes, 1 if seeds is None else seeds, resolved)
    if dry_run:
        if dask is not None or resume:
            raise OptionError(f"{'--dask' if dask is not None else '--resume'}: a --dry-run tries the whole sweep here")
        return _dry_run(sweep, jobs, json)
    before = find_identical(sweep, runs_dir) if resume else None
    if before is not None:
        refuse_running(before)
        return resume_sweep(before, jobs, dask, json)
    if resume:
        console.message(f"no sweep of these settings in {runs_dir}; beginning one")
    executor = _executor(sweep, jobs, dask)
    _perform(sweep, create_sweep(sweep, runs_dir), executor, jobs, dask, json)


def resume(record: Record, epochs: int | None, json: bool | None) -> None:
    """Go on with a sweep where it ran before: `pw13 resume SWEEP`."""
    if epochs is not None:
        raise OptionError("--epochs: a sweep has its own; start another one with more")
    before = record.facts.get("crew", {})
    resume_sweep(record, before.get("jobs"), before.get("dask"), json)


def resume_sweep(record: Record, jobs: int | None, dask: str | None, json: bool | None) -> None:
    """Go on with a sweep: its finished points stay, the interrupted and failed ones are resumed, the rest is begun."""
    sweep = load_sweep(record)
    if record.status == "completed":
        console.message(f"{record.name} is complete; nothing to do")
        return _show(sweep, Run(record.folder), record.metrics or {}, json)
    executor = _executor(sweep, jobs, dask)
    for leftover in record.folder.glob(".new-*"):  # of a point that a kill kept from beginning
        for path in leftover.iterdir():
            path.unlink()
        leftover.rmdir()
    _perform(sweep, reopen_run(record, sweep.base), executor, jobs, dask, json)


def _executor(sweep: Sweep, jobs: int | None, dask: str | None) -> Any:
    from pw13.sweeps.executors import DaskExecutor, LocalExecutor

    if dask is None:
        return LocalExecutor(_jobs(sweep, jobs))
    if jobs is not None:
        raise OptionError("--jobs: the cluster's workers decide how many runs go at a time; leave it out with --dask")
    if "threads" in sweep.axes:
        raise OptionError(
            "--grid threads=...: a worker of a cluster keeps its number of threads; sweep it without --dask"
        )
    return DaskExecutor(dask)


def _jobs(sweep: Sweep, jobs: int | None) -> int:
    if jobs is not None and not 1 <= jobs <= 1024:
        raise OptionError(f"--jobs: expected a whole number from 1 to 1024, received {jobs}")
    threads = max(point.settings.threads for point in sweep.points) if sweep.kind in FILLS_ITS_THREADS else 1
    return min(jobs or max(1, machine.cores() // threads), len(sweep.points))


def _perform(sweep: Sweep, run: Run, executor: Any, jobs: int | None, dask: str | None, json: bool | None) -> None:
    from pw13.sweeps.scheduler import run_sweep

    run.update(crew={"jobs": jobs, "dask": dask})
    _show(sweep, run, run_sweep(sweep, run=run, executor=executor), json)


def _show(sweep: Sweep, run: Run, metrics: dict[str, Any], json: bool | None) -> None:
    if json:
        return console.json_document({"run": str(run.folder), **metrics})
    columns = [*sweep.axes, f"{metrics['metric']}, mean", "lowest", "highest", "runs"]
    console.table(
        f"{_runs(metrics['points'])}: {run.folder}", columns, [list(row.values()) for row in metrics["summary"]]
    )


def _dry_run(sweep: Sweep, jobs: int | None, json: bool | None) -> None:
    from pw13.sweeps.executors import LocalExecutor
    from pw13.sweeps.jobs import make_job
    from pw13.sweeps.scheduler import estimate_seconds, record_data

    at_a_time, count = _jobs(sweep, jobs), len(sweep.points)
    console.message(f"{_runs(count)}, {at_a_time} at a time; trying one epoch of the first")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        run = create_run(folder, PREFIX + sweep.kind, sweep_options(sweep))
        sha256 = record_data(sweep, run)
        first = sweep.points[0]._replace(settings=dataclasses.replace(sweep.points[0].settings, epochs=1))
        try:
            seconds = estimate_seconds(sweep, make_job(sweep, run, first, sha256), LocalExecutor(1), at_a_time)
        except signals.Interrupted as stop:
            console.warning("interrupted; a dry run keeps nothing")
            raise typer.Exit(stop.exit_code) from None
    if json:
        return console.json_document({"runs": count, "jobs": at_a_time, "seconds": seconds, "first": first.name})
    console.print_result(f"{_runs(count)}, {at_a_time} at a time: about {console.format_duration(seconds)}")


def _runs(count: int) -> str:
    return f"{count} run{'s' * (count != 1)}"
