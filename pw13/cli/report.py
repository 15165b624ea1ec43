"""`pw13 report` and `pw13 all`: the hand-in from runs, and the whole practical work in one process."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from pw13 import console
from pw13.cli import completion, options
from pw13.cli.options import (
    DEFAULT_RUNS_DIR,
    CorpusOption,
    DataOption,
    JsonOption,
    QuietOption,
    RunsDirOption,
    RunsDirSetting,
)

OUT = Path("report")

Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="where the hand-in is written")]
Authors = Annotated[
    list[str] | None,
    typer.Option("--author", metavar="NAME", help="who hands it in; repeat for more", show_default=False),
]
Comments = Annotated[
    Path | None, typer.Option("--comments", metavar="FILE.toml", help='your own words by item, such as 1a = "..."')
]
Names = Annotated[
    Path | None,
    typer.Option("--names", metavar="FILE", help="selected names, one a line", show_default="chosen by rule"),
]
Answers = Annotated[
    Literal["full", "none"], typer.Option("--answers", help="answers to the questions of the handout, or none of them")
]
Execute = Annotated[bool, typer.Option("--execute/--no-execute", help="run the notebook's cells")]


def report(
    run: Annotated[
        list[str] | None,
        typer.Option(
            "--run",
            metavar="RUN",
            help="a run to report on; repeat for more",
            show_default="of the last `pw13 all`",
            autocompletion=completion.runs,
        ),
    ] = None,
    author: Authors = None,
    comments: Comments = None,
    names: Names = None,
    answers: Answers = "full",
    out: Out = OUT,
    check: Annotated[
        Path | None, typer.Option("--check", metavar="ZIP", help="verify a hand-in and do nothing else")
    ] = None,
    execute: Execute = True,
    runs_dir: RunsDirOption = DEFAULT_RUNS_DIR,
    json: JsonOption = None,
    quiet: QuietOption = None,
) -> None:
    """Write the hand-in from finished runs. It is report.pdf, report.html, notebook.ipynb and hand-in.zip."""
    from pw13.report import hand_in

    console.start(quiet=bool(quiet))
    if check is not None:
        fine = hand_in.check(check)
        return (
            console.json_document({"zip": str(check), "files": fine})
            if json
            else console.print_result(f"{check}: {len(fine)} files, all as listed")
        )
    request = hand_in.HandInOptions(tuple(run or ()), tuple(author or ()), comments, names, answers == "full", execute)
    show(hand_in.write_hand_in(request, runs_dir=runs_dir, out=out), json)


def all_(
    config: Annotated[
        str,
        typer.Option(
            "--config",
            metavar="FILE|NAME",
            help="settings of every kind; quick, full, or yours",
            autocompletion=completion.configs,
        ),
    ] = "full",
    fresh: Annotated[bool, typer.Option("--fresh", help="do everything anew, also what is there already")] = False,
    data: DataOption = None,
    corpus: CorpusOption = None,
    author: Authors = None,
    comments: Comments = None,
    names: Names = None,
    answers: Answers = "full",
    out: Out = OUT,
    execute: Execute = True,
    runs_dir: RunsDirSetting = None,
    json: JsonOption = None,
    quiet: QuietOption = None,
) -> None:
    """Do the whole practical work and write the hand-in. All in one process; finished runs are used again."""
    from pw13.report import hand_in

    places = {"data": data, "corpus": corpus, "runs_dir": runs_dir, "json": json, "quiet": quiet}
    base, rest = coursework_settings(config, places)
    console.start(quiet=bool(rest["quiet"]))
    request = hand_in.HandInOptions((), tuple(author or ()), comments, names, answers == "full", execute)
    hand_in.check_options(request, out)
    done = run_coursework(base, rest, fresh)
    written = hand_in.write_hand_in(request, runs_dir=rest["runs_dir"], out=out)
    if not rest["json"]:
        rows = [(each.step.name, each.how, each.run.name, f"{each.seconds:.0f}") for each in done]
        console.table("the practical work", ("step", "", "run", "seconds"), rows)
    show(written, rest["json"])


def coursework_settings(name: str, places: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The settings record of each kind out of one TOML file, and what stands at its top under the flags."""
    from pw13 import config

    layers = {kind: options.resolve_settings(cls, name, places) for kind, cls in config.KINDS.items()}
    return {kind: settings for kind, (settings, _) in layers.items()}, layers["dense-ae"][1]


def run_coursework(base: dict[str, Any], rest: dict[str, Any], fresh: bool) -> list[Any]:
    """Every step of the practical work, done now or before."""
    from pw13.coursework import run
    from pw13.coursework.plan import course_steps, overrides_handout
    from pw13.data.source import resolve_path
    from pw13.system import signals

    places = {name: resolve_path(name, rest[name]) for name in ("data", "corpus")}
    if overrides_handout(base["charrnn"]):
        console.message("note: cell, target and carry_state of [charrnn] are the handout's, one after the other")
    found = run.inspect_data(places["data"], places["corpus"], base["charrnn"])
    try:
        return run.run_coursework(course_steps(base), found, runs_dir=rest["runs_dir"], fresh=fresh)
    except signals.Interrupted as stop:
        same = "The same command without --fresh" if fresh else "The same command"
        console.warning(f"interrupted; what was learnt is kept. {same} goes on from here")
        raise typer.Exit(stop.exit_code) from None


def show(written: Any, json: bool | None) -> None:
    """What was written, and what is missing."""
    if json:
        return console.json_document({**written._asdict(), "folder": str(written.folder)})
    for text in written.missing:
        console.message(f"missing: {text}")
    for name in written.files:
        console.print_result(str(written.folder / name))
