"""Peers in turn: each in a process of its own that waits while the others train."""

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
from typing import Any, NamedTuple

import numpy as np

from bench.tasks import THREADS, Task

PEERS = ("pw13", "keras", "onednn", "torch")
ONEDNN = {"keras": "0", "onednn": "1"}
TURN = 0.5  # seconds that a turn lasts at least


class Result(NamedTuple):
    """One peer on one task: seconds of an epoch in each turn (the first apart), loss of the first epoch, MiB."""

    peer: str
    facts: dict[str, Any]
    first: dict[str, float]
    turns: list[float]
    peak: float

    @property
    def seconds(self) -> float:
        return statistics.median(self.turns)

    @property
    def compile(self) -> float:
        """Seconds before the first step, or what the first epoch took longer."""
        return self.facts.get("compile", max(0.0, self.first["seconds"] - self.seconds))


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
        self.facts = self.answer()

    def answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None and self.process.stderr is not None
        for line in self.process.stdout:
            if line.startswith("bench: "):
                return json.loads(line.removeprefix("bench: "))
        raise RuntimeError(f"{self.peer} has ended: {self.process.stderr.read()[-2000:]}")

    def epoch(self, number: int) -> dict[str, float]:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{number}\n")
        self.process.stdin.flush()
        return self.answer()

    def stop(self) -> None:
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            self.process.communicate(timeout=20)
        self.process.kill()


def environment(peer: str) -> dict[str, str]:
    """The environment of a peer's process; the two of Keras are told whether to use oneDNN."""
    kept = {name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"}
    more = {"TF_ENABLE_ONEDNN_OPTS": ONEDNN[peer]} if peer in ONEDNN else {}
    return {**kept, **more, "TF_CPP_MIN_LOG_LEVEL": "3"}


def present() -> list[str]:
    """The peers that are installed."""
    return [peer for peer in PEERS if peer != "torch" or importlib.util.find_spec("torch")]


@contextlib.contextmanager
def workers(task: Task, count: int, peers: list[str]) -> Iterator[list[Worker]]:
    """A worker for each peer, one after the other begun: pw13's leaves the material for the others."""
    with TemporaryDirectory() as folder:
        started: list[Worker] = []
        try:
            for peer in peers:
                started.append(Worker(peer, task, count, Path(folder)))
            yield started
        finally:
            for worker in started:
                worker.stop()


def interleaved(task: Task, count: int, peers: list[str], rounds: int) -> tuple[list[Result], list[float]]:
    """Every peer's epochs, in turn and every other time backwards; the sgemm rates measured between the rounds."""
    with workers(task, count, peers) as crew:
        firsts = {worker.peer: worker.epoch(1) for worker in crew}
        turns: dict[str, list[float]] = {worker.peer: [] for worker in crew}
        rates, last = [sgemm()], dict(firsts)
        for number in range(rounds):
            for worker in crew if number % 2 == 0 else reversed(crew):
                seconds, last[worker.peer] = turn(worker, 2 + number)
                turns[worker.peer].append(seconds)
            rates.append(sgemm())
        results = [Result(w.peer, w.facts, firsts[w.peer], turns[w.peer], last[w.peer]["peak"]) for w in crew]
    return results, rates


def turn(worker: Worker, number: int) -> tuple[float, dict[str, float]]:
    """The median seconds of as many epochs as fill the turn, and the last answer."""
    begun = time.perf_counter()
    seconds: list[float] = []
    while not seconds or time.perf_counter() - begun < TURN:
        answer = worker.epoch(number)
        seconds.append(answer["seconds"])
    return statistics.median(seconds), answer


def sgemm(size: int = 2048) -> float:
    """The machine's rate of float32 matrix products by NumPy's BLAS, GFLOP/s: the best of five."""
    from threadpoolctl import threadpool_limits

    a = np.random.default_rng(0).random((size, size), dtype=np.float32)
    with threadpool_limits(THREADS):
        times = []
        for _ in range(5):
            begun = time.perf_counter()
            a @ a
            times.append(time.perf_counter() - begun)
    return 2 * size**3 / min(times) / 1e9
