"""The commands that make a run: each parses, opens it, calls one experiment, and prints what came out."""

from pathlib import Path
from typing import Annotated, Any

import typer

from pw13 import console
from pw13.cli import sweep
from pw13.cli.options import (
    DEFAULT_RUNS_DIR,
    CorpusOption,
    DataOption,
    JsonOption,
    QuietOption,
    RunArgument,
    RunsDirOption,
    RunsDirSetting,
    RunsOption,
    with_settings,
)
from pw13.config import fields
from pw13.config.settings import CharRNN, ConvDAE, DenseAE, SvmEval
from pw13.data.source import resolve_path
from pw13.runs.folder import Run, create_run, reopen_run
from pw13.runs.record import data_paths_of, find_run, load_run
from pw13.sweeps.folder import is_sweep


@with_settings(DenseAE)
def train_dense_ae(
    settings: DenseAE,
    data: DataOption = None,
    runs_dir: RunsDirSetting = None,
    json: JsonOption = None,
    quiet: QuietOption = None,
) -> None:
    """Train the shallow dense autoencoder (exercise 1a-f)."""
    _train("dense-ae", settings, runs_dir, json, quiet, data=data)


@with_settings(ConvDAE)
def train_conv_dae(
    settings: ConvDAE,
    data: DataOption = None,
    runs_dir: RunsDirSetting = None,
    json: JsonOption = None,
    quiet: QuietOption = None,
) -> None:
    """Train the convolutional denoiser (exercise 1, conv)."""
    _train("conv-dae", settings, runs_dir, json, quiet, data=data)


@with_settings(SvmEval)
def svm_eval(
    settings: SvmEval,
    run: RunsOption = None,
    data: DataOption = None,
    runs_dir: RunsDirSetting = None,
    json: JsonOption = None,
    quiet: QuietOption = None,
) -> None:
    """Compare SVMs on codes and on pixels (exercise 1g)."""
    console.start(quiet=bool(quiet))
    folder = Path(runs_dir or ".").absolute()
    named = [str(find_run(name, folder).absolute()) for name in run or ()]
    places = {"data": resolve_path("data", data), "runs": named, "runs_dir": str(folder)}
    made = create_run(folder, "svm-eval", {**fields.as_dict(settings), **places})
    _perform("svm-eval", settings, made, json, **places)


@with_settings(CharRNN)
def train_charrnn(
    settings: CharRNN,
    corpus: CorpusOption = None,
    runs_dir: RunsDirSetting = None,
    json: JsonOption = None,
    quiet: QuietOption = None,
) -> None:
    """Train a character RNN on a list of names (exercise 2)."""
    _train("charrnn", settings, runs_dir, json, quiet, corpus=corpus)


def resume(
    name: RunArgument,
    epochs: Annotated[int | None, typer.Option(metavar="N", help="go on to this many epochs in all")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="go on though a process of another host seems to work on it")
    ] = False,
    runs_dir: RunsDirOption = DEFAULT_RUNS_DIR,
    json: JsonOption = None,
    quiet: QuietOption = None,
) -> None:
    """Go on with a run that was interrupted or died. It ends with the weights of a run that never stopped."""
    from pw13.runs.resume import refuse_running, resume_settings

    console.start(quiet=bool(quiet))
    record = load_run(name, runs_dir)
    refuse_running(record, force=force)
    if is_sweep(record):
        return sweep.resume(record, epochs, json)
    settings, places = resume_settings(record, epochs), data_paths_of(record)
    if settings is None:
        console.message(f"{record.name} is complete; nothing to do")
        return _show(record.kind, Run(record.folder), record.metrics or {}, json) if json else None
    _perform(record.kind, settings, reopen_run(record, settings), json, **places)


def _train(kind: str, settings: Any, runs_dir: Any, json: Any, quiet: Any, **places: str | None) -> None:
    console.start(quiet=bool(quiet))
    resolved = {name: resolve_path(name, place) for name, place in places.items()}
    run = create_run(runs_dir, kind, {**fields.as_dict(settings), **resolved})
    _perform(kind, settings, run, json, **resolved)


def _perform(kind: str, settings: Any, run: Run, json: Any, **places: Any) -> None:
    from pw13 import experiments

    _show(kind, run, experiments.run_experiment(kind, settings, run=run, **places), json)


def _show(kind: str, run: Run, metrics: dict[str, Any], json: Any) -> None:
    from pw13.cli import tables

    if json:
        console.json_document({"run": str(run.folder), **metrics})
    else:
        tables.show(kind, run, metrics)
