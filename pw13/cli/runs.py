"""`pw13 runs`: list, show and compare runs, draw their figures."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from pw13 import config, console
from pw13.cli import completion, figure_file
from pw13.cli.options import JsonOption, QuietOption, RunArgument, RunsDirOption, require_runs_dir, user_path
from pw13.config import DEFAULT_RUNS_DIR
from pw13.errors import OptionError, UserError
from pw13.report.commentary.phrasing import format_count
from pw13.runs import comparison, tables
from pw13.runs.ending import cli_name
from pw13.runs.finding import find_run, list_runs, load_run
from pw13.runs.folder import Run
from pw13.runs.record import SWEEP, Record, read_run
from pw13.sweeps.folder import KINDS as SWEPT_KINDS
from pw13.system import files

app = typer.Typer(no_args_is_help=True, help="List, show, compare, draw, export and prune runs.")

MAX_COLUMNS = 4  # runs shown side by side; more get one row each
MAX_FILES = 40  # files of a run folder named in its table

KindOption = Annotated[
    str | None, typer.Option("--kind", metavar="KIND", help="only runs of this kind, with more metrics")
]
SortOption = Annotated[
    str | None, typer.Option("--sort", metavar="METRIC", help="metric to sort by, ascending, such as test_mse")
]
FigureOption = Annotated[
    Path | None,
    typer.Option("--figure", metavar="FILE", parser=user_path, help="also plot to a .png, .svg or .pdf file"),
]

AllOption = Annotated[bool, typer.Option("--all", help="all metrics of up to 4 runs; of more runs also equal ones")]


@app.command("list")
def list_(
    kind: KindOption = None,
    sort: SortOption = None,
    runs_dir: RunsDirOption = DEFAULT_RUNS_DIR,
    json: JsonOption = None,
) -> None:
    """List runs, oldest first, with kind, status and headline metric."""
    kinds = [*config.KINDS, *(SWEEP + name for name in SWEPT_KINDS)]
    if kind is not None and kind not in kinds:
        raise OptionError(f"--kind: expected one of {', '.join(kinds)}, received {kind!r}")
    require_runs_dir(runs_dir)
    records = list_runs(runs_dir, kind)
    if sort:
        records = comparison.sort_by_metric(records, sort)
    if json:
        return console.json_document({"runs": [comparison.as_json(record) for record in records]})
    console.table(f"{format_count(len(records), 'run')} in {runs_dir}", *tables.list_table(records, kind, sort))
    _warn_broken(records)


@app.command()
def show(name: RunArgument, runs_dir: RunsDirOption = DEFAULT_RUNS_DIR, json: JsonOption = None) -> None:
    """Show a run's settings, metrics, data and environment."""
    record = load_run(name, runs_dir)
    if json:
        return console.json_document({**comparison.as_json(record), "run": record.facts})
    facts = {name: fact for name, fact in _facts(record).items() if fact not in (None, "")}
    console.key_values(f"{record.name}: {record.status}", facts)
    if record.is_sweep:
        console.table("points", *tables.one_per_line(comparison.sweep_points(record.folder), everything=True))
    else:
        console.key_values("settings", comparison.settings(record))
    console.key_values("metrics", comparison.numbers(record))


@app.command()
def compare(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...", help="two or more runs; a sweep expands to its points", autocompletion=completion.runs
        ),
    ],
    figure: FigureOption = None,
    everything: AllOption = False,
    runs_dir: RunsDirOption = DEFAULT_RUNS_DIR,
    json: JsonOption = None,
) -> None:
    """Compare runs: differing settings and metrics.

    The best value is marked, and sampled names are shown side by side. Of runs that differ in their seed only, means
    and 95 % intervals (Student's t) are shown. Differences to the first have intervals, too: paired by seed, or with
    one seed a bootstrap over the test images or names that both were evaluated on.
    """
    from pw13.runs import over_seeds

    named = comparison.expand_sweeps([read_run(find_run(name, runs_dir)) for name in names])
    records = list({record.folder.resolve(): record for record in named}.values())
    if len(records) < 2:
        raise OptionError(f"RUN...: expected at least two different runs, received {len(records)}")
    if figure:
        _save_figure(records, figure)
    if json:
        differing = comparison.differing_settings(records)
        groups = over_seeds.as_json(over_seeds.summarize(records))
        runs = [comparison.as_json(record) for record in records]
        return console.json_document({"differing": differing, "runs": runs, "over_seeds": groups})
    table = tables.side_by_side if len(records) <= MAX_COLUMNS else tables.one_per_line
    columns, rows = table(records, everything=everything)
    console.table(f"{len(records)} runs", columns, rows, caption=_caption(rows, everything, len(records)))
    if summaries := over_seeds.summarize(records):
        console.table(
            "means and differences, with 95 % intervals", *over_seeds.table(summaries), caption=over_seeds.CAPTION
        )
    if samples := tables.sample_names(records):
        console.table("novel names, sampled at the default temperature", *samples)
    _warn_broken(records)


