"""`pw13 report`: the hand-in from finished runs."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from pw13 import console
from pw13.cli import completion, options
from pw13.cli.interruption import interruptible
from pw13.cli.options import (
    CorpusOption,
    DataOption,
    JsonOption,
    QuietOption,
    RunsDirOption,
    described,
    user_path,
)
from pw13.config import DEFAULT_RUNS_DIR
from pw13.errors import OptionError
from pw13.report.commentary.phrasing import format_count

DEFAULT_OUT = Path("report")

OutOption = Annotated[Path, typer.Option("--out", metavar="DIR", parser=user_path, help="output directory")]
AuthorOption = Annotated[
    list[str] | None,
    typer.Option("--author", metavar="NAME", help="author (repeatable)"),
]
CommentsOption = Annotated[
    Path | None,
    typer.Option(
        "--comments", metavar="FILE", parser=user_path, help='TOML file with your comments per item, such as 1a = "..."'
    ),
]
NamesOption = Annotated[
    Path | None,
    typer.Option(
        "--names",
        metavar="FILE",
        parser=user_path,
        help=described("your selection of names, one per line", "selected automatically"),
    ),
]
AnswersOption = Annotated[
    Literal["full", "none"],
    typer.Option("--answers", metavar="full|none", help="include the prepared answers to the handout's questions"),
]
ExploreOption = Annotated[
    Literal["full", "none"],
    typer.Option("--explore", metavar="full|none", help="include the page of pw13 explore, explore.html"),
]
ExecuteOption = Annotated[
    bool, typer.Option("--execute/--no-execute", help=described("execute the notebook", "on"), show_default=False)
]


# Options that do one thing and exit, and the parameters that go with each.
MODES = {
    "--template": ("quiet",),
    "--check": ("rerun", "data", "corpus", "json", "quiet"),
    "--handout": ("run", "comments", "names", "answers", "runs_dir", "json", "quiet"),
}


def report(
    context: typer.Context,
    run: Annotated[
        list[str] | None,
        typer.Option(
            "--run",
            metavar="RUN",
            help=described("run to report on (repeatable)", "those of the last pw13 all"),
            autocompletion=completion.runs,
        ),
    ] = None,
    author: AuthorOption = None,
    comments: CommentsOption = None,
    names: NamesOption = None,
    answers: AnswersOption = "full",
    out: OutOption = DEFAULT_OUT,
    check: Annotated[
        Path | None, typer.Option("--check", metavar="ZIP", parser=user_path, help="verify a hand-in and exit")
    ] = None,
    rerun: Annotated[
        bool, typer.Option("--rerun", help="with --check: train its runs again and list the numbers that differ")
    ] = False,
    data: DataOption = None,
    corpus: CorpusOption = None,
    explore: ExploreOption = "full",
    short: Annotated[
        bool, typer.Option("--short", help="a report of about six pages; the notebook is complete")
    ] = False,
    handout: Annotated[
        bool, typer.Option("--handout", help="print what was done for each item, and departures, and exit")
    ] = False,
    template: Annotated[
        Path | None,
        typer.Option(
            "--template", metavar="FILE", parser=user_path, help="write a file to fill in for --comments, and exit"
        ),
    ] = None,
    execute: ExecuteOption = True,
    runs_dir: RunsDirOption = DEFAULT_RUNS_DIR,
    json: JsonOption = None,
    quiet: QuietOption = None,
) -> None:
    """Write the report and the hand-in from finished runs.

    The files are report.pdf, report.html, notebook.ipynb, explore.html and hand-in.zip.
    """
    from pw13.report import hand_in

    console.start(quiet=bool(quiet))
    for mode, value in (("--template", template), ("--check", check), ("--handout", handout)):
        if value:
            options.refuse_besides(context, mode, MODES[mode])
    require_check(check, rerun, data, corpus)
    if template is not None:
        hand_in.write_template(template)
        return console.print_result(str(template))
    if check is not None and rerun:
        return rerun_hand_in(check, data, corpus, json)
    if check is not None:
        verified = hand_in.check(check)
        if json:
            return console.json_document({"zip": str(check), "files": verified})
        return console.print_result(f"{check}: {len(verified)} files ok")
    request = hand_in.HandInOptions(
        tuple(run or ()), tuple(author or ()), comments, names, answers == "full", execute, explore == "full", short
    )
    if handout:
        return show_handout(hand_in.handout_rows(request, runs_dir=runs_dir), json)
    with interruptible("nothing was written"):
        show(hand_in.write_hand_in(request, runs_dir=runs_dir, out=out), json)


def require_check(check: Path | None, rerun: bool, data: str | None, corpus: str | None) -> None:
    """Refuse options of `--check ZIP --rerun` without it."""
    if rerun and check is None:
        raise OptionError("--rerun: requires --check ZIP")
    for flag, value in (("--data", data), ("--corpus", corpus)):
        if value is not None and not rerun:
            raise OptionError(f"{flag}: requires --check ZIP --rerun")


def show_handout(rows: list[Any], json: bool | None) -> None:
    """Print what was done for each item of the handout, and the departures with the commands that settle them."""
    if json:
        items = [{**row._asdict(), "departures": [each._asdict() for each in row.departures]} for row in rows]
        return console.json_document({"items": items})
    console.table("the handout", ("item", "status", "done"), [(row.label, row.status, row.done) for row in rows])
    for row in rows:
        for departure in row.departures:
            console.print_result(f"{row.label}: {departure.text.rstrip('.')}; settled by: {departure.command}")


def rerun_hand_in(path: Path, data: str | None, corpus: str | None, json: bool | None) -> None:
    """Train the runs of a hand-in again, and print the numbers that differ; exit code 1 if there are any."""
    from pw13.coursework.rerun import TOLERANCE, rerun_hand_in
    from pw13.data.source import resolve_path

    with interruptible("nothing was saved"):
        done = rerun_hand_in(path, data=resolve_path("data", data), corpus=resolve_path("corpus", corpus))
    found = [difference._asdict() for difference in done.differences]
    if json:
        console.json_document({"zip": str(path), "runs": done.runs, "numbers": done.numbers, "differences": found})
    elif found:
        rows = [(*list(row.values())[:4], _percent(row["relative"])) for row in found]
        console.table("numbers that differ", ("run", "metric", "zip", "rerun", "difference"), rows)
    summary = (
        f"{format_count(done.runs, 'run')} trained again, {format_count(done.numbers, 'number')}: {len(found)} "
        f"{'differs' if len(found) == 1 else 'differ'} by more than {TOLERANCE:.0%}"
    )
    console.message(summary)
    if found:
        raise typer.Exit(1)


def _percent(relative: float | None) -> str | None:
    return None if relative is None else f"{100 * relative:+.1f} %"


def show(written: Any, json: bool | None) -> None:
    """Print the files that were written and the items that are missing."""
    if json:
        return console.json_document({**written._asdict(), "folder": str(written.folder)})
    for text in written.missing:
        console.message(f"missing: {text}")
    for name in written.files:
        console.print_result(str(written.folder / name))
