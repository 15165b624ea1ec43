"""Inputs and outputs of `fit`: task, options, result, and helpers to build a task."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from pw13.system.streams import stream

Loss = Callable[..., tuple[tf.Tensor, tf.Tensor, tuple[tf.Tensor, ...]]]
Validation = Callable[[list[tf.Tensor]], tf.Tensor]


class TrainingTask(NamedTuple):
    """What to train, on what data, and how to validate it.

    parameters: the trainable variables.
    order: epoch (from 1) -> array `(steps, ...)` with one batch per step, such as row indices `(steps, batch)` int32,
        with -1 where the last batch is not full.
    loss: (parameters, batch, carry, key) -> (sum of losses, count, carry); a pure function of tensors of static shapes.
        `batch` is one step of `order`; `key` `(2,)` int32 differs for every (seed, epoch, step). One function is
        compiled once, for all runs of a process that have it (see `shared`).
    carry: () -> initial carry of an epoch: tensors that go from step to step.
    validation: parameters -> mean loss on the validation data, a scalar tensor.
    xla: whether XLA compiles the chunk; chosen by measurement, see each `make_task`.
    steps_per_chunk: about a second of work; depends on the settings alone.
    """

    parameters: list[keras.Variable]
    order: Callable[[int], np.ndarray]
    loss: Loss
    carry: Callable[[], tuple[tf.Tensor, ...]]
    validation: Validation
    xla: bool
    steps_per_chunk: int


class TrainingOptions(NamedTuple):
    """How long and how fast to train; `name` labels the progress bar."""

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
    """Best and last parameters, one history row per epoch, and seconds of training (compilation included).

    epoch_seconds: mean per epoch, compilation and validation excluded.
    """

    best: list[np.ndarray]
    last: list[np.ndarray]
    history: list[dict[str, float]]
    best_epoch: int
    train_seconds: float
    throughput_per_second: float
    epoch_seconds: float


SaveModels = Callable[[list[np.ndarray], list[np.ndarray]], None]


def training_options(config: Any, name: str) -> TrainingOptions:
    """Build options from a settings record; settings that it lacks keep the defaults."""
    return TrainingOptions(
        name=name, **{key: getattr(config, key) for key in TrainingOptions._fields if hasattr(config, key)}
    )


def shuffled_batches(n: int, batch_size: int, rng: np.random.Generator) -> np.ndarray:
    """Return 0 to n-1 in random order, `(steps, batch_size)` int32, the last row padded with -1."""
    steps = math.ceil(n / batch_size)
    order = np.full(steps * batch_size, -1, np.int32)
    order[:n] = np.arange(n)
    rng.shuffle(order[:n])  # as `rng.permutation(n)`, which takes 8 bytes per example
    return order.reshape(steps, batch_size)


def epoch_rng(seed: int, epoch: int) -> np.random.Generator:
    """Return the generator for NumPy's draws of an epoch; it depends on (seed, epoch) alone."""
    return stream("order", seed, epoch)


def mean_over_batches(mean_loss: Callable[..., tf.Tensor], n: int, batch_size: int) -> Validation:
    """Return a validation function: the mean of `mean_loss(parameters, start, end)` over `n` rows, in batches."""
    bounds = [(start, min(start + batch_size, n)) for start in range(0, n, batch_size)]
    compiled = tf.function(mean_loss, reduce_retracing=True, autograph=False)

    def validation(parameters: list[tf.Tensor]) -> tf.Tensor:
        sums = [compiled(parameters, tf.constant(a), tf.constant(b)) * float(b - a) for a, b in bounds]
        return tf.add_n(sums) / float(n)

    return validation
