"""The training task of the char-RNN: random windows, or parallel streams of whole names."""

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from pw13.config.settings import CharRNN
from pw13.data.names import NameDataset, windows
from pw13.models import charrnn, charrnn_numpy, likelihood, rnn_cells
from pw13.training.shared import shared
from pw13.training.task import Loss, TrainingTask, epoch_rng, shuffled_batches

Order = Callable[[int], np.ndarray]


def make_task(model: keras.Model, data: NameDataset, config: CharRNN) -> TrainingTask:
    """Predict the next character. XLA unrolls a window's steps: several times as fast as TensorFlow's own loop."""
    newline = data.vocab_file.vocabulary.newline
    evaluator = make_evaluator(data.split.validation or data.train_probe, data, config)
    return TrainingTask(
        parameters=model.trainable_variables,
        order=stateful_order(data, config) if config.carry_state else window_order(data, config),
        loss=shared(make_loss, config, data.train_ids, np.array(newline)),
        carry=(lambda: charrnn.zero_states(config.batch_size, config)) if config.carry_state else tuple,
        validation=evaluator,
        xla=True,
        steps_per_chunk=steps_per_chunk(data.vocab_file.vocabulary.size, config),
    )


def windows_per_epoch(characters: int, config: CharRNN) -> int:
    """Return how many windows of a training text an epoch trains on.

    Streams with carried state are cut without overlap; other windows begin every `skip` characters.
    """
    if config.carry_state:
        return math.ceil(characters / config.length)
    return len(windows.window_starts(characters, config.length, config.skip))


def make_evaluator(names: tuple[str, ...], data: NameDataset, config: CharRNN) -> likelihood.Evaluator:
    """Return the function that evaluates parameters on names: see `likelihood.make_evaluator`."""
    return shared(_make_evaluator, config, data.joined_ids(names), np.array(data.vocab_file.vocabulary.newline))


def _make_evaluator(config: CharRNN, ids: np.ndarray, newline: np.ndarray) -> likelihood.Evaluator:
    return likelihood.make_evaluator(windows.split_ids(ids, int(newline)), int(newline), config)


def make_loss(config: CharRNN, train_ids: np.ndarray, newline: np.ndarray) -> Loss:
    """Return the loss on windows of a text, `(n,)` ids, or on streams of its names with --carry-state."""
    loss = stateful_loss(int(newline), config) if config.carry_state else window_loss(train_ids, config)
    return split_batch(loss, config)


def window_order(data: NameDataset, config: CharRNN) -> Order:
    """Return the order of windows at random: a step gets the indices of its windows."""
    count = windows_per_epoch(len(data.train_ids), config)
    return lambda epoch: shuffled_batches(count, config.batch_size, epoch_rng(config.seed, epoch))


def window_loss(train_ids: np.ndarray, config: CharRNN) -> Loss:
    """Return the loss of windows by their indices, each from zero states (handout 2d)."""
    text = tf.constant(train_ids)

    def loss(parameters, indices, states, key):  # type: ignore[no-untyped-def]
        positions = tf.maximum(indices, 0)[:, None] * config.skip + tf.range(config.length + 1)
        ids = tf.transpose(tf.cast(tf.gather(text, positions), tf.int32))
        start = charrnn.zero_states(indices.shape[0], config)
        hidden, _ = charrnn.outputs(parameters, ids[:-1], start, config, key=key)
        predicted = slice(-1, None) if config.target == "many-to-one" else slice(None)
        mask = tf.tile(tf.cast(indices >= 0, tf.float32)[None], (config.length, 1))
        return *masked_loss(parameters, hidden[predicted], ids[1:][predicted], mask[predicted]), ()

    return loss


def stateful_order(data: NameDataset, config: CharRNN) -> Order:
    """Return the order of parallel streams of names, permuted every epoch."""
    newline = data.vocab_file.vocabulary.newline

    def order(epoch: int) -> np.ndarray:
        text = windows.permuted(data.train_ids, newline, rng=epoch_rng(config.seed, epoch))
        return windows.stream_steps(text, config.batch_size, config.length, newline)

    return order


def stateful_loss(newline: int, config: CharRNN) -> Loss:
    """Return the loss of parallel streams, whose states carry over from step to step and are reset at a newline."""

    def loss(parameters, ids, states, key):  # type: ignore[no-untyped-def]
        ids = tf.transpose(tf.cast(ids, tf.int32))
        valid_ids, mask = tf.maximum(ids, 0), tf.cast(ids[1:] >= 0, tf.float32)
        keep = tf.cast(ids[:-1] != newline, tf.float32)[:, :, None]
        hidden, last_states = charrnn.outputs(parameters, valid_ids[:-1], states, config, keep=keep, key=key)
        return *masked_loss(parameters, hidden, valid_ids[1:], mask), last_states

    return loss


def masked_loss(
    parameters: Any, hidden: tf.Tensor | list[tf.Tensor], targets: tf.Tensor, mask: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the sum and the count of the losses where `mask` is 1; `(steps, n, units)`, `(steps, n)` twice."""
    losses = charrnn.losses(parameters, rnn_cells.flatten_steps(hidden), tf.reshape(targets, [-1]))
    return tf.reduce_sum(losses * tf.reshape(mask, [-1])), tf.reduce_sum(mask)


def split_batch(loss: Loss, config: CharRNN) -> Loss:
    """Apply `loss` to two independent halves of the batch, which XLA computes in parallel on two cores.

    Not for long windows: their loops run one after the other, on products that are large enough for both cores.
    """
    if config.threads == 1 or config.batch_size % 2 or config.length > rnn_cells.UNROLLED:
        return loss

    def both(parameters, batch, carry, key):  # type: ignore[no-untyped-def]
        halves = zip(*(tf.split(tensor, 2) for tensor in (batch, *carry)), strict=True)
        keys = key, key + tf.constant([0, 1])
        results = [loss(parameters, half, states, k) for (half, *states), k in zip(halves, keys, strict=True)]
        (loss_a, count_a, carry_a), (loss_b, count_b, carry_b) = results
        joined = tuple(tf.concat(pair, axis=0) for pair in zip(carry_a, carry_b, strict=True))
        return loss_a + loss_b, count_a + count_b, joined

    return both


def steps_per_chunk(characters: int, config: CharRNN) -> int:
    """Return how many steps take about a second at 30 GFLOP/s, from the sizes of a step's matrix products."""
    gates = charrnn_numpy.GATES[config.cell]
    recurrent = config.units**2 * gates * (2 * config.layers - 1)
    predicted = 1 if config.target == "many-to-one" else config.length
    step = config.batch_size * (config.length * recurrent + predicted * config.units * characters)
    return max(1, min(2000, round(3e10 / (6 * step))))
