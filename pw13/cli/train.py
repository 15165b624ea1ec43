"""The commands that create or resume a run: each parses, opens it, calls one experiment and prints the metrics."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from pw13 import console
from pw13.cli import completion, sweep
from pw13.cli.options import (
    CorpusOption,
    DataOption,
    JsonOption,
    QuietOption,
    RunArgument,
    RunsDirOption,
    RunsDirOverride,
    described,
    with_settings,
)
from pw13.config import DEFAULT_RUNS_DIR, fields
from pw13.config.settings import NETWORK_SETTINGS, CharRNN, ConvDAE, DenseAE, SvmEval
from pw13.data.source import resolve_path
from pw13.errors import UserError
from pw13.runs.finding import find_run, load_run
from pw13.runs.folder import Run
from pw13.runs.opening import create_run, reopen_run
from pw13.runs.record import data_paths_of
from pw13.system import machine

EncoderRunsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--run",
        metavar="RUN",
        help=described(
            "dense-ae or conv-dae run whose codes to use (repeatable); of conv-dae only: with the latest dense-ae",
            "latest dense-ae",
        ),
        autocompletion=completion.runs,
    ),
]

InitFromOption = Annotated[
    str | None,
    typer.Option(
        "--init-from",
        metavar="RUN",
        help=described("run whose network to train further, with any corpus", "random weights"),
        autocompletion=completion.runs,
    ),
]


@with_settings(DenseAE)
def train_dense_ae(
    settings: DenseAE,
    data: DataOption = None,
    runs_dir: RunsDirOverride = None,
    json: JsonOption = None,
    quiet: QuietOption = None,
) -> None:
    """Train the shallow dense autoencoder (exercise 1a-f)."""
    _train("dense-ae", settings, runs_dir, json, quiet, data=data)


@with_settings(ConvDAE)
def train_conv_dae(
    settings: ConvDAE,
    data: DataOption = None,
    runs_dir: RunsDirOverride = None,
    json: JsonOption = None,
    quiet: QuietOption = None,
) -> None:
    """Train the convolutional denoiser (exercise 1, conv)."""
    _train("conv-dae", settings, runs_dir, json, quiet, data=data)


@with_settings(SvmEval)
def svm_eval(
    settings: SvmEval,
    run: EncoderRunsOption = None,
    data: DataOption = None,
    runs_dir: RunsDirOverride = None,
    json: JsonOption = None,
    quiet: QuietOption = None,
) -> None:
    """Compare SVMs on codes and on pixels (exercise 1g)."""
    console.start(quiet=bool(quiet))
    encoders = [str(find_run(name, runs_dir or DEFAULT_RUNS_DIR, "--run").absolute()) for name in run or ()]
    folder = (runs_dir or DEFAULT_RUNS_DIR).absolute()
    data_paths = {"data": resolve_path("data", data), "runs": encoders, "runs_dir": str(folder)}
    created = create_run(folder, "svm-eval", {**fields.as_dict(settings), **data_paths})
    _run("svm-eval", settings, created, json, **data_paths)


@with_settings(CharRNN)
def train_charrnn(
    settings: CharRNN,
    init_from: InitFromOption = None,
    corpus: CorpusOption = None,
    runs_dir: RunsDirOverride = None,
    json: JsonOption = None,
    quiet: QuietOption = None,
) -> None:
    """Train a character RNN on a list of names (exercise 2)."""
    console.start(quiet=bool(quiet))
    start = _starting_run(init_from, settings, runs_dir or DEFAULT_RUNS_DIR) if init_from is not None else None
    _train("charrnn", settings, runs_dir, json, quiet, start, corpus=corpus)


def _starting_run(name: str, settings: CharRNN, runs_dir: Path) -> dict[str, str]:
    """Return the run that --init-from names as config.json holds it, checked to have a network of the same shape."""
    from pw13.inference.trained_run import check_agreement, find_trained_run, model_path

    record = find_trained_run("charrnn", name, runs_dir, "--init-from")
    check_agreement(record, settings, NETWORK_SETTINGS, "--init-from")
    if not model_path(record).is_file():
        raise UserError(f"{model_path(record)}: missing; --init-from needs a run with a trained model")
    return {"init_from": str(record.folder.absolute())}


def resume(
    name: RunArgument,
    epochs: Annotated[int | None, typer.Option(metavar="N", help="train to this total number of epochs")] = None,
    device: Annotated[
        str | None, typer.Option(metavar="cpu|gpu", help=described("processor that trains", "that of the run"))
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="resume on another device, or if another host appears to work on the run")
    ] = False,
    runs_dir: RunsDirOption = DEFAULT_RUNS_DIR,
    json: JsonOption = None,
    quiet: QuietOption = None,
) -> None:
    """Resume an interrupted or crashed run. The final weights are identical to those of an uninterrupted run."""
    from pw13.runs.resume import refuse_running, resume_settings, with_device

    console.start(quiet=bool(quiet))
    record = load_run(name, runs_dir)
    refuse_running(record, force=force)
    if record.is_sweep:
        return sweep.resume(record, epochs, device, json)
    settings, data_paths = resume_settings(record, epochs), data_paths_of(record)
    if settings is None:
        console.message(f"{record.name} is complete; nothing to do")
        if json:
            _show(record.kind, Run(record.folder), record.metrics or {}, json)
        return
    if device is not None:
        settings = with_device(settings, device)
    lean = {"lean": True} if record.facts.get("lean") else {}  # a point of a sweep stays one
    _run(record.kind, settings, reopen_run(record, settings, any_device=force), json, **data_paths, **lean)


def _train(
    kind: str,
    settings: Any,
    runs_dir: Path | None,
    json: bool | None,
    quiet: bool | None,
    start: Mapping[str, str] | None = None,
    **data_paths: str | None,
) -> None:
    console.start(quiet=bool(quiet))
    resolved = {**{name: resolve_path(name, path) for name, path in data_paths.items()}, **(start or {})}
    run = create_run(runs_dir or DEFAULT_RUNS_DIR, kind, {**fields.as_dict(settings), **resolved})
    _run(kind, settings, run, json, **resolved)


def _run(kind: str, settings: Any, run: Run, json: bool | None, **data_paths: Any) -> None:
    from pw13 import experiments

    run.started_at = machine.process_start()
    _show(kind, run, experiments.run_experiment(kind, settings, run=run, **data_paths), json)


def _show(kind: str, run: Run, metrics: dict[str, Any], json: bool | None) -> None:
    from pw13.cli import tables

    if json:
        console.json_document({"run": str(run.folder), **metrics})
    else:
        tables.show(kind, run, metrics)
