"""`pw13 explore`: trained runs as a page to play with in the browser."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pw13 import console
from pw13.cli import completion
from pw13.cli.options import QuietOption, RunsDirOption, described, refuse_besides, require_runs_dir, user_path
from pw13.config import DEFAULT_RUNS_DIR
from pw13.errors import OptionError

if TYPE_CHECKING:
    from pw13.explore.contents import Chosen


def explore(
    context: typer.Context,
    run: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RUN...",
            help=described("runs to show; a sweep expands to its points", "the newest of each kind"),
            autocompletion=completion.runs,
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE",
            parser=user_path,
            help="write one HTML file that works by itself, instead of serving",
        ),
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", metavar="N", help=described("port to serve on", "a free one"))
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="do not open the browser")] = False,
    runs_dir: RunsDirOption = DEFAULT_RUNS_DIR,
    quiet: QuietOption = None,
) -> None:
    """Play with trained runs in the browser."""
    from pw13.explore.contents import choose
    from pw13.runs.places import command

    console.start(quiet=bool(quiet))
    if port is not None and not 0 <= port <= 65535:
        raise OptionError(f"--port: expected 0 to 65535, received {port}")
    if out is not None:
        refuse_besides(context, "--out", ("run", "runs_dir", "quiet"))
    if not run:
        require_runs_dir(runs_dir, f"; train something first, such as: {command('all --config quick', runs_dir)}")
    chosen = choose(run or (), runs_dir)
    if out is None:
        return serve(chosen, runs_dir, port or 0, open_browser=not no_browser)
    from pw13.explore.page import write_page

    write_page(out, chosen, runs_dir)
    console.message(f"{out}: {out.stat().st_size / 1e6:.1f} MB, works by double click, without network")
    return console.print_result(str(out))


def serve(chosen: "Chosen", runs_dir: Path, port: int, *, open_browser: bool) -> None:
    """Serve until Ctrl-C or SIGTERM; print the address alone on a line of standard output."""
    from pw13.explore.server import make_server

    with make_server(chosen, runs_dir, port) as server:
        console.print_result(server.address)
        sys.stdout.flush()
        console.message("serving to this machine only; stop with Ctrl-C")
        if open_browser:
            import threading
            import webbrowser

            # a browser for the terminal returns when it is closed, and until then the page has to be served
            threading.Thread(target=webbrowser.open, args=(server.address,), daemon=True).start()
        server.serve_forever()
