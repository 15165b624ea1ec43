"""The command line: the app with all commands, and the exit codes."""

import os
import sys
from typing import Annotated, TextIO

import typer

from pw13 import __version__, console
from pw13.cli import coursework, data, denoise, doctor, explore, export, generate, report, runs, score, sweep, train
from pw13.errors import OptionError, UserError
from pw13.system import signals

# The \b keeps the lines as they are.
EPILOG = """\b
Environment: PW13_DATA_DIR, a folder of data sets, searched before data/;
PW13_CACHE_DIR, the folder of the cache; PW13_DEVICE, cpu or gpu, to train on
Exit codes: 0 success, 1 runtime error (file, data, machine), 2 usage error,
130 Ctrl-C, 143 SIGTERM
"""

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help takes a third less time: Typer's other form imports a Markdown parser
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Train, evaluate, compare and report on autoencoders, SVMs and name-generating RNNs.",
    epilog=EPILOG,
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code.

    Exit codes: 0 success, 1 runtime error (file, data, machine), 2 usage error, 130 Ctrl-C, 143 SIGTERM.
    """
    output = sys.stdout
    try:
        code = app(args=arguments, prog_name="pw13", standalone_mode=False)
        sys.stdout.flush()
        return code or 0
    except signals.Interrupted as stop:
        console.warning(f"interrupted; progress saved. Resume with: pw13 resume {stop.run or 'RUN'}")
        return stop.exit_code
    except KeyboardInterrupt:
        return 130
    except typer.TyperException as error:
        return _print_usage_error(error)
    except OptionError as error:
        console.error(str(error))
        return 2
    except UserError as error:
        console.error(str(error))
        return 1
    except BrokenPipeError:
        return _discard_output()
    except SystemExit:  # how Typer ends on any broken pipe
        if not _is_broken(output):
            raise
        return _discard_output()
    except OSError as error:
        console.error(f"{error.filename or _unnamed_place(error)}: {error.strerror or error}")
        return 1
    except MemoryError:
        console.error("out of memory")
        return 1
    except RuntimeError as error:
        if "start new thread" not in str(error):
            raise
        console.error("cannot start a thread: too many processes, or too little memory, for this user")
        return 1


def _unnamed_place(error: OSError) -> str:
    """Return what an error without a file name is about."""
    if isinstance(error, FileNotFoundError):
        return "TMPDIR" if "temporary" in str(error) else "the current folder"
    return "standard output"


def _print_usage_error(error: typer.TyperException) -> int:
    """Print the parser's message as one line, or the help of a command group called without a command."""
    if type(error).__name__ == "NoArgsIsHelpError":  # a class that Typer does not export; its message is the help
        typer.echo(error.format_message(), err=True)
    else:
        console.error(" ".join(error.format_message().split()))
    return error.exit_code


def _is_broken(output: TextIO) -> bool:
    """Return whether the reader of `output` has stopped, by another line to it: a flush alone has nothing to write."""
    try:
        output.write("\n")
        output.flush()
    except BrokenPipeError:
        return True
    return False


def _discard_output() -> int:
    """End quietly when the reader of standard output has stopped, as `| head` does."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the interpreter's last flush succeeds
    return 0


def _print_version(requested: bool) -> None:
    if requested:
        console.print_result(f"pw13 {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="print the version and exit")
    ] = False,
) -> None:
    signals.listen()


app.command()(train.train_dense_ae)
app.command()(train.train_conv_dae)
app.command()(train.svm_eval)
app.command()(train.train_charrnn)
app.command()(generate.generate)
app.command()(score.score)
app.command()(report.report)
app.command()(explore.explore)
app.command("all")(coursework.all_)
app.command()(denoise.denoise)
app.command()(train.resume)
app.command()(doctor.doctor)
runs.app.command()(export.export)
runs.app.command()(export.prune)
app.add_typer(data.app, name="data")
app.add_typer(runs.app, name="runs")
app.add_typer(sweep.app, name="sweep")
