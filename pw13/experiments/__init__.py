"""One module per kind of run, each with a `run_experiment` that tells the experiment on one screen."""

from typing import Any

from pw13 import console
from pw13.runs.folder import Run

# The module of each kind, imported when its run starts, since it imports TensorFlow.
MODULES = {"dense-ae": "dense_ae", "conv-dae": "conv_dae", "svm-eval": "svm_eval", "charrnn": "charrnn"}


def run_experiment(kind: str, settings: Any, *, run: Run, **data_paths: Any) -> dict[str, Any]:
    """Start or resume the experiment of `run`, close the run, and return what metrics.json holds.

    data_paths: where the data are, such as `data="builtin"`.
    """
    import importlib

    from pw13.runs.folder import track_status
    from pw13.runs.record import read_json
    from pw13.system import device, machine, tensorflow_runtime

    with track_status(run):
        machine.check_temporary_folder()
        if hasattr(settings, "threads"):
            for line in tensorflow_runtime.start(settings.threads, settings.seed, settings.device):
                console.message(f"note: {line}")
            device.refuse_other(read_json(run.folder / "run.json").get("device"), used := device.facts())
            run.update(one_dnn=tensorflow_runtime.one_dnn(), device=used)
        experiment = importlib.import_module(f"pw13.experiments.{MODULES[kind]}")
        return run.finish(experiment.run_experiment(settings, run=run, **data_paths))
