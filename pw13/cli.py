"""The commands: each parses, opens a run, calls one experiment, and prints what came out."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from pw13 import (
    __version__,
    cli_data,
    cli_denoise,
    cli_generate,
    cli_report,
    cli_runs,
    cli_sweep,
    config,
    console,
    options,
    runs,
    stopping,
    sweeps,
)
from pw13.config import CharRNN, ConvDAE, DenseAE, SvmEval
from pw13.data import source
from pw13.errors import OptionError, UserError
from pw13.options import CorpusFile, Data, Json, Quiet, Runs, RunsDir, with_settings

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Autoencoders, SVMs and name-inventing RNNs from the command line: train, measure, compare, write up.",
)
app.add_typer(cli_data.app, name="data")
app.add_typer(cli_runs.app, name="runs")
app.add_typer(cli_sweep.app, name="sweep")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code: 0 done, 1 a file or the machine is at fault, 2 a bad option, 130, 143 stopped."""
    try:
        code = app(args=arguments, prog_name="pw13", standalone_mode=False)
        sys.stdout.flush()
        return code or 0
    except stopping.Stopped as stop:
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
        console.out(f"pw13 {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="print the version")
    ] = False,
) -> None:
    stopping.listen()


@app.command()
@with_settings(DenseAE)
def train_dense_ae(
    settings: DenseAE, data: Data = None, runs_dir: RunsDir = None, json: Json = None, quiet: Quiet = None
) -> None:
    """Train the shallow dense autoencoder (exercise 1a-f)."""
    _train("dense-ae", settings, runs_dir, json, quiet, data=data)


@app.command()
@with_settings(ConvDAE)
def train_conv_dae(
    settings: ConvDAE, data: Data = None, runs_dir: RunsDir = None, json: Json = None, quiet: Quiet = None
) -> None:
    """Train the convolutional denoising autoencoder (exercise 1, second part)."""
    _train("conv-dae", settings, runs_dir, json, quiet, data=data)


@app.command()
@with_settings(SvmEval)
def svm_eval(
    settings: SvmEval,
    run: Runs = None,
    data: Data = None,
    runs_dir: RunsDir = None,
    json: Json = None,
    quiet: Quiet = None,
) -> None:
    """Compare SVMs on codes, on pixels and on PCA codes (exercise 1g)."""
    console.start(quiet=bool(quiet))
    folder = Path(runs_dir or ".").absolute()
    named = [str(runs.find(name, folder).absolute()) for name in run or ()]
    places = {"data": source.resolved("data", data), "runs": named, "runs_dir": str(folder)}
    made = runs.create(folder, "svm-eval", {**config.as_dict(settings), **places})
    _perform("svm-eval", settings, made, json, **places)


@app.command()
@with_settings(CharRNN)
def train_charrnn(
    settings: CharRNN, corpus: CorpusFile = None, runs_dir: RunsDir = None, json: Json = None, quiet: Quiet = None
) -> None:
    """Train a character RNN on a list of names (exercise 2)."""
    _train("charrnn", settings, runs_dir, json, quiet, corpus=corpus)


app.command()(cli_generate.generate)
app.command()(cli_report.report)
app.command("all")(cli_report.all_)
app.command()(cli_denoise.denoise)


@app.command()
def resume(
    name: Annotated[str, typer.Argument(metavar="RUN", help="a run folder, its name, or the beginning of it")],
    epochs: Annotated[int | None, typer.Option(metavar="N", help="go on to this many epochs in all")] = None,
    runs_dir: RunsDir = options.DEFAULTS["runs_dir"],
    json: Json = None,
    quiet: Quiet = None,
) -> None:
    """Go on with a run that was interrupted or died, to the same weights as if it had never stopped."""
    from pw13 import resuming

    console.start(quiet=bool(quiet))
    record = runs.opened(name, runs_dir)
    if sweeps.is_sweep(record):
        return cli_sweep.resume(record, epochs, json)
    settings = resuming.settings(record, epochs)
    if settings is None:
        console.message(f"{record.name} is complete; nothing to do")
        return
    _perform(record.kind, settings, runs.reopen(record, settings), json, **runs.places_of(record))


@app.command()
def doctor(json: Json = None) -> None:
    """Show versions, processor, places, and what is missing."""
    from pw13 import doctor as findings

    report = findings.report()
    if json:
        return console.json_document(report)
    for topic in ("versions", "machine", "places"):
        console.facts(topic, report[topic])
    console.table("missing", ("what: how to get it",), [(line,) for line in report["missing"]] or [("nothing",)])


def _train(kind: str, settings: Any, runs_dir: Any, json: Any, quiet: Any, **places: str | None) -> None:
    console.start(quiet=bool(quiet))
    resolved = {name: source.resolved(name, place) for name, place in places.items()}
    run = runs.create(runs_dir, kind, {**config.as_dict(settings), **resolved})
    _perform(kind, settings, run, json, **resolved)


def _perform(kind: str, settings: Any, run: runs.Run, json: Any, **places: Any) -> None:
    from pw13 import experiments, tables

    metrics = experiments.perform(kind, settings, run=run, **places)
    if json:
        console.json_document({"run": str(run.folder), **metrics})
    else:
        tables.show(kind, run, metrics)
