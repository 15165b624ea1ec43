"""`pw13 runs export` and `pw13 runs prune`: runs for other programs, and the space that they take."""

import importlib.util
from pathlib import Path
from typing import Annotated, Literal

import typer

from pw13 import console
from pw13.cli import completion
from pw13.cli.options import DataOption, JsonOption, RunsDirOption, described, require_runs_dir, user_path
from pw13.config import DEFAULT_RUNS_DIR
from pw13.errors import OptionError, UserError
from pw13.report.commentary.phrasing import format_count
from pw13.runs import comparison, pruning
from pw13.runs import export as rows
from pw13.runs.finding import find_run, list_runs, read_last_all
from pw13.runs.places import quote
from pw13.runs.record import Record, read_run
from pw13.system.installation import install_hint, installed

NamesArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="RUN...", help=described("runs; a sweep expands to its points", "all"), autocompletion=completion.runs
    ),
]


def export(
    names: NamesArgument = None,
    to: Annotated[
        Literal["csv", "json", "projector"],
        typer.Option("--to", metavar="csv|json|projector", help="one row per run, or codes for the projector"),
    ] = "csv",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE|DIR",
            parser=user_path,
            help=described("file; projector: folder", "standard output"),
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", metavar="N", help=described("test images of the projector, at most", "2000")),
    ] = None,
    data: DataOption = None,
    runs_dir: RunsDirOption = DEFAULT_RUNS_DIR,
) -> None:
    """Export settings and metrics, a row per run.

    Or an autoencoder's codes of test images, with labels and pictures, for TensorBoard's Embedding Projector.
    """
    for flag, value in (("--limit", limit), ("--data", data)):
        if value is not None and to != "projector":
            raise OptionError(f"{flag}: requires --to projector")
    records = _records(names, runs_dir)
    if to == "projector":
        return _export_projector(records, data, out, 2000 if limit is None else limit)
    flat = rows.flat_rows(records)
    text = rows.to_csv(flat) if to == "csv" else None
    if out is None:
        return console.print_text(text) if text is not None else console.json_document({"runs": flat})
    from pw13.system import files

    content = text if text is not None else files.to_json({"runs": flat})
    try:
        files.write_atomic(out, files.to_utf8(content))
    except OSError as error:
        raise UserError(f"--out {out}: cannot be written: {error.strerror or error}") from None
    console.message(f"{format_count(len(flat), 'run')}: {out}")


def _export_projector(records: list[Record], data: str | None, out: Path | None, limit: int) -> None:
    if len(records) != 1 or out is None:
        wrong = f"expected one autoencoder, received {len(records)} runs" if out else "--out: expected a folder"
        raise OptionError(f"--to projector: {wrong}")
    if limit < 1:
        raise OptionError(f"--limit: expected an integer from 1, received {limit}")
    from pw13.data.images import load_images
    from pw13.data.source import resolve_path
    from pw13.inference.encoders import load_encoder
    from pw13.inference.projector import write_projection

    (record,) = records
    recorded = str(record.config.get("data", "builtin"))
    images = load_images(resolve_path("data", data if data is not None else recorded))
    done = write_projection(load_encoder(record, images), images, out, limit)
    codes = f"{format_count(done.images, 'code')} of {format_count(done.code_size, 'value')}"
    console.message(f"{codes}; open them with: {installed('tensorboard')} --logdir {quote(str(out))}")
    if importlib.util.find_spec("tensorboard") is None:
        console.note(f"TensorBoard is not installed; {install_hint('tensorboard')}")
    console.print_result(str(done.folder))


def prune(
    names: NamesArgument = None,
    keep_best: Annotated[
        int | None,
        typer.Option(
            "--keep-best",
            metavar="N",
            min=0,
            help="also delete models, but not those of the N best runs of each kind and task, nor of pw13 all",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="delete; nothing is deleted without it")] = False,
    runs_dir: RunsDirOption = DEFAULT_RUNS_DIR,
    json: JsonOption = None,
) -> None:
    """Show what takes space; delete spare checkpoints with --yes.

    Completed runs keep their best model, settings, metrics and figures; `pw13 resume` cannot train them further.
    """
    runs_of_all, sweeps_of_all = read_last_all(runs_dir)
    plan = pruning.plan(_records(names, runs_dir), keep_best=keep_best, protected=[*runs_of_all, *sweeps_of_all])
    plan.sort(key=lambda prunable: -prunable.total)
    sizes = [prunable.freed for prunable in plan]  # of files that exist yet
    if yes:
        for prunable in plan:
            pruning.delete(prunable)
    if json:
        runs = [
            {"run": p.record.reference, "bytes": p.total, "prunable_bytes": size}
            for p, size in zip(plan, sizes, strict=True)
        ]
        return console.json_document({"runs": runs, "deleted": yes})
    shown = [(p.record.reference, p.total / 1e6, size / 1e6, p.why) for p, size in zip(plan, sizes, strict=True)]
    console.table(f"{format_count(len(plan), 'run')} in {runs_dir}", ("run", "MB", "prunable MB", "what"), shown)
    console.message(f"{sum(sizes) / 1e6:.1f} MB {'deleted' if yes else 'can be deleted with --yes'}")


def _records(names: list[str] | None, runs_dir: Path) -> list[Record]:
    """Return the named runs, else all; sweeps as their points."""
    if not names:
        require_runs_dir(runs_dir)
    records = [read_run(find_run(name, runs_dir)) for name in names] if names else list_runs(runs_dir)
    return comparison.expand_sweeps(records)
