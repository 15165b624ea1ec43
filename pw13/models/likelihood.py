"""How probable a char-RNN finds names: the mean of -ln p over every character, the closing newline included."""

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from pw13.config.settings import CharRNN
from pw13.data.names import windows
from pw13.models import charrnn

BATCH = 1024  # windows at a time
ROWS = 256  # names side by side

Evaluator = Callable[[Sequence[tf.Tensor]], tf.Tensor]


def make_evaluator(names: Sequence[np.ndarray], newline: int, config: CharRNN) -> Evaluator:
    """A function: parameters -> `(2,)` float32, mean nats a character and share of characters predicted right.

    Many-to-one: each character from the `length` before it, the name before included; before the first name stands the
    last one. Many-to-many: each name from a newline into zero states, the state carried through the name.

    Args:
        names: ids of each name without its newline, at least one name.
    """
    score = _one if config.target == "many-to-one" else _many
    return tf.function(score(names, newline, config), autograph=False)


def _one(names: Sequence[np.ndarray], newline: int, config: CharRNN) -> Evaluator:
    ids = np.concatenate([np.append(name, newline) for name in names]).astype(np.int32)
    text = tf.constant(np.take(ids, np.arange(-config.length, len(ids)), mode="wrap"))
    places = np.full(-(-len(ids) // BATCH) * BATCH, -1, np.int32)
    places[: len(ids)] = np.arange(len(ids))
    batches = tf.constant(places.reshape(-1, BATCH))

    def score(parameters: Sequence[tf.Tensor]) -> tf.Tensor:
        def one_batch(rows: tf.Tensor) -> tf.Tensor:
            places = tf.maximum(rows, 0) + tf.range(config.length + 1)[:, None]
            seen = tf.gather(text, places)
            signals, _ = charrnn.outputs(parameters, seen[:-1], charrnn.zero_states(BATCH, config), config)
            return _sums(parameters, signals[-1], seen[-1], tf.cast(rows >= 0, tf.float32))

        sums = tf.map_fn(one_batch, batches, fn_output_signature=tf.float32, parallel_iterations=1)
        return tf.reduce_sum(sums, axis=0) / float(len(ids))

    return score


def _many(names: Sequence[np.ndarray], newline: int, config: CharRNN) -> Evaluator:
    side_by_side, weights = windows.stateful_windows(names, min(ROWS, len(names)), newline)
    ids, weight = tf.constant(side_by_side.T), tf.constant(weights.T)
    start = charrnn.zero_states(len(side_by_side), config)

    def score(parameters: Sequence[tf.Tensor]) -> tf.Tensor:
        def one_step(step: tf.Tensor, sums: tf.Tensor, *states: tf.Tensor) -> tuple[tf.Tensor, ...]:
            keep = tf.cast(ids[step] != newline, tf.float32)[None, :, None]
            signals, after = charrnn.outputs(parameters, ids[step][None], states, config, keep=keep)
            return step + 1, sums + _sums(parameters, signals[0], ids[step + 1], weight[step]), *after

        first = (tf.constant(0), tf.zeros(2), *start)
        _, sums, *_ = tf.while_loop(lambda step, *_: step < len(weight), one_step, first, parallel_iterations=1)
        return sums / float(weights.sum())

    return score


def _sums(parameters: Sequence[tf.Tensor], signals: tf.Tensor, following: tf.Tensor, weight: tf.Tensor) -> tf.Tensor:
    """`(2,)`: nats and right predictions, over the rows that count."""
    nats = charrnn.losses(parameters, signals, following)
    right = charrnn.correct(parameters, signals, following)
    return tf.stack([tf.reduce_sum(nats * weight), tf.reduce_sum(right * weight)])
