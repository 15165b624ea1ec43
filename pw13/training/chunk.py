"""The compiled part: a chunk of steps inside one function, each an update by Adam."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from pw13.training.task import TrainingOptions, TrainingTask

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7  # Adam (Kingma and Ba, 2015), with the constants that Keras takes


class OptimizerState(NamedTuple):
    """What every update changes: parameters, Adam's means of gradients and of their squares, updates done, carry."""

    parameters: list[tf.Tensor]
    first: list[tf.Tensor]
    second: list[tf.Tensor]
    updates: tf.Tensor
    carry: tuple[tf.Tensor, ...]


def compiled_chunk(problem: TrainingTask, plan: TrainingOptions, moving: OptimizerState) -> Callable[..., Any]:
    """The function that takes `count` steps from step `first` of an epoch, compiled.

    Both are tensors, so that this one function serves all chunks: another static length could compile to other bits.
    """
    total = float(plan.epochs * len(problem.order(1)))

    @tf.function(jit_compile=problem.xla, autograph=False)
    def chunk(order, first, count, epoch, moving):  # type: ignore[no-untyped-def]
        epoch_key = tf.random.experimental.stateless_fold_in(tf.constant([plan.seed, 0]), epoch)

        def step(i, moving, loss_sum, examples):  # type: ignore[no-untyped-def]
            key = tf.random.experimental.stateless_fold_in(epoch_key, i)
            moving, loss, count = adam_update(problem, plan, total, moving, order[i], key)
            return i + 1, moving, loss_sum + loss, examples + count

        start = (first, moving, tf.constant(0.0), tf.constant(0.0))
        _, moving, loss_sum, examples = tf.while_loop(lambda i, *_: i < first + count, step, start)
        return moving, loss_sum, examples

    none = tf.constant(0)
    chunk(tf.constant(problem.order(1)), none, none, tf.constant(1), moving)  # compiles without taking a step
    return chunk


def adam_update(
    problem: TrainingTask, plan: TrainingOptions, total: float, moving: OptimizerState, item: tf.Tensor, key: tf.Tensor
):
    """One update by Adam on the mean loss of a batch; `total` updates make the whole plan."""
    with tf.GradientTape() as tape:
        tape.watch(moving.parameters)
        loss, count, carry = problem.loss(moving.parameters, item, moving.carry, key)
        mean = loss / count
    gradients = tape.gradient(mean, moving.parameters)
    if plan.clip_norm:
        gradients, _ = tf.clip_by_global_norm(gradients, plan.clip_norm)
    done = moving.updates + 1
    t = tf.cast(done, tf.float32)
    rate = learning_rate(plan, t, total) * tf.sqrt(1 - BETA_2**t) / (1 - BETA_1**t)
    first = [m + (g - m) * (1 - BETA_1) for m, g in zip(moving.first, gradients, strict=True)]
    second = [v + (g * g - v) * (1 - BETA_2) for v, g in zip(moving.second, gradients, strict=True)]
    steps = [rate * m / (tf.sqrt(v) + EPSILON) for m, v in zip(first, second, strict=True)]
    parameters = [p - s for p, s in zip(moving.parameters, steps, strict=True)]
    return OptimizerState(parameters, first, second, done, tuple(carry)), loss, count


def learning_rate(plan: TrainingOptions, t: tf.Tensor, total: float) -> tf.Tensor:
    """The learning rate of update `t` (from 1): constant, or half a cosine from the top to 0 after `total` updates."""
    if plan.schedule == "constant":
        return tf.constant(plan.learning_rate)
    return plan.learning_rate * 0.5 * (1 + tf.cos(math.pi * (t - 1) / total))
