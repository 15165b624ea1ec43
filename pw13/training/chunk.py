"""The compiled training loop: a chunk of steps inside one function, each an update by Adam."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from pw13.system.device import supports_xla
from pw13.training.task import TrainingOptions, TrainingTask

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7  # Adam (Kingma and Ba, 2015), with Keras's defaults


class OptimizerState(NamedTuple):
    """What an update changes: parameters, Adam's first and second moments, number of updates, carry."""

    parameters: list[tf.Tensor]
    first: list[tf.Tensor]
    second: list[tf.Tensor]
    updates: tf.Tensor
    carry: tuple[tf.Tensor, ...]


def compiled_chunk(task: TrainingTask, options: TrainingOptions, optimizer: OptimizerState) -> Callable[..., Any]:
    """Compile the function that takes `count` steps from step `start` of an epoch.

    Both are tensors, so that one function serves all chunks: another static length could compile to other bits.
    """
    total = float(options.epochs * len(task.order(1)))

    @tf.function(jit_compile=task.xla and supports_xla(), autograph=False)
    def chunk(order, start, count, epoch, optimizer):  # type: ignore[no-untyped-def]
        epoch_key = tf.random.experimental.stateless_fold_in(tf.constant([options.seed, 0]), epoch)

        def step(i, optimizer, loss_sum, examples):  # type: ignore[no-untyped-def]
            key = tf.random.experimental.stateless_fold_in(epoch_key, i)
            optimizer, loss, count = adam_update(task, options, total, optimizer, order[i], key)
            return i + 1, optimizer, loss_sum + loss, examples + count

        initial = (start, optimizer, tf.constant(0.0), tf.constant(0.0))
        _, optimizer, loss_sum, examples = tf.while_loop(lambda i, *_: i < start + count, step, initial)
        return optimizer, loss_sum, examples

    zero = tf.constant(0)
    chunk(tf.constant(task.order(1)), zero, zero, tf.constant(1), optimizer)  # compiles, takes no step
    compiled: Callable[..., Any] = chunk
    return compiled


def adam_update(
    task: TrainingTask,
    options: TrainingOptions,
    total: float,
    optimizer: OptimizerState,
    batch: tf.Tensor,
    key: tf.Tensor,
) -> tuple[OptimizerState, tf.Tensor, tf.Tensor]:
    """Update by Adam on the mean loss of a batch; return the new state, the sum of losses and their count.

    total: updates of the whole training, for the schedule.
    """
    with tf.GradientTape() as tape:
        tape.watch(optimizer.parameters)
        loss, count, carry = task.loss(optimizer.parameters, batch, optimizer.carry, key)
        mean = loss / count
    gradients = tape.gradient(mean, optimizer.parameters)
    if options.clip_norm:
        gradients, _ = tf.clip_by_global_norm(gradients, options.clip_norm)
    updates = optimizer.updates + 1
    t = tf.cast(updates, tf.float32)
    rate = learning_rate(options, t, total) * tf.sqrt(1 - BETA_2**t) / (1 - BETA_1**t)
    first = [m + (g - m) * (1 - BETA_1) for m, g in zip(optimizer.first, gradients, strict=True)]
    second = [v + (g * g - v) * (1 - BETA_2) for v, g in zip(optimizer.second, gradients, strict=True)]
    steps = [rate * m / (tf.sqrt(v) + EPSILON) for m, v in zip(first, second, strict=True)]
    parameters = [p - s for p, s in zip(optimizer.parameters, steps, strict=True)]
    return OptimizerState(parameters, first, second, updates, tuple(carry)), loss, count


def learning_rate(options: TrainingOptions, t: tf.Tensor, total: float) -> tf.Tensor:
    """Return the learning rate of update `t` (from 1): constant, or cosine decay to 0 over `total` updates."""
    if options.schedule == "constant":
        return tf.constant(options.learning_rate)
    return options.learning_rate * 0.5 * (1 + tf.cos(math.pi * (t - 1) / total))
