"""What a training takes and gives."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf


class TrainingTask(NamedTuple):
    """What is trained, on what, and how well it does.

    parameters: variables that change, in an order of their own.
    order: epoch (from 1) -> array `(steps, ...)`: what each step sees, such as row numbers `(steps, batch)` int32,
        with -1 where the last batch is not full.
    loss: (parameters, item, carry, key) -> (sum of losses, count, carry); a pure function of tensors of static shapes.
        `item` is one step of `order`; `key` `(2,)` int32 differs for every (seed, epoch, step).
    carry: () -> tensors that go from step to step, as they are when an epoch begins.
    validation: parameters -> mean loss on the validation data, a scalar tensor.
    xla: whether XLA compiles the chunk; chosen by measurement, see each problem.
    steps_per_chunk: about a second of work; depends on the settings alone.
    """

    parameters: list[keras.Variable]
    order: Callable[[int], np.ndarray]
    loss: Callable[..., tuple[tf.Tensor, tf.Tensor, tuple[tf.Tensor, ...]]]
    carry: Callable[[], tuple[tf.Tensor, ...]]
    validation: Callable[[list[tf.Tensor]], tf.Tensor]
    xla: bool
    steps_per_chunk: int


class TrainingOptions(NamedTuple):
    """How long and how fast to train; `name` is what the progress bar says."""

    epochs: int
    learning_rate: float
    schedule: str = "constant"
    clip_norm: float = 0.0
    patience: int = 0
    seed: int = 0
    checkpoint_every: float = 60.0
    name: str = "training"
    tensorboard: bool = False


class TrainingResult(NamedTuple):
    """The end of a training: parameters as arrays, a dict of figures for every epoch, seconds (compile included).

    epoch_seconds: of an average epoch, compile and validation excluded.
    """

    best: list[np.ndarray]
    last: list[np.ndarray]
    history: list[dict[str, float]]
    best_epoch: int
    train_seconds: float
    throughput_per_second: float
    epoch_seconds: float


Save = Callable[[list[np.ndarray], list[np.ndarray]], None]


def training_options(config: Any, name: str) -> TrainingOptions:
    """The plan that a settings record asks for; settings that it lacks keep the plan's defaults."""
    return TrainingOptions(
        name=name, **{key: getattr(config, key) for key in TrainingOptions._fields if hasattr(config, key)}
    )


def shuffled_batches(n: int, batch: int, rng: np.random.Generator) -> np.ndarray:
    """0 to n-1 in random order, `(steps, batch)` int32, the last row filled up with -1."""
    steps = math.ceil(n / batch)
    order = np.full(steps * batch, -1, np.int32)
    order[:n] = rng.permutation(n)
    return order.reshape(steps, batch)


def epoch_rng(seed: int, epoch: int) -> np.random.Generator:
    """The generator for what NumPy draws in an epoch; it depends on (seed, epoch) alone."""
    return np.random.default_rng([seed, epoch])


def mean_over_batches(
    mean_loss: Callable[..., tf.Tensor], rows: int, batch: int
) -> Callable[[list[tf.Tensor]], tf.Tensor]:
    """A validation function: the mean of `mean_loss(parameters, first, last)` over `rows` rows, `batch` at a time."""
    bounds = [(start, min(start + batch, rows)) for start in range(0, rows, batch)]
    compiled = tf.function(mean_loss, reduce_retracing=True)

    def validation(parameters: list[tf.Tensor]) -> tf.Tensor:
        sums = [compiled(parameters, tf.constant(a), tf.constant(b)) * float(b - a) for a, b in bounds]
        return tf.add_n(sums) / float(rows)

    return validation