def _caption(rows: Sequence[Sequence[Any]], everything: bool, runs: int) -> str:
    marked = f"{tables.BEST} best. " if any(str(cell).endswith(tables.BEST) for row in rows for cell in row) else ""
    if not everything and not rows:
        marked = "No setting and no primary metric differs. "
    way = "pw13 runs export" if runs > MAX_COLUMNS else "--all"
    return f"{marked}Other metrics: {way}" if not everything or runs > MAX_COLUMNS else marked


@app.command()
def figures(
    names: Annotated[
        list[str],
        typer.Argument(metavar="RUN...", help="a sweep expands to its points", autocompletion=completion.runs),
    ],
    runs_dir: RunsDirOption = DEFAULT_RUNS_DIR,
    json: JsonOption = None,
    quiet: QuietOption = None,
) -> None:
    """Draw the figures of completed trainings into their folders.

    Points of a sweep leave them out; those that are not completed are skipped.
    """
    from pw13 import experiments

    console.start(quiet=bool(quiet))
    drawn: dict[str, list[str]] = {}
    records = [record for name in names for record in _completed_points(load_run(name, runs_dir))]
    for record in records:
        files.check_inside(record.folder / "figures")
        run = Run(record.folder)
        drawn[record.reference] = [run.save_figure(*figure).as_posix() for figure in experiments.redraw_figures(record)]
        console.message(f"{record.reference}: {len(drawn[record.reference])} figures")
    if json:
        return console.json_document({"figures": drawn})
    for path in (path for paths in drawn.values() for path in paths):
        console.print_result(path)


def _completed_points(record: Record) -> list[Record]:
    """Return the completed points of a sweep, and say which others are skipped; of any other run itself.

    Raises:
        UserError: no point is completed.
    """
    if not record.is_sweep:
        return [record]
    points = comparison.sweep_points(record.folder)
    completed = [point for point in points if point.status == "completed"]
    if not completed:
        way_on = f"resume it with: pw13 resume {cli_name(record.folder)}"
        raise UserError(f"{record.folder}: no point of the sweep is completed; {way_on}")
    for point in points:
        if point.status != "completed":
            console.warning(f"{point.reference} is skipped: {point.problem or point.status}")
    return completed


def _facts(record: Record) -> dict[str, Any]:
    facts, data, versions = record.facts, _table(record.facts, "data"), _table(record.facts, "versions")
    command = facts.get("command")
    return {
        "folder": record.folder,
        "kind": record.kind,
        "started": facts.get("started"),
        "ended": facts.get("ended"),
        "seconds": comparison.seconds(record),
        "error": facts.get("error"),
        "data": f"{data['name']} ({data['path']})" if {"name", "path"} <= data.keys() else None,
        "command": " ".join(map(str, command)) if isinstance(command, list) else None,
        "host": _table(facts, "machine").get("host"),
        "threads": facts.get("threads"),
        "peak memory, MiB": facts.get("peak_memory_mib"),
        "versions": ", ".join(f"{name} {version}" for name, version in versions.items()),
        "files": ", ".join(_files(record.folder)),
    }


def _table(facts: dict[str, Any], key: str) -> dict[str, Any]:
    """Return the object under `key`, or an empty one where a damaged run.json has something else."""
    value = facts.get(key)
    return value if isinstance(value, dict) else {}


def _files(folder: Path) -> list[str]:
    paths = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")]
    return sorted(path.relative_to(folder).as_posix() for path in paths)[:MAX_FILES]


def _warn_broken(records: list[Record]) -> None:
    for record in records:
        if record.problem:
            console.warning(f"{record.name} is broken: {record.problem}")


def _save_figure(records: list[Record], path: Path) -> None:
    from pw13.figures import comparison as figures

    figure_file.check_suffix(path)
    kinds = sorted({record.kind for record in records})
    if len(kinds) > 1:
        raise UserError(f"--figure: expected runs of one kind, received {' and '.join(kinds)}")
    groups = tables.group_by_settings(records)
    metrics = tables.primary_metrics(records)
    curves = {group.label: [comparison.history(r.folder) for r in group.records] for group in groups}
    values = {
        name: {group.label: [comparison.numbers(r).get(name) for r in group.records] for group in groups}
        for name in metrics
    }
    ranked = comparison.can_rank(records, comparison.BEST_VAL_LOSS)
    figure_file.save(figures.run_comparison(curves, values, ranked=ranked), path)
