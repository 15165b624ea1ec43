"""What a char-RNN learns from, step by step: windows in random order, or streams of whole names."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from pw13.config.settings import CharRNN
from pw13.data.names import NameDataset, windows
from pw13.models import charrnn, charrnn_numpy, likelihood, rnn_cells
from pw13.training.task import TrainingTask, epoch_rng, shuffled_batches


def make_task(model: keras.Model, data: NameDataset, config: CharRNN) -> TrainingTask:
    """Predict the next character. XLA: unrolled over a window it is several times as fast as TensorFlow's own loop."""
    kind = stateful_batches if config.carry_state else window_batches
    order, loss = kind(data, config)
    validation = data.split.validation or data.train_probe
    measure = likelihood.make_evaluator(data.encode(validation), data.vocab_file.vocabulary.newline, config)
    return TrainingTask(
        parameters=model.trainable_variables,
        order=order,
        loss=split_batch(loss, config),
        carry=(lambda: charrnn.zero_states(config.batch_size, config)) if config.carry_state else tuple,
        validation=lambda parameters: measure(parameters)[0],
        xla=True,
        steps_per_chunk=steps_per_chunk(data.vocab_file.vocabulary.size, config),
    )


def window_batches(data: NameDataset, config: CharRNN) -> tuple[Callable, Callable]:
    """Windows in random order, each from zero states (handout 2d): a step sees the rows of its windows."""
    text = tf.constant(data.train_ids)
    count = len(windows.window_starts(len(data.train_ids), config.length, config.skip))

    def loss(parameters, rows, states, key):  # type: ignore[no-untyped-def]
        places = tf.maximum(rows, 0)[:, None] * config.skip + tf.range(config.length + 1)
        ids = tf.transpose(tf.cast(tf.gather(text, places), tf.int32))
        start = charrnn.zero_states(rows.shape[0], config)
        signals, _ = charrnn.outputs(parameters, ids[:-1], start, config, key=key)
        last = slice(-1, None) if config.target == "many-to-one" else slice(None)
        there = tf.tile(tf.cast(rows >= 0, tf.float32)[None], (config.length, 1))
        return *masked_loss(parameters, signals[last], ids[1:][last], there[last]), ()

    def order(epoch: int) -> np.ndarray:
        return shuffled_batches(count, config.batch_size, epoch_rng(config.seed, epoch))

    return order, loss


def stateful_batches(data: NameDataset, config: CharRNN) -> tuple[Callable, Callable]:
    """Parallel streams of names in an order of each epoch; states go on from step to step, from zero at a newline."""
    newline = data.vocab_file.vocabulary.newline

    def loss(parameters, ids, states, key):  # type: ignore[no-untyped-def]
        ids = tf.transpose(ids)
        read, there = tf.maximum(ids, 0), tf.cast(ids[1:] >= 0, tf.float32)
        keep = tf.cast(ids[:-1] != newline, tf.float32)[:, :, None]
        signals, after = charrnn.outputs(parameters, read[:-1], states, config, keep=keep, key=key)
        return *masked_loss(parameters, signals, read[1:], there), after

    def order(epoch: int) -> np.ndarray:
        text = windows.permuted(data.train_ids, newline, rng=epoch_rng(config.seed, epoch))
        return windows.stream_steps(text, config.batch_size, config.length, newline)

    return order, loss


def masked_loss(
    parameters: Any, signals: tf.Tensor | list[tf.Tensor], following: tf.Tensor, weights: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """The sum of losses over steps and rows that count, and how many do; `(steps, n, units)`, `(steps, n)` twice."""
    losses = charrnn.losses(parameters, rnn_cells.flat(signals), tf.reshape(following, [-1]))
    return tf.reduce_sum(losses * tf.reshape(weights, [-1])), tf.reduce_sum(weights)


def split_batch(loss: Callable, config: CharRNN) -> Callable:
    """`loss` on two halves of the batch that nothing connects, so that XLA computes them side by side on two cores.

    Not for long windows: their loops run one after the other, on products that are large enough for both cores.
    """
    if config.threads == 1 or config.batch_size % 2 or config.length > rnn_cells.UNROLLED:
        return loss

    def both(parameters, item, carry, key):  # type: ignore[no-untyped-def]
        halves = zip(*(tf.split(part, 2) for part in (item, *carry)), strict=True)
        keys = key, key + tf.constant([0, 1])
        results = [loss(parameters, half, rest, k) for (half, *rest), k in zip(halves, keys, strict=True)]
        (loss_a, count_a, carry_a), (loss_b, count_b, carry_b) = results
        joined = tuple(tf.concat(pair, axis=0) for pair in zip(carry_a, carry_b, strict=True))
        return loss_a + loss_b, count_a + count_b, joined

    return both


def steps_per_chunk(characters: int, config: CharRNN) -> int:
    """Steps that take about a second at 30 GFLOP/s, from the sizes of the products of a step."""
    gates = charrnn_numpy.GATES[config.cell]
    inner = config.units**2 * gates * (2 * config.layers - 1)
    predicted = 1 if config.target == "many-to-one" else config.length
    step = config.batch_size * (config.length * inner + predicted * config.units * characters)
    return max(1, min(2000, round(3e10 / (6 * step))))
