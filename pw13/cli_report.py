"""`pw13 report` and `pw13 all`: the hand-in from runs, and the whole practical work in one process."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from pw13 import console, options
from pw13.options import CorpusFile, Data, Json, Quiet, RunsDir

OUT = Path("report")

Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="where the hand-in is written")]
Authors = Annotated[
    list[str] | None, typer.Option("--author", metavar="NAME", help="who hands it in; repeat for more", show_default=False)
]
Comments = Annotated[
    Path | None, typer.Option("--comments", metavar="FILE.toml", help="your own words by item, such as 1a = \"...\"")
]
Names = Annotated[
    Path | None, typer.Option("--names", metavar="FILE", help="selected names, one a line", show_default="chosen by rule")
]
Answers = Annotated[
    Literal["full", "none"], typer.Option("--answers", help="answers to the questions of the handout, or none of them")
]
Execute = Annotated[bool, typer.Option("--execute/--no-execute", help="run the notebook's cells")]


def report(
    run: Annotated[
        list[str] | None,
        typer.Option("--run", metavar="RUN", help="a run to report on; repeat for more", show_default="of the last `pw13 all`"),
    ] = None,
    author: Authors = None,
    comments: Comments = None,
    names: Names = None,
    answers: Answers = "full",
    out: Out = OUT,
    check: Annotated[Path | None, typer.Option("--check", metavar="ZIP", help="verify a hand-in and do nothing else")] = None,
    execute: Execute = True,
    runs_dir: RunsDir = options.DEFAULTS["runs_dir"],
    json: Json = None,
    quiet: Quiet = None,
) -> None:
    """Write the hand-in from finished runs: report.pdf, report.html, notebook.ipynb, hand-in.zip."""
    from pw13.experiments import report as experiment

    console.start(quiet=bool(quiet))
    if check is not None:
        fine = experiment.check(check)
        return console.json_document({"zip": str(check), "files": fine}) if json else console.out(f"{check}: {len(fine)} files, all as listed")
    request = experiment.Request(tuple(run or ()), tuple(author or ()), comments, names, answers == "full", execute)
    show(experiment.perform(request, runs_dir=runs_dir, out=out), json)


def show(written: "object", json: bool | None) -> None:
    """What was written, and what is missing."""
    facts = written._asdict()  # type: ignore[attr-defined]
    if json:
        return console.json_document({**facts, "folder": str(facts["folder"])})
    for text in facts["notices"]:
        console.message(f"note: {text}")
    for text in facts["missing"]:
        console.message(f"missing: {text}")
    for name in facts["files"]:
        console.out(str(facts["folder"] / name))
