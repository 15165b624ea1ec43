"""What is timed: each task with its settings, its size, and the arithmetic that an example takes."""

from typing import Any, NamedTuple

THREADS = 2
RATE = 1e-3  # learning rate of Adam, the same for all


class Task(NamedTuple):
    """`kind` is the model's family, `settings` those of pw13's record, `size` the examples of an epoch."""

    name: str
    title: str
    kind: str
    settings: dict[str, Any]
    size: int
    unit: str = "windows"


def _rnn(cell: str, **more: Any) -> dict[str, Any]:
    return {"cell": cell, "hold_out": 0.0, "learning_rate": RATE, "threads": THREADS, **more}


MANY = {"target": "many-to-many", "units": 256, "length": 32, "skip": 32}
IMAGES = {"learning_rate": RATE, "schedule": "constant", "threads": THREADS}
TASKS = (
    Task("dense", "dense AE 784-32-784", "dense-ae", IMAGES, 10_000, "images"),
    Task("conv", "conv DAE, noise 0.5", "conv-dae", IMAGES, 2_500, "images"),
    Task("simple", "SimpleRNN-64 many-to-one", "charrnn", _rnn("simple"), 100_000),
    Task("gru", "GRU-64 many-to-one", "charrnn", _rnn("gru"), 100_000),
    Task("lstm", "LSTM-64 many-to-one", "charrnn", _rnn("lstm"), 100_000),
    Task("many", "LSTM-256 many-to-many, 32 characters a window", "charrnn", _rnn("lstm", **MANY), 3_000),
)


def called(name: str) -> Task:
    return next(task for task in TASKS if task.name == name)


def flops(task: Task, characters: int) -> float:
    """Floating-point operations of the products of one example, there and back; a one-hot product counts as nothing.

    Backwards each product gives the gradient of its kernel and, but for the first layer, that of its input.
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
        first, later = 0, length * gates * units**2 + predicted * units * characters
    return 2.0 * (2 * first + 3 * later)
