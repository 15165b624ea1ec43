"""The command line: the app of all commands, and what ends one."""

import os
import sys
from typing import Annotated, Any

import typer

from pw13 import __version__, console
from pw13.cli import data, denoise, doctor, generate, report, runs, sweep, train
from pw13.errors import OptionError, UserError
from pw13.system import signals

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help comes in two thirds of the time: Typer's other form imports a Markdown parser
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Autoencoders, SVMs and name-inventing RNNs from the command line: train, measure, compare, write up.",
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code: 0 done, 1 a file or the machine is at fault, 2 a bad option, 130, 143 stopped."""
    try:
        code = app(args=arguments, prog_name="pw13", standalone_mode=False)
        sys.stdout.flush()
        return code or 0
    except signals.Interrupted as stop:
        console.warning(f"interrupted; what was learnt is kept. Go on with: pw13 resume {stop.run or 'RUN'}")
        return stop.exit_code
    except KeyboardInterrupt:
        return 130
    except typer.TyperException as error:
        return _refused(error)
    except OptionError as error:
        console.error(str(error))
        return 2
    except UserError as error:
        console.error(str(error))
        return 1
    except BrokenPipeError:
        return _reader_gone()
    except FileNotFoundError as error:  # without a name: of the current folder
        console.error(f"{error.filename or 'the current folder'}: {error.strerror or error}")
        return 1
    except OSError as error:
        console.error(f"{error.filename or 'standard output'}: {error.strerror or error}")
        return 1
    except MemoryError:
        console.error("not enough memory for this")
        return 1


def _refused(error: Any) -> int:
    """Print what the parser found wrong as one line; a bare command shows its help instead."""
    text = error.format_message() if hasattr(error, "format_message") else str(error)
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
    else:
        console.error(" ".join(text.split()))
    return int(getattr(error, "exit_code", 2))


def _reader_gone() -> int:
    """End quietly when the reader of standard output has stopped, as `| head` does."""
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  so that the interpreter's last flush cannot fail
    return 0


def _version(wanted: bool) -> None:
    if wanted:
        console.print_result(f"pw13 {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="print the version")
    ] = False,
) -> None:
    signals.listen()


app.command()(train.train_dense_ae)
app.command()(train.train_conv_dae)
app.command()(train.svm_eval)
app.command()(train.train_charrnn)
app.command()(generate.generate)
app.command()(report.report)
app.command("all")(report.all_)
app.command()(denoise.denoise)
app.command()(train.resume)
app.command()(doctor.doctor)
app.add_typer(data.app, name="data")
app.add_typer(runs.app, name="runs")
app.add_typer(sweep.app, name="sweep")
