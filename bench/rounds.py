"""Peers train in interleaved rounds: each in its own process, which waits while the others train."""

import contextlib
import importlib.util
import shutil
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from bench.tasks import THREADS, Facts, Task
from bench.worker import Trainer
from pw13.system.process_pool import Worker

PEERS = {
    "cpu": ("pw13", "keras", "onednn", "keras-no-xla", "keras-steps", "keras-no-xla-steps", "torch", "torch-compile"),
    "gpu": ("pw13-gpu", "pw13", "keras-gpu"),  # the first is compared with the others
}
MIN_SECONDS = 1.0  # that a peer trains for in each round after an epoch that is not counted


class Result(NamedTuple):
    """One peer on one task: mean seconds per epoch in each round, loss and seconds of the first epoch, MiB."""

    peer: str
    facts: Facts
    first: Facts
    rounds: list[float]
    peak: float

    @property
    def seconds(self) -> float:
        """The median over the rounds."""
        return statistics.median(self.rounds)

    @property
    def compile(self) -> float:
        """Seconds before the first step, or how much longer the first epoch took."""
        return float(self.facts.get("compile", max(0.0, self.first["first"] - self.seconds)))


class PeerWorker(NamedTuple):
    """A peer, what it said after preparing its training, and its process."""

    peer: str
    facts: Facts
    worker: Worker[float, Facts]

    def train(self, seconds: float) -> Facts:
        """Train for so many seconds after the first epoch, for 0 that one alone; see `Trainer`."""
        self.worker.send(seconds)
        return self.worker.receive()


def installed_peers(device: str, kind: str) -> list[str]:
    """Return the peers for a device whose library is installed.

    `torch.compile` needs a C++ compiler, and leaves recurrent layers as they are.
    """
    lacking = set() if importlib.util.find_spec("torch") else {"torch", "torch-compile"}
    if kind == "charrnn" or not shutil.which("g++"):
        lacking.add("torch-compile")
    return [peer for peer in PEERS[device] if peer not in lacking]


@contextlib.contextmanager
def start_workers(task: Task, count: int, peers: list[str]) -> Iterator[list[PeerWorker]]:
    """Start a worker for each peer, one after the other: pw13's saves the examples that the others load."""
    with TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        started: list[PeerWorker] = []
        for peer in peers:
            worker: Worker[float, Facts] = Worker(Trainer(peer, task, count, Path(folder)))
            stack.callback(worker.terminate)
            worker.send(0)
            started.append(PeerWorker(peer, worker.receive(), worker))
        yield started


def run_rounds(task: Task, count: int, peers: list[str], rounds: int) -> tuple[list[Result], list[float]]:
    """Train every peer in each round, every other round in reverse order.

    Returns:
        a result per peer, and the sgemm rates in GFLOP/s measured before, between and after the rounds.
    """
    with start_workers(task, count, peers) as workers:
        first = {worker.peer: worker.train(0) for worker in workers}
        seconds: dict[str, list[float]] = {worker.peer: [] for worker in workers}
        rates, last = [sgemm_rate()], dict(first)
        for number in range(rounds):
            for worker in workers if number % 2 == 0 else reversed(workers):
                last[worker.peer] = worker.train(MIN_SECONDS)
                seconds[worker.peer].append(last[worker.peer]["seconds"])
            rates.append(sgemm_rate())
        results = [Result(w.peer, w.facts, first[w.peer], seconds[w.peer], last[w.peer]["peak"]) for w in workers]
    return results, rates


def sgemm_rate(size: int = 2048) -> float:
    """Measure float32 matrix products by NumPy's BLAS on `THREADS` threads, in GFLOP/s: the best of five."""
    from threadpoolctl import threadpool_limits

    a = np.random.default_rng(0).random((size, size), dtype=np.float32)
    with threadpool_limits(THREADS):
        times = []
        for _ in range(5):
            started = time.perf_counter()
            a @ a
            times.append(time.perf_counter() - started)
    return 2 * size**3 / min(times) / 1e9
