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
from pw13.training.task import TrainingTask, epoch_rng, shuffled_batches

Order = Callable[[int], np.ndarray]
Loss = Callable[..., tuple[tf.Tensor, tf.Tensor, tuple[tf.Tensor, ...]]]


def make_task(model: keras.Model, data: NameDataset, config: CharRNN) -> TrainingTask:
    """Predict the next character. XLA unrolls a window's steps: several times as fast as TensorFlow's own loop."""
    make_batches = stateful_batches if config.carry_state else window_batches
    order, loss = make_batches(data, config)
    validation = data.split.validation or data.train_probe
    evaluator = likelihood.make_evaluator(data.encode(validation), data.vocab_file.vocabulary.newline, config)
    return TrainingTask(
        parameters=model.trainable_variables,
        order=order,
        loss=split_batch(loss, config),
        carry=(lambda: charrnn.zero_states(config.batch_size, config)) if config.carry_state else tuple,
        validation=lambda parameters: evaluator(parameters)[0],
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


def window_batches(data: NameDataset, config: CharRNN) -> tuple[Order, Loss]:
    """Return order and loss for windows in random order, each from zero states (handout 2d).

    A step gets the indices of its windows.
    """
    text = tf.constant(data.train_ids)
    count = windows_per_epoch(len(data.train_ids), config)

    def loss(parameters, indices, states, key):  # type: ignore[no-untyped-def]
        positions = tf.maximum(indices, 0)[:, None] * config.skip + tf.range(config.length + 1)
        ids = tf.transpose(tf.cast(tf.gather(text, positions), tf.int32))
        start = charrnn.zero_states(indices.shape[0], config)
        hidden, _ = charrnn.outputs(parameters, ids[:-1], start, config, key=key)
        predicted = slice(-1, None) if config.target == "many-to-one" else slice(None)
        mask = tf.tile(tf.cast(indices >= 0, tf.float32)[None], (config.length, 1))
        return *masked_loss(parameters, hidden[predicted], ids[1:][predicted], mask[predicted]), ()

    def order(epoch: int) -> np.ndarray:
        return shuffled_batches(count, config.batch_size, epoch_rng(config.seed, epoch))

    return order, loss


def stateful_batches(data: NameDataset, config: CharRNN) -> tuple[Order, Loss]:
    """Return order and loss for parallel streams of names, permuted every epoch.

    States carry over from step to step and are reset to zero at a newline.
    """
    newline = data.vocab_file.vocabulary.newline

    def loss(parameters, ids, states, key):  # type: ignore[no-untyped-def]
        ids = tf.transpose(ids)
        valid_ids, mask = tf.maximum(ids, 0), tf.cast(ids[1:] >= 0, tf.float32)
        keep = tf.cast(ids[:-1] != newline, tf.float32)[:, :, None]
        hidden, last_states = charrnn.outputs(parameters, valid_ids[:-1], states, config, keep=keep, key=key)
        return *masked_loss(parameters, hidden, valid_ids[1:], mask), last_states

    def order(epoch: int) -> np.ndarray:
        text = windows.permuted(data.train_ids, newline, rng=epoch_rng(config.seed, epoch))
        return windows.stream_steps(text, config.batch_size, config.length, newline)

    return order, loss


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
