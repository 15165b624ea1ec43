"""One module per kind of run, each with a `run_experiment` that tells the experiment on one screen."""

import importlib
from collections.abc import Iterator
from typing import Any

from pw13 import console
from pw13.errors import UserError
from pw13.runs import comparison
from pw13.runs.folder import NamedFigure, Run
from pw13.runs.record import Record, data_paths_of, settings_of

# The module of each kind, imported when its run starts, since it imports TensorFlow.
MODULES = {"dense-ae": "dense_ae", "conv-dae": "conv_dae", "svm-eval": "svm_eval", "charrnn": "charrnn"}


def run_experiment(kind: str, settings: Any, *, run: Run, **options: Any) -> dict[str, Any]:
    """Start or resume the experiment of `run`, close the run, and return what metrics.json holds.

    options: where the data are, such as `data="builtin"`, and of a trainer `lean`: leave out what no sweep compares.
    """
    from pw13.experiments import preparation
    from pw13.runs.ending import track_status
    from pw13.runs.record import read_json
    from pw13.system import device, installation, machine, tensorflow_runtime, threads

    with track_status(run):
        installation.check_tensorboard(settings)
        machine.check_temporary_folder()
        if hasattr(settings, "threads"):
            with preparation.in_background(kind, settings, **options):
                for line in tensorflow_runtime.start(settings.threads, settings.seed, settings.device):
                    console.note(line)
            device.refuse_other(read_json(run.folder / "run.json").get("device"), used := device.facts())
            run.update(one_dnn=tensorflow_runtime.one_dnn(), device=used)
        else:
            threads.limit(machine.cores())
        experiment = importlib.import_module(f"pw13.experiments.{MODULES[kind]}")
        return run.finish(experiment.run_experiment(settings, run=run, **options))


def redraw_figures(record: Record) -> Iterator[NamedFigure]:
    """Draw the figures of a completed training from its run folder, the same that the run itself draws.

    Raises:
        UserError: not a completed training, its data are gone or have changed, or its files are corrupt.
    """
    from pw13.system import tensorflow_runtime, threads

    if record.kind not in MODULES or record.kind == "svm-eval":
        raise UserError(f"{record.folder}: expected a run of a network, received {record.kind}")
    if record.problem or record.status != "completed":
        raise UserError(f"{record.folder}: {record.problem or record.status + ', expected a completed run'}")
    rows = comparison.history(record.folder)
    if not rows or not {"epoch", "loss", "val_loss"} <= rows[0].keys():
        raise UserError(f"{record.folder / 'history.csv'}: missing or corrupt; no figures without it")
    settings = settings_of(record)
    # TensorFlow cannot change its number of threads, and trains nothing here
    count = tensorflow_runtime.running_threads() or settings.threads
    if record.kind == "conv-dae":
        tensorflow_runtime.start(count, settings.seed)
    else:
        threads.limit(count)
    module = importlib.import_module(f"pw13.experiments.{MODULES[record.kind]}_figures")
    figures: Iterator[NamedFigure] = module.redraw(settings, record, **data_paths_of(record))
    return figures
