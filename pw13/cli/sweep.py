"""`pw13 sweep`: a grid of settings for any trainer, on this machine or on a Dask cluster."""

import dataclasses
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from pw13 import console
from pw13.cli.options import CorpusFile, Data, Json, Quiet, RunsDir, with_settings
from pw13.config import settings as config
from pw13.data import source
from pw13.errors import OptionError
from pw13.runs import folder as runs
from pw13.runs import resume as resuming
from pw13.runs.folder import Run
from pw13.runs.record import Record
from pw13.sweeps import folder as sweeps
from pw13.sweeps import grid
from pw13.sweeps.folder import Sweep
from pw13.system import machine
from pw13.system import signals as stopping

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
Again = Annotated[bool, typer.Option("--resume", help="go on with the newest sweep of exactly these settings, if any")]


def _command(kind: str) -> Callable[..., None]:
    """The command that sweeps one kind: every flag of its trainer, and those of a sweep."""

    def on_images(
        settings: Any,
        grid: Grid = None,
        seeds: Seeds = None,
        jobs: Jobs = None,
        dask: Dask = None,
        dry_run: DryRun = False,
        resume: Again = False,
        data: Data = None,
        runs_dir: RunsDir = None,
        json: Json = None,
        quiet: Quiet = None,
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
        resume: Again = False,
        corpus: CorpusFile = None,
        runs_dir: RunsDir = None,
        json: Json = None,
        quiet: Quiet = None,
    ) -> None:
        console.start(quiet=bool(quiet))
        _sweep(kind, settings, grid, seeds, {"corpus": corpus}, jobs, dask, dry_run, resume, runs_dir, json)

    command = on_names if kind == "charrnn" else on_images
    command.__doc__ = f"A grid of settings for train-{kind}."
    return with_settings(config.KINDS[kind])(command)


for _kind in sweeps.KINDS:
    if _kind in config.KINDS:
        app.command(_kind)(_command(_kind))


def _sweep(
    kind: str,
    settings: Any,
    texts: list[str] | None,
    seeds: int | None,
    places: dict[str, str | None],
    jobs: int | None,
    dask: str | None,
    dry_run: bool | None,
    resume: bool | None,
    runs_dir: Any,
    json: bool | None,
) -> None:
    resolved = {name: source.resolved(name, place) for name, place in places.items()}
    axes = grid.axes(config.KINDS[kind], texts or [])
    sweep = sweeps.plan(kind, settings, axes, 1 if seeds is None else seeds, resolved)
    if dry_run:
        if dask is not None or resume:
            raise OptionError(f"{'--dask' if dask is not None else '--resume'}: a --dry-run tries the whole sweep here")
        return _dry_run(sweep, jobs, json)
    before = sweeps.same(sweep, runs_dir) if resume else None
    if before is not None:
        resuming.refuse_running(before)
        return go_on(before, jobs, dask, json)
    if resume:
        console.message(f"no sweep of these settings in {runs_dir}; beginning one")
    crew = _crew(sweep, jobs, dask)
    _perform(sweep, sweeps.begin(sweep, runs_dir), crew, jobs, dask, json)


def resume(record: Record, epochs: int | None, json: bool | None) -> None:
    """Go on with a sweep where it ran before: `pw13 resume SWEEP`."""
    if epochs is not None:
        raise OptionError("--epochs: a sweep has its own; start another one with more")
    before = record.facts.get("crew", {})
    go_on(record, before.get("jobs"), before.get("dask"), json)


def go_on(record: Record, jobs: int | None, dask: str | None, json: bool | None) -> None:
    """Go on with a sweep: its finished points stay, the interrupted and failed ones are resumed, the rest is begun."""
    sweep = sweeps.of_record(record)
    if record.status == "completed":
        console.message(f"{record.name} is complete; nothing to do")
        return _show(sweep, Run(record.folder), record.metrics or {}, json)
    crew = _crew(sweep, jobs, dask)
    for leftover in record.folder.glob(".new-*"):  # of a point that a kill kept from beginning
        for path in leftover.iterdir():
            path.unlink()
        leftover.rmdir()
    _perform(sweep, runs.reopen(record, sweep.base), crew, jobs, dask, json)


def _crew(sweep: Sweep, jobs: int | None, dask: str | None) -> Any:
    from pw13.sweeps import executors as crews

    if dask is None:
        return crews.Local(_jobs(sweep, jobs))
    if jobs is not None:
        raise OptionError("--jobs: the cluster's workers decide how many runs go at a time; leave it out with --dask")
    if "threads" in sweep.axes:
        raise OptionError(
            "--grid threads=...: a worker of a cluster keeps its number of threads; sweep it without --dask"
        )
    return crews.Cluster(dask)


def _jobs(sweep: Sweep, jobs: int | None) -> int:
    if jobs is not None and not 1 <= jobs <= 1024:
        raise OptionError(f"--jobs: expected a whole number from 1 to 1024, received {jobs}")
    threads = max(point.settings.threads for point in sweep.points) if sweep.kind in FILLS_ITS_THREADS else 1
    return min(jobs or max(1, machine.cores() // threads), len(sweep.points))


def _perform(sweep: Sweep, run: Run, crew: Any, jobs: int | None, dask: str | None, json: bool | None) -> None:
    from pw13.sweeps import scheduler as experiment

    run.update(crew={"jobs": jobs, "dask": dask})
    _show(sweep, run, experiment.perform(sweep, run=run, crew=crew), json)


def _show(sweep: Sweep, run: Run, metrics: dict[str, Any], json: bool | None) -> None:
    if json:
        return console.json_document({"run": str(run.folder), **metrics})
    columns = [*sweep.axes, f"{metrics['metric']}, mean", "lowest", "highest", "runs"]
    console.table(
        f"{_runs(metrics['points'])}: {run.folder}", columns, [list(row.values()) for row in metrics["summary"]]
    )


def _dry_run(sweep: Sweep, jobs: int | None, json: bool | None) -> None:
    from pw13.sweeps import executors as crews
    from pw13.sweeps import scheduler as experiment
    from pw13.sweeps.jobs import task

    at_a_time, count = _jobs(sweep, jobs), len(sweep.points)
    console.message(f"{_runs(count)}, {at_a_time} at a time; trying one epoch of the first")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        run = runs.create(folder, sweeps.PREFIX + sweep.kind, sweeps.options(sweep))
        sha256 = experiment.note_data(sweep, run)
        first = sweep.points[0]._replace(settings=dataclasses.replace(sweep.points[0].settings, epochs=1))
        try:
            seconds = experiment.estimate(sweep, task(sweep, run, first, sha256), crews.Local(1), at_a_time)
        except stopping.Stopped as stop:
            console.warning("interrupted; a dry run keeps nothing")
            raise typer.Exit(stop.exit_code) from None
    if json:
        return console.json_document({"runs": count, "jobs": at_a_time, "seconds": seconds, "first": first.name})
    console.out(f"{_runs(count)}, {at_a_time} at a time: about {_duration(seconds)}")


def _runs(count: int) -> str:
    return f"{count} run{'s' * (count != 1)}"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
