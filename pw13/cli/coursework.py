"""`pw13 all`: the whole coursework, then its hand-in."""

from typing import Annotated, Any

import typer

from pw13 import console
from pw13.cli import completion, options
from pw13.cli.interruption import interruptible
from pw13.cli.options import CorpusOption, DataOption, JsonOption, QuietOption, RunsDirOverride
from pw13.cli.report import (
    DEFAULT_OUT,
    AnswersOption,
    AuthorOption,
    CommentsOption,
    ExecuteOption,
    ExploreOption,
    NamesOption,
    OutOption,
    show,
)


def all_(
    config: Annotated[
        str,
        typer.Option(
            "--config",
            metavar="FILE|NAME",
            help="preset (quick, full) or TOML file",
            autocompletion=completion.configs,
        ),
    ] = "full",
    device: Annotated[
        str | None,
        typer.Option(
            metavar="cpu|gpu",
            help=options.described("processor that trains", "that of the TOML file, else PW13_DEVICE, else cpu"),
        ),
    ] = None,
    seeds: Annotated[
        int, typer.Option(metavar="N", help="seeds of each headline network, for 95 % intervals (denoiser: at most 3)")
    ] = 1,
    jobs: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help=options.described("runs at a time", "one per core up to 4, as far as memory goes; one per GPU"),
        ),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="re-run everything, including finished runs")] = False,
    data: DataOption = None,
    corpus: CorpusOption = None,
    author: AuthorOption = None,
    comments: CommentsOption = None,
    names: NamesOption = None,
    answers: AnswersOption = "full",
    out: OutOption = DEFAULT_OUT,
    explore: ExploreOption = "full",
    execute: ExecuteOption = True,
    runs_dir: RunsDirOverride = None,
    json: JsonOption = None,
    quiet: QuietOption = None,
) -> None:
    """Run every experiment of the course and write the report. Finished runs are reused."""
    from pw13.coursework.run import way_on
    from pw13.report import hand_in
    from pw13.sweeps.jobs import check_jobs

    check_jobs(jobs)
    shared = {"data": data, "corpus": corpus, "runs_dir": runs_dir, "json": json, "quiet": quiet}
    base, rest = coursework_settings(config, device, shared)
    console.start(quiet=bool(rest["quiet"]))
    request = hand_in.HandInOptions(
        (), tuple(author or ()), comments, names, answers == "full", execute, explore == "full"
    )
    hand_in.check_options(request, out)
    done = run_coursework(base, rest, seeds, jobs, fresh)
    with interruptible(f"the runs are complete, the report is not written. {way_on(fresh)}"):
        written = hand_in.write_hand_in(request, runs_dir=rest["runs_dir"], out=out)
    if not rest["json"]:
        rows = [(result.step.name, result.how, result.run.name, f"{result.seconds:.0f}") for result in done]
        console.table("coursework", ("step", "status", "run", "seconds"), rows)
    show(written, rest["json"])


def coursework_settings(name: str, device: str | None, shared: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the settings of each kind from one TOML file, and the shared options: flags over the top of the file."""
    from pw13.config import KINDS, presets

    content = presets.read_config(name)
    base = {kind: options.resolve_settings(cls, content, {"device": device})[0] for kind, cls in KINDS.items()}
    return base, options.resolve_shared(content, shared)


def run_coursework(base: dict[str, Any], rest: dict[str, Any], seeds: int, jobs: int | None, fresh: bool) -> list[Any]:
    """Run every step that has no finished run yet; return the results of all steps."""
    from pw13.coursework import run
    from pw13.coursework.plan import course_steps, overrides_handout
    from pw13.data.source import resolve_path

    paths = {name: resolve_path(name, rest[name]) for name in ("data", "corpus")}
    if overrides_handout(base["charrnn"]):
        console.note("cell, target and carry_state of [charrnn] are ignored; every variant of the handout is trained")
    course_data = run.inspect_data(paths["data"], paths["corpus"], base)
    reused = "; steps not begun yet reuse earlier runs" if fresh else ""
    with interruptible(f"progress saved. {run.way_on(fresh)}{reused}"):
        return run.run_coursework(
            course_steps(base, seeds), course_data, runs_dir=rest["runs_dir"], fresh=fresh, jobs=jobs
        )
