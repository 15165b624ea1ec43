"""The character RNN: the Keras model on one-hot characters, and the same network on ids, as it is trained.

A one-hot vector times a kernel is the kernel's row, so the text is never held as a one-hot array.
"""

from collections.abc import Sequence

import keras
import tensorflow as tf

from pw13.config.settings import CharRNN
from pw13.models import rnn_cells

LAYERS = {"simple": keras.layers.SimpleRNN, "gru": keras.layers.GRU, "lstm": keras.layers.LSTM}


def build(characters: int, config: CharRNN) -> keras.Model:
    """Build the model: one-hot `(n, length, characters)` float32 -> probabilities.

    Many-to-one: of the character after the window, `(n, characters)`; many-to-many: after each character of a text
    of any length, `(n, length, characters)`.
    """
    many = config.target == "many-to-many"
    model = keras.Sequential(name="charrnn")
    model.add(keras.Input((None if many else config.length, characters), name="characters"))
    for i in range(config.layers):
        sequences = many or i < config.layers - 1
        model.add(LAYERS[config.cell](config.units, return_sequences=sequences))
        if config.dropout:
            dropout = keras.layers.SpatialDropout1D if sequences else keras.layers.Dropout
            model.add(dropout(config.dropout))
    model.add(keras.layers.Dense(characters, activation="softmax"))
    return model


def zero_states(n: int, config: CharRNN) -> tuple[tf.Tensor, ...]:
    """Return the zero states of all layers in one flat tuple, `(n, units)` each."""
    return tuple(state for _ in range(config.layers) for state in rnn_cells.zero_state(config.cell, n, config.units))


def outputs(
    parameters: Sequence[tf.Tensor],
    ids: tf.Tensor,
    states: Sequence[tf.Tensor],
    config: CharRNN,
    *,
    keep: tf.Tensor | None = None,
    key: tf.Tensor | None = None,
) -> tuple[tf.Tensor | list[tf.Tensor], tuple[tf.Tensor, ...]]:
    """Return the last recurrent layer's outputs after each step, and all layers' final states.

    The outputs are `(steps, n, units)`, or a list of steps if there are few (see `rnn_cells.steps`).

    ids: `(steps, n)` int32. keep: see `rnn_cells.steps`. key: `(2,)` int32 for dropout; None for none.
    """
    count = rnn_cells.CELLS[config.cell].states
    final_states: list[tf.Tensor] = []
    hidden = None
    for i in range(config.layers):
        kernel, recurrent, bias = parameters[3 * i : 3 * i + 3]
        if hidden is None:
            x_proj = rnn_cells.lookup(kernel, tf.reshape(ids, [-1]))
        else:
            x_proj = rnn_cells.flatten_steps(hidden) @ kernel
        if config.cell == "gru":
            x_proj, bias = x_proj + bias[0], bias[1]
        x_proj = tf.reshape(x_proj, (*ids.shape, x_proj.shape[-1]))
        initial = tuple(states[count * i : count * (i + 1)])
        mask = None
        if key is not None and config.recurrent_dropout:
            shape = (ids.shape[1], config.units)
            mask = dropout_mask(shape, config.recurrent_dropout, key + (config.layers + i))
        hidden, final = rnn_cells.steps(config.cell, x_proj, recurrent, bias, initial, keep, mask)
        final_states += final
        if key is not None and config.dropout:
            hidden = rnn_cells.stack_steps(hidden)
            hidden *= dropout_mask(hidden.shape[1:], config.dropout, key + i)
    return hidden, tuple(final_states)


def dropout_mask(shape: Sequence[int], rate: float, key: tf.Tensor) -> tf.Tensor:
    """Return 0 with probability `rate`, else 1 / (1 - rate), float32; `key` `(2,)` int32.

    One mask for all steps of a window (Gal and Ghahramani 2016; Keras's `SpatialDropout1D`): a draw per step would take
    a quarter of the training time.
    """
    return tf.cast(tf.random.stateless_uniform(shape, key) >= rate, tf.float32) / (1 - rate)


def losses(parameters: Sequence[tf.Tensor], hidden: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    """Return -ln p of the target characters: `(n, units)`, `(n,)` int32 -> `(n,)` float32."""
    logits = hidden @ parameters[-2] + parameters[-1]
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits)
