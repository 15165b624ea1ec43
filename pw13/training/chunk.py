"""The compiled training loop: a chunk of steps inside one function, each an update by Adam."""

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from pw13.system.device import supports_xla
from pw13.training.task import Loss, TrainingOptions, TrainingTask

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7  # Adam (Kingma and Ba, 2015), with Keras's defaults


class OptimizerState(NamedTuple):
    """What an update changes: parameters, Adam's first and second moments, number of updates, carry."""

    parameters: list[tf.Tensor]
    first: list[tf.Tensor]
    second: list[tf.Tensor]
    updates: tf.Tensor
    carry: tuple[tf.Tensor, ...]


class Numbers(NamedTuple):
    """What trainings that share a compiled function may differ in.

    seed: `()` int32. learning_rate: `()` float32. angle: `()` float32, by which the cosine schedule goes on per update.
    """

    seed: tf.Tensor
    learning_rate: tf.Tensor
    angle: tf.Tensor


def compiled_chunk(task: TrainingTask, options: TrainingOptions, optimizer: OptimizerState) -> Callable[..., Any]:
    """Compile the function that takes `count` steps from step `start` of an epoch.

    Both are tensors, so that one function serves all chunks: another static length could compile to other bits.
    """
    order = tf.constant(task.order(1))
    numbers = numbers_of(options, options.epochs * len(order))
    chunk = functools.partial(
        _chunk(task.loss, task.xla and supports_xla(), options.schedule, options.clip_norm), numbers
    )
    zero = tf.constant(0)
    chunk(order, zero, zero, tf.constant(1), optimizer)  # compiles, takes no step
    return chunk


def numbers_of(options: TrainingOptions, updates: int) -> Numbers:
    """Return the numbers of a training of so many updates.

    The angle is rounded as compilers do that find it in the function as a constant: pi times the inverse.
    """
    angle = np.float32(math.pi) * (np.float32(1) / np.float32(updates))
    return Numbers(tf.constant(options.seed), tf.constant(options.learning_rate), tf.constant(angle))


def _chunk(loss: Loss, xla: bool, schedule: str, clip_norm: float) -> Callable[..., Any]:
    """Return the function of a chunk, the same one for the same loss: it is compiled once for each set of shapes.

    It is an attribute of the loss, so that it goes with it: both hold the training data.
    """
    chunks: dict[Any, Callable[..., Any]] = vars(loss).setdefault("chunks", {})
    key = xla, schedule, clip_norm
    if key not in chunks:
        chunks[key] = _make_chunk(loss, *key)
    return chunks[key]


def _make_chunk(loss: Loss, xla: bool, schedule: str, clip_norm: float) -> Callable[..., Any]:
    @tf.function(jit_compile=xla, autograph=False)
    def chunk(numbers, order, start, count, epoch, optimizer):  # type: ignore[no-untyped-def]
        epoch_key = tf.random.experimental.stateless_fold_in(tf.stack([numbers.seed, 0]), epoch)

        def step(i, optimizer, loss_sum, examples):  # type: ignore[no-untyped-def]
            key = tf.random.experimental.stateless_fold_in(epoch_key, i)
            rate = learning_rate(schedule, numbers, tf.cast(optimizer.updates + 1, tf.float32))
            optimizer, batch_loss, count = adam_update(loss, rate, clip_norm, optimizer, order[i], key)
            return i + 1, optimizer, loss_sum + batch_loss, examples + count

        initial = (start, optimizer, tf.constant(0.0), tf.constant(0.0))
        _, optimizer, loss_sum, examples = tf.while_loop(lambda i, *_: i < start + count, step, initial)
        return optimizer, loss_sum, examples

    compiled: Callable[..., Any] = chunk
    return compiled


def adam_update(
    loss: Loss, rate: tf.Tensor, clip_norm: float, optimizer: OptimizerState, batch: tf.Tensor, key: tf.Tensor
) -> tuple[OptimizerState, tf.Tensor, tf.Tensor]:
    """Update by Adam on the mean loss of a batch; return the new state, the sum of losses and their count.

    rate: learning rate of this update, before Adam's correction of the moments.
    """
    with tf.GradientTape() as tape:
        tape.watch(optimizer.parameters)
        loss_sum, count, carry = loss(optimizer.parameters, batch, optimizer.carry, key)
        mean = loss_sum / count
    gradients = tape.gradient(mean, optimizer.parameters)
    if clip_norm:
        gradients, _ = tf.clip_by_global_norm(gradients, clip_norm)
    updates = optimizer.updates + 1
    t = tf.cast(updates, tf.float32)
    rate = rate * tf.sqrt(1 - BETA_2**t) / (1 - BETA_1**t)
    first = [m + (g - m) * (1 - BETA_1) for m, g in zip(optimizer.first, gradients, strict=True)]
    second = [v + (g * g - v) * (1 - BETA_2) for v, g in zip(optimizer.second, gradients, strict=True)]
    steps = [rate * m / (tf.sqrt(v) + EPSILON) for m, v in zip(first, second, strict=True)]
    parameters = [p - s for p, s in zip(optimizer.parameters, steps, strict=True)]
    return OptimizerState(parameters, first, second, updates, tuple(carry)), loss_sum, count


def learning_rate(schedule: str, numbers: Numbers, t: tf.Tensor) -> tf.Tensor:
    """Return the learning rate of update `t` (from 1): constant, or cosine decay to 0 over the whole training."""
    if schedule == "constant":
        return numbers.learning_rate
    return numbers.learning_rate * 0.5 * (1 + tf.cos((t - 1) * numbers.angle))
