"""One task trained with one library, in a worker process."""

import importlib
import os
import time
from pathlib import Path

from bench.tasks import Facts, Task, Train
from pw13.system.machine import peak_memory_mib

MODULES = {
    "pw13": "bench.train_pw13",
    "pw13-gpu": "bench.train_pw13",
    "keras-gpu": "bench.train_keras",
    "keras": "bench.train_keras",
    "onednn": "bench.train_keras",
    "keras-no-xla": "bench.train_keras",
    "keras-steps": "bench.train_keras",
    "keras-no-xla-steps": "bench.train_keras",
    "torch": "bench.train_torch",
    "torch-compile": "bench.train_torch",
}
ONEDNN = {
    "keras": "0",
    **dict.fromkeys(("onednn", "keras-no-xla", "keras-steps", "keras-no-xla-steps", "keras-gpu"), "1"),
}


class Trainer:
    """A function of seconds to train for, which first prepares the training and returns its facts.

    The epochs of a call are those of one `fit`. The first, which may compile and convert data, is not among those that
    must take so many seconds; for 0 it is the only one. Returns the seconds of the `first`, the mean `seconds` of the
    others, the first `loss` and the process's `peak` memory in MiB. pw13 saves its examples and weights in `folder` for
    the other peers.
    """

    def __init__(self, peer: str, task: Task, count: int, folder: Path):
        self.peer, self.task, self.count, self.folder = peer, task, count, folder
        self._train: Train | None = None

    def __call__(self, seconds: float) -> Facts:
        """Train, or prepare the training."""
        if self._train is None:
            return self._prepare()
        losses: list[float] = []
        times = [time.perf_counter()]

        def after_epoch(loss: float) -> bool:
            losses.append(loss)
            times.append(time.perf_counter())
            return times[-1] - times[1] >= seconds

        self._train(after_epoch)
        own = {"first": times[1] - times[0], "loss": losses[0], "peak": peak_memory_mib()}
        return own if len(losses) == 1 else {**own, "seconds": (times[-1] - times[1]) / (len(losses) - 1)}

    def _prepare(self) -> Facts:
        variables = environment(self.peer)
        os.environ.clear()
        os.environ.update(variables)
        facts: Facts
        module = importlib.import_module(MODULES[self.peer])
        facts, self._train = module.prepare(self.peer, self.task, self.count, self.folder)
        return facts


def environment(peer: str) -> dict[str, str]:
    """Return the environment of a peer's process.

    It sets oneDNN for Keras and leaves it to pw13 and PyTorch, hides GPUs from those that train on the CPU, and keeps
    the user's configuration of Keras out.
    """
    on_gpu = peer.endswith("-gpu")
    device = {"PW13_DEVICE": "gpu"} if on_gpu else {"PW13_DEVICE": "cpu", "CUDA_VISIBLE_DEVICES": "-1"}
    inherited = {name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"}
    one_dnn = {"TF_ENABLE_ONEDNN_OPTS": ONEDNN[peer]} if peer in ONEDNN else {}
    keras = {"KERAS_BACKEND": "tensorflow", "KERAS_HOME": os.devnull}  # as pw13 does in its own process
    return {**inherited, **one_dnn, **device, **keras, "TF_CPP_MIN_LOG_LEVEL": "3"}
