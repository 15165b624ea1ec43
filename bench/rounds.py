"""Peers train in interleaved rounds: each in its own process, which waits while the others train."""

import contextlib
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from bench.tasks import THREADS, Facts, Task

PEERS = ("pw13", "keras", "onednn", "torch")
ONEDNN = {"keras": "0", "onednn": "1"}
MIN_SECONDS = 0.5  # that a peer trains for in each round


class Result(NamedTuple):
    """One peer on one task: median seconds per epoch in each round, loss and seconds of the first epoch, MiB."""

    peer: str
    facts: Facts
    first: dict[str, float]
    rounds: list[float]
    peak: float

    @property
    def seconds(self) -> float:
        """The median over the rounds."""
        return statistics.median(self.rounds)

    @property
    def compile(self) -> float:
        """Seconds before the first step, or how much longer the first epoch took."""
        return float(self.facts.get("compile", max(0.0, self.first["seconds"] - self.seconds)))


class Worker:
    """A worker process at the other end of two pipes."""

    def __init__(self, peer: str, task: Task, count: int, folder: Path):
        command = [sys.executable, "-m", "bench.worker", peer, task.name, str(count), str(folder)]
        self.peer = peer
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(peer),
        )
        self.facts = self._reply()

    def _reply(self) -> Facts:
        assert self.process.stdout is not None and self.process.stderr is not None
        for line in self.process.stdout:
            if line.startswith("bench: "):
                facts: Facts = json.loads(line.removeprefix("bench: "))
                return facts
        raise RuntimeError(f"worker {self.peer} exited: {self.process.stderr.read()[-2000:]}")

    def epoch(self, number: int) -> dict[str, float]:
        """Train one epoch and return its `seconds` and `loss`, and the process's `peak` memory in MiB."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{number}\n")
        self.process.stdin.flush()
        return self._reply()

    def stop(self) -> None:
        """Close the pipes and end the process."""
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            self.process.communicate(timeout=20)
        self.process.kill()


def environment(peer: str) -> dict[str, str]:
    """Return the environment of a peer's process; it sets oneDNN for Keras and leaves it to pw13 and PyTorch."""
    inherited = {name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"}
    one_dnn = {"TF_ENABLE_ONEDNN_OPTS": ONEDNN[peer]} if peer in ONEDNN else {}
    return {**inherited, **one_dnn, "TF_CPP_MIN_LOG_LEVEL": "3"}


def installed_peers() -> list[str]:
    """Return the peers whose library is installed."""
    return [peer for peer in PEERS if peer != "torch" or importlib.util.find_spec("torch")]


@contextlib.contextmanager
def start_workers(task: Task, count: int, peers: list[str]) -> Iterator[list[Worker]]:
    """Start a worker for each peer, one after the other: pw13's saves the examples that the others load."""
    with TemporaryDirectory() as folder:
        started: list[Worker] = []
        try:
            for peer in peers:
                started.append(Worker(peer, task, count, Path(folder)))
            yield started
        finally:
            for worker in started:
                worker.stop()


def run_rounds(task: Task, count: int, peers: list[str], rounds: int) -> tuple[list[Result], list[float]]:
    """Train every peer in each round, every other round in reverse order.

    Returns:
        a result per peer, and the sgemm rates in GFLOP/s measured before, between and after the rounds.
    """
    with start_workers(task, count, peers) as workers:
        first = {worker.peer: worker.epoch(1) for worker in workers}
        seconds: dict[str, list[float]] = {worker.peer: [] for worker in workers}
        rates, last = [sgemm_rate()], dict(first)
        for number in range(rounds):
            for worker in workers if number % 2 == 0 else reversed(workers):
                median, last[worker.peer] = time_epochs(worker, 2 + number)
                seconds[worker.peer].append(median)
            rates.append(sgemm_rate())
        results = [Result(w.peer, w.facts, first[w.peer], seconds[w.peer], last[w.peer]["peak"]) for w in workers]
    return results, rates


def time_epochs(worker: Worker, number: int) -> tuple[float, dict[str, float]]:
    """Repeat an epoch until `MIN_SECONDS` have passed; return its median seconds and the last reply."""
    started = time.perf_counter()
    seconds: list[float] = []
    while not seconds or time.perf_counter() - started < MIN_SECONDS:
        reply = worker.epoch(number)
        seconds.append(reply["seconds"])
    return statistics.median(seconds), reply


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
