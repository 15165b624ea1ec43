"""The character RNN: the Keras model on one-hot characters, and the same model on ids, as it is trained.

A one-hot vector times a kernel is the kernel's row, so no one-hot array of the text is ever held.
"""

from collections.abc import Sequence

import keras
import tensorflow as tf

from pw13.config.settings import CharRNN
from pw13.models import rnn_cells

LAYERS = {"simple": keras.layers.SimpleRNN, "gru": keras.layers.GRU, "lstm": keras.layers.LSTM}


def build(characters: int, config: CharRNN) -> keras.Model:
    """The model of one-hot `(n, length, characters)` float32 -> probabilities.

    Many-to-one: of the character after the window, `(n, characters)`; many-to-many: after each character of a text
    of any length, `(n, length, characters)`.
    """
    many = config.target == "many-to-many"
    model = keras.Sequential(name="charrnn")
    model.add(keras.Input((None if many else config.length, characters), name="characters"))
    for number in range(config.layers):
        model.add(LAYERS[config.cell](config.units, return_sequences=many or number < config.layers - 1))
        if config.dropout:
            model.add(keras.layers.Dropout(config.dropout))
    model.add(keras.layers.Dense(characters, activation="softmax"))
    return model


def zero_states(n: int, config: CharRNN) -> tuple[tf.Tensor, ...]:
    """The states of all layers before a text, flat: `(n, units)` each."""
    return tuple(part for _ in range(config.layers) for part in rnn_cells.zero_state(config.cell, n, config.units))


def outputs(
    parameters: Sequence[tf.Tensor],
    ids: tf.Tensor,
    states: Sequence[tf.Tensor],
    config: CharRNN,
    *,
    keep: tf.Tensor | None = None,
    key: tf.Tensor | None = None,
) -> tuple[tf.Tensor | list[tf.Tensor], tuple[tf.Tensor, ...]]:
    """What the last recurrent layer gives after each step, and all layers' states at the end.

    The first is `(steps, n, units)`, as a list of steps where there are few (see `cells.steps`).

    ids: `(steps, n)` int32. keep: see `cells.steps`. key: `(2,)` int32 for dropout; None for none.
    """
    count = rnn_cells.CELLS[config.cell].states
    after: list[tf.Tensor] = []
    signals = None
    for number in range(config.layers):
        kernel, recurrent, bias = parameters[3 * number : 3 * number + 3]
        product = (
            rnn_cells.lookup(kernel, tf.reshape(ids, [-1])) if signals is None else rnn_cells.flat(signals) @ kernel
        )
        if config.cell == "gru":
            product, bias = product + bias[0], bias[1]
        given = tf.reshape(product, (*ids.shape, product.shape[-1]))
        start = tuple(states[count * number : count * (number + 1)])
        signals, state = rnn_cells.steps(config.cell, given, recurrent, bias, start, keep)
        after += state
        if key is not None and config.dropout:
            signals = tf.nn.experimental.stateless_dropout(
                rnn_cells.stack_layers(signals), config.dropout, seed=key + number
            )
    return signals, tuple(after)


def losses(parameters: Sequence[tf.Tensor], signals: tf.Tensor, following: tf.Tensor) -> tf.Tensor:
    """-ln p of the character that follows: `(n, units)`, `(n,)` int32 -> `(n,)` float32."""
    logits = signals @ parameters[-2] + parameters[-1]
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=following, logits=logits)


def correct(parameters: Sequence[tf.Tensor], signals: tf.Tensor, following: tf.Tensor) -> tf.Tensor:
    """1 where the likeliest character is the one that follows, else 0: `(n,)` float32."""
    logits = signals @ parameters[-2] + parameters[-1]
    return tf.cast(tf.argmax(logits, axis=1, output_type=tf.int32) == following, tf.float32)
