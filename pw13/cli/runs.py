"""`pw13 runs`: the run folders as tables."""

from pathlib import Path
from typing import Annotated, Any

import typer

from pw13 import config, console
from pw13.cli import completion
from pw13.cli.options import DEFAULT_RUNS_DIR, JsonOption, RunArgument, RunsDirOption
from pw13.errors import OptionError, UserError
from pw13.runs import comparison
from pw13.runs.record import Record, find_run, list_runs, read_run

app = typer.Typer(no_args_is_help=True, help="List, show and compare the runs that there are.")

FEW = 4  # runs that stand side by side; more get a line each

Kind = Annotated[
    str | None, typer.Option("--kind", metavar="KIND", help="runs of one kind, with more of their numbers")
]
Sort = Annotated[str | None, typer.Option("--sort", metavar="METRIC", help="lowest first, such as test_mse")]
Figure = Annotated[
    Path | None, typer.Option("--figure", metavar="FILE", help="draw them too, into a .png, .svg or .pdf file")
]


@app.command("list")
def list_(
    kind: Kind = None, sort: Sort = None, runs_dir: RunsDirOption = DEFAULT_RUNS_DIR, json: JsonOption = None
) -> None:
    """List the runs in a folder, oldest first. What each is, how it stands, its chief number."""
    kinds = [*config.KINDS, *(f"sweep-{name}" for name in config.KINDS)]
    if kind is not None and kind not in kinds:
        raise OptionError(f"--kind: expected one of {', '.join(kinds)}, received {kind!r}")
    if not runs_dir.is_dir():
        raise UserError(f"{runs_dir}: no such folder")
    found = list_runs(runs_dir, kind)
    if sort:
        found = comparison.sort_by_metric(found, sort)
    if json:
        return console.json_document({"runs": [comparison.as_json(record) for record in found]})
    console.table(f"{len(found)} runs in {runs_dir}", *comparison.list_table(found, kind, sort))
    _tell_problems(found)


@app.command()
def show(name: RunArgument, runs_dir: RunsDirOption = DEFAULT_RUNS_DIR, json: JsonOption = None) -> None:
    """Show all that one run says of itself. Settings, numbers, data, machine."""
    record = read_run(find_run(name, runs_dir))
    if json:
        return console.json_document({**comparison.as_json(record), "run": record.facts})
    known = {name: fact for name, fact in _facts(record).items() if fact not in (None, "")}
    console.key_values(f"{record.name}: {record.status}", known)
    if record.kind.startswith("sweep-"):
        console.table("points", *comparison.one_per_line(comparison.sweep_points(record.folder)))
    else:
        console.key_values("settings", comparison.settings(record))
    console.key_values("numbers", comparison.numbers(record))
    _tell_problems([record])


@app.command()
def compare(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...", help="two or more; a sweep stands for its points", autocompletion=completion.runs
        ),
    ],
    figure: Figure = None,
    runs_dir: RunsDirOption = DEFAULT_RUNS_DIR,
    json: JsonOption = None,
) -> None:
    """Show runs beside each other. The settings in which they differ, and their numbers."""
    found = comparison.expand_sweeps([read_run(find_run(name, runs_dir)) for name in names])
    if len(found) < 2:
        raise OptionError(f"RUN...: expected two runs or more, received {len(found)}")
    if figure:
        _draw(found, figure)
    if json:
        differ = comparison.differing_settings(found)
        return console.json_document({"differing": differ, "runs": [comparison.as_json(record) for record in found]})
    table = comparison.side_by_side if len(found) <= FEW else comparison.one_per_line
    console.table(f"{len(found)} runs", *table(found))
    _tell_problems(found)


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
    """The object under `key`; empty where a damaged run.json has something else there."""
    value = facts.get(key)
    return value if isinstance(value, dict) else {}


def _files(folder: Path) -> list[str]:
    found = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")]
    return sorted(path.relative_to(folder).as_posix() for path in found)[:40]


def _tell_problems(records: list[Record]) -> None:
    for record in records:
        if record.problem:
            console.warning(f"{record.name} is broken: {record.problem}")


def _draw(records: list[Record], path: Path) -> None:
    from pw13.figures import comparison as figures
    from pw13.system import files

    if path.suffix not in (".png", ".svg", ".pdf"):
        raise OptionError(f"--figure: expected a file ending in .png, .svg or .pdf, received {str(path)!r}")
    kinds = sorted({record.kind for record in records})
    if len(kinds) > 1:
        raise UserError(f"--figure: expected runs of one kind, received {' and '.join(kinds)}")
    labels = comparison.labels(records)
    histories = {label: comparison.history(r.folder) for label, r in zip(labels, records, strict=True)}
    values = {name: [comparison.numbers(r).get(name) for r in records] for name in comparison.primary_metrics(records)}
    drawn = figures.run_comparison(histories, labels, values)
    files.write_with(path, lambda buffer: drawn.savefig(buffer, format=path.suffix[1:], dpi=120))
    console.message(f"figure: {path}")
