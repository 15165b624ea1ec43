"""What is timed: each task with its settings, its size and its arithmetic per example."""

from collections.abc import Callable
from typing import Any, NamedTuple

THREADS = 2
LEARNING_RATE = 1e-3  # of Adam, the same for all

Facts = dict[str, Any]
AfterEpoch = Callable[[float], bool]  # takes the loss of an epoch, returns whether it was the last
Train = Callable[[AfterEpoch], None]  # trains on, epoch after epoch


class Task(NamedTuple):
    """One model to train; `settings` are those of pw13's settings record, `size` counts the examples per epoch."""

    name: str
    title: str
    kind: str
    settings: Facts
    size: int
    unit: str = "windows"


def _rnn(cell: str, **more: object) -> Facts:
    return {"cell": cell, "hold_out": 0.0, "learning_rate": LEARNING_RATE, "threads": THREADS, **more}


MANY_TO_MANY = {"target": "many-to-many", "units": 256, "length": 32, "skip": 32}
IMAGES = {"learning_rate": LEARNING_RATE, "schedule": "constant", "threads": THREADS}
TASKS = (
    Task("dense", "dense AE 784-32-784", "dense-ae", IMAGES, 10_000, "images"),
    # 20 steps: PyTorch's Adam adds its epsilon elsewhere than Keras's, which is 1.1 % of the loss after 10
    Task("conv", "conv DAE, noise 0.5, drawn once", "conv-dae", {**IMAGES, "fixed_noise": True}, 2_500, "images"),
    Task("simple", "SimpleRNN-64 many-to-one", "charrnn", _rnn("simple"), 50_000),
    Task("gru", "GRU-64 many-to-one", "charrnn", _rnn("gru"), 50_000),
    Task("lstm", "LSTM-64 many-to-one", "charrnn", _rnn("lstm"), 50_000),
    Task("many", "LSTM-256 many-to-many, 32 characters per window", "charrnn", _rnn("lstm", **MANY_TO_MANY), 3_000),
)


def find_task(name: str) -> Task:
    """Return the task of this name.

    Raises:
        StopIteration: there is none.
    """
    return next(task for task in TASKS if task.name == name)


def flops(task: Task, vocab_size: int) -> float:
    """Count the floating-point operations of one example's matrix products, forward and backward.

    A one-hot product counts as nothing. Backward, each product gives the gradient of its kernel and, except in the
    first layer, that of its input.
    """
    if task.kind == "dense-ae":
        first, later = 784 * 32, 784 * 32
    elif task.kind == "conv-dae":
        first = 28 * 28 * 9 * 32
        later = 14 * 14 * 9 * 32 * 64 + 7 * 7 * 9 * (64 * 128 + 128 * 128) + 14 * 14 * 9 * 128 * 64 + 28 * 28 * 9 * 64
    else:
        cell, units, length = task.settings["cell"], task.settings.get("units", 64), task.settings.get("length", 10)
        predicted = length if task.settings.get("target") == "many-to-many" else 1
        gates = {"simple": 1, "gru": 3, "lstm": 4}[cell]
        first, later = 0, length * gates * units**2 + predicted * units * vocab_size
    return 2.0 * (2 * first + 3 * later)
