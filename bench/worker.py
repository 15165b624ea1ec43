"""One task trained with one library, in a worker process."""

import importlib
import os
import time
from pathlib import Path

from bench.tasks import Facts, Task, TrainEpoch
from pw13.system.machine import peak_memory_mib

MODULES = {
    "pw13": "bench.train_pw13",
    "pw13-gpu": "bench.train_pw13",
    "keras-gpu": "bench.train_keras",
    "keras": "bench.train_keras",
    "onednn": "bench.train_keras",
    "torch": "bench.train_torch",
}
ONEDNN = {"keras": "0", "onednn": "1", "keras-gpu": "1"}


class Trainer:
    """A function from an epoch's number to its `seconds`, `loss` and peak memory in MiB; 0 prepares and returns facts.

    pw13 saves its examples and weights in `folder` for the other peers.
    """

    def __init__(self, peer: str, task: Task, count: int, folder: Path):
        self.peer, self.task, self.count, self.folder = peer, task, count, folder
        self._epoch: TrainEpoch | None = None

    def __call__(self, number: int) -> Facts:
        """Train an epoch, from 1 on, or prepare the training."""
        if self._epoch is None:
            return self._prepare()
        train = self._epoch(number)
        started = time.perf_counter()
        loss = train()
        return {"seconds": time.perf_counter() - started, "loss": loss, "peak": peak_memory_mib()}

    def _prepare(self) -> Facts:
        variables = environment(self.peer)
        os.environ.clear()
        os.environ.update(variables)
        facts: Facts
        facts, self._epoch = importlib.import_module(MODULES[self.peer]).prepare(self.task, self.count, self.folder)
        return facts


def environment(peer: str) -> dict[str, str]:
    """Return the environment of a peer's process.

    It sets oneDNN for Keras and leaves it to pw13 and PyTorch, and hides GPUs from those that train on the CPU.
    """
    on_gpu = peer.endswith("-gpu")
    device = {"PW13_DEVICE": "gpu"} if on_gpu else {"PW13_DEVICE": "cpu", "CUDA_VISIBLE_DEVICES": "-1"}
    inherited = {name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"}
    one_dnn = {"TF_ENABLE_ONEDNN_OPTS": ONEDNN[peer]} if peer in ONEDNN else {}
    return {**inherited, **one_dnn, **device, "TF_CPP_MIN_LOG_LEVEL": "3"}
