"""Likelihood of names under a char-RNN: the mean of -ln p over every character, the closing newline included."""

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from pw13.config.settings import CharRNN
from pw13.data.names import windows
from pw13.models import charrnn

WINDOWS_PER_BATCH = 1024
STREAMS = 256  # names evaluated in parallel

Evaluator = Callable[[Sequence[tf.Tensor]], tf.Tensor]


def make_evaluator(names: Sequence[np.ndarray], newline: int, config: CharRNN) -> Evaluator:
    """Return a function: parameters -> mean nats per character, a float32 scalar.

    Many-to-one: each character from the `length` before it, across names; before the first name comes the last one.
    Many-to-many: each name from a newline into zero states, the state carried through the name.

    Args:
        names: ids of each name without its newline, at least one name.
    """
    make = _window_evaluator if config.target == "many-to-one" else _stream_evaluator
    evaluator: Evaluator = tf.function(make(names, newline, config), autograph=False)
    return evaluator


def _window_evaluator(names: Sequence[np.ndarray], newline: int, config: CharRNN) -> Evaluator:
    ids = np.concatenate([np.append(name, newline) for name in names]).astype(np.int32)
    text = tf.constant(np.take(ids, np.arange(-config.length, len(ids)), mode="wrap"))
    indices = np.full(-(-len(ids) // WINDOWS_PER_BATCH) * WINDOWS_PER_BATCH, -1, np.int32)
    indices[: len(ids)] = np.arange(len(ids))
    batches = tf.constant(indices.reshape(-1, WINDOWS_PER_BATCH))

    def evaluate(parameters: Sequence[tf.Tensor]) -> tf.Tensor:
        def batch_sums(indices: tf.Tensor) -> tf.Tensor:
            positions = tf.maximum(indices, 0) + tf.range(config.length + 1)[:, None]
            window = tf.gather(text, positions)
            start = charrnn.zero_states(WINDOWS_PER_BATCH, config)
            hidden, _ = charrnn.outputs(parameters, window[:-1], start, config)
            return tf.reduce_sum(charrnn.losses(parameters, hidden[-1], window[-1]) * tf.cast(indices >= 0, tf.float32))

        sums = tf.map_fn(batch_sums, batches, fn_output_signature=tf.float32, parallel_iterations=1)
        return tf.reduce_sum(sums) / float(len(ids))

    return evaluate


def _stream_evaluator(names: Sequence[np.ndarray], newline: int, config: CharRNN) -> Evaluator:
    streams, masks = windows.stateful_windows(names, min(STREAMS, len(names)), newline)
    ids, mask = tf.constant(streams.T), tf.constant(masks.T)
    start = charrnn.zero_states(len(streams), config)

    def evaluate(parameters: Sequence[tf.Tensor]) -> tf.Tensor:
        def step(i: tf.Tensor, total: tf.Tensor, *states: tf.Tensor) -> tuple[tf.Tensor, ...]:
            keep = tf.cast(ids[i] != newline, tf.float32)[None, :, None]
            hidden, new_states = charrnn.outputs(parameters, ids[i][None], states, config, keep=keep)
            nats = tf.reduce_sum(charrnn.losses(parameters, hidden[0], ids[i + 1]) * mask[i])
            return i + 1, total + nats, *new_states

        initial = (tf.constant(0), tf.constant(0.0), *start)
        _, total, *_ = tf.while_loop(lambda i, *_: i < len(mask), step, initial, parallel_iterations=1)
        return total / float(masks.sum())

    return evaluate
