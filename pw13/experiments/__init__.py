"""One experiment a file, each told on one screen."""

from typing import Any

from pw13.runs.folder import Run

# Where the experiment of each kind of run is told; imported when it begins, since it imports TensorFlow.
MODULES = {"dense-ae": "dense_ae", "conv-dae": "conv_dae", "svm-eval": "svm_eval", "charrnn": "charrnn"}


def run_experiment(kind: str, settings: Any, *, run: Run, **places: Any) -> dict[str, Any]:
    """Carry out (or go on with) the experiment of `run` and close the run; returns the numbers of metrics.json.

    places: where the data are, such as `data="builtin"`.
    """
    import importlib

    from pw13.runs.folder import track_status
    from pw13.system import tensorflow_runtime

    with track_status(run):
        if hasattr(settings, "threads"):
            tensorflow_runtime.start(settings.threads, settings.seed)
            run.update(one_dnn=tensorflow_runtime.one_dnn())
        experiment = importlib.import_module(f"pw13.experiments.{MODULES[kind]}")
        return run.finish(experiment.run_experiment(settings, run=run, **places))
