"""The commands that make a run: each parses, opens it, calls one experiment, and prints what came out."""

from pathlib import Path
from typing import Annotated, Any

import typer

from pw13 import console
from pw13.cli import sweep
from pw13.cli.options import HERE, CorpusFile, Data, Json, Quiet, RunName, Runs, RunsDir, Where, with_settings
from pw13.config import fields
from pw13.config.settings import CharRNN, ConvDAE, DenseAE, SvmEval
from pw13.data import source
from pw13.runs import folder as runs
from pw13.runs import record as records
from pw13.sweeps import folder as sweeps


@with_settings(DenseAE)
def train_dense_ae(
    settings: DenseAE, data: Data = None, runs_dir: RunsDir = None, json: Json = None, quiet: Quiet = None
) -> None:
    """Train the shallow dense autoencoder (exercise 1a-f)."""
    _train("dense-ae", settings, runs_dir, json, quiet, data=data)


@with_settings(ConvDAE)
def train_conv_dae(
    settings: ConvDAE, data: Data = None, runs_dir: RunsDir = None, json: Json = None, quiet: Quiet = None
) -> None:
    """Train the convolutional denoiser (exercise 1, conv)."""
    _train("conv-dae", settings, runs_dir, json, quiet, data=data)


@with_settings(SvmEval)
def svm_eval(
    settings: SvmEval,
    run: Runs = None,
    data: Data = None,
    runs_dir: RunsDir = None,
    json: Json = None,
    quiet: Quiet = None,
) -> None:
    """Compare SVMs on codes and on pixels (exercise 1g)."""
    console.start(quiet=bool(quiet))
    folder = Path(runs_dir or ".").absolute()
    named = [str(records.find(name, folder).absolute()) for name in run or ()]
    places = {"data": source.resolved("data", data), "runs": named, "runs_dir": str(folder)}
    made = runs.create(folder, "svm-eval", {**fields.as_dict(settings), **places})
    _perform("svm-eval", settings, made, json, **places)


@with_settings(CharRNN)
def train_charrnn(
    settings: CharRNN, corpus: CorpusFile = None, runs_dir: RunsDir = None, json: Json = None, quiet: Quiet = None
) -> None:
    """Train a character RNN on a list of names (exercise 2)."""
    _train("charrnn", settings, runs_dir, json, quiet, corpus=corpus)


def resume(
    name: RunName,
    epochs: Annotated[int | None, typer.Option(metavar="N", help="go on to this many epochs in all")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="go on though a process of another host seems to work on it")
    ] = False,
    runs_dir: Where = HERE,
    json: Json = None,
    quiet: Quiet = None,
) -> None:
    """Go on with a run that was interrupted or died. It ends with the weights of a run that never stopped."""
    from pw13.runs import resume as resuming

    console.start(quiet=bool(quiet))
    record = records.opened(name, runs_dir)
    resuming.refuse_running(record, force=force)
    if sweeps.is_sweep(record):
        return sweep.resume(record, epochs, json)
    settings, places = resuming.settings(record, epochs), records.places_of(record)
    if settings is None:
        console.message(f"{record.name} is complete; nothing to do")
        return _show(record.kind, runs.Run(record.folder), record.metrics or {}, json) if json else None
    _perform(record.kind, settings, runs.reopen(record, settings), json, **places)


def _train(kind: str, settings: Any, runs_dir: Any, json: Any, quiet: Any, **places: str | None) -> None:
    console.start(quiet=bool(quiet))
    resolved = {name: source.resolved(name, place) for name, place in places.items()}
    run = runs.create(runs_dir, kind, {**fields.as_dict(settings), **resolved})
    _perform(kind, settings, run, json, **resolved)


def _perform(kind: str, settings: Any, run: runs.Run, json: Any, **places: Any) -> None:
    from pw13 import experiments

    _show(kind, run, experiments.perform(kind, settings, run=run, **places), json)


def _show(kind: str, run: runs.Run, metrics: dict[str, Any], json: Any) -> None:
    from pw13.cli import tables

    if json:
        console.json_document({"run": str(run.folder), **metrics})
    else:
        tables.show(kind, run, metrics)
