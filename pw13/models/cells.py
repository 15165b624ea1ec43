"""Recurrent layers over a fixed number of steps, each with its gradient written out.

The recurrent kernel's gradient is one product over all steps instead of one a step, and a look-up's gradient a dense sum
of rows: XLA compiles this in a third of the time that automatic differentiation takes, to faster code for gated cells.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import tensorflow as tf

State = tuple[tf.Tensor, ...]  # h `(n, units)`; LSTM h and c


class Cell(NamedTuple):
    """One kind of recurrent layer.

    forward: (given, product, state) -> (state, saved): `given` is the input's part of the gates `(n, gates * units)`,
        `product` the state's, its bias included.
    backward: (saved, gradient of state) -> gradients of given, of product, and of the state before, product excluded.
    """

    gates: int
    states: int
    forward: Callable[..., tuple[State, tuple]]
    backward: Callable[..., tuple[tf.Tensor, tf.Tensor, State]]


def simple_forward(given: tf.Tensor, product: tf.Tensor, state: State) -> tuple[State, tuple]:
    h = tf.tanh(given + product)
    return (h,), (h,)


def simple_backward(saved: tuple, change: State) -> tuple[tf.Tensor, tf.Tensor, State]:
    (h,), (dh,) = saved, change
    gates = dh * (1 - h * h)
    return gates, gates, (tf.zeros_like(dh),)


def gru_forward(given: tf.Tensor, product: tf.Tensor, state: State) -> tuple[State, tuple]:
    """Keras's `reset_after=True`: gates update, reset, candidate; the reset gate acts on the product."""
    update_in, reset_in, candidate_in = tf.split(given, 3, axis=1)
    update_back, reset_back, candidate_back = tf.split(product, 3, axis=1)
    update, reset = tf.sigmoid(update_in + update_back), tf.sigmoid(reset_in + reset_back)
    candidate = tf.tanh(candidate_in + reset * candidate_back)
    h = update * state[0] + (1 - update) * candidate
    return (h,), (update, reset, candidate, candidate_back, state[0])


def gru_backward(saved: tuple, change: State) -> tuple[tf.Tensor, tf.Tensor, State]:
    update, reset, candidate, back, before = saved
    (dh,) = change
    d_candidate = dh * (1 - update) * (1 - candidate * candidate)
    d_update = dh * (before - candidate) * update * (1 - update)
    d_reset = d_candidate * back * reset * (1 - reset)
    d_given = tf.concat([d_update, d_reset, d_candidate], axis=1)
    return d_given, tf.concat([d_update, d_reset, d_candidate * reset], axis=1), (dh * update,)


def lstm_forward(given: tf.Tensor, product: tf.Tensor, state: State) -> tuple[State, tuple]:
    """Gates in Keras's order: input, forget, candidate, output."""
    i, f, k, o = tf.split(given + product, 4, axis=1)
    i, f, k, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(k), tf.sigmoid(o)
    c = f * state[1] + i * k
    shown = tf.tanh(c)
    return (o * shown, c), (i, f, k, o, state[1], shown)


def lstm_backward(saved: tuple, change: State) -> tuple[tf.Tensor, tf.Tensor, State]:
    i, f, k, o, before, shown = saved
    dh, dc = change
    dc = dc + dh * o * (1 - shown * shown)
    parts = dc * k * i * (1 - i), dc * before * f * (1 - f), dc * i * (1 - k * k), dh * shown * o * (1 - o)
    gates = tf.concat(parts, axis=1)
    return gates, gates, (tf.zeros_like(dh), dc * f)


CELLS = {
    "simple": Cell(1, 1, simple_forward, simple_backward),
    "gru": Cell(3, 1, gru_forward, gru_backward),
    "lstm": Cell(4, 2, lstm_forward, lstm_backward),
}


def zero_state(cell: str, n: int, units: int) -> State:
    return tuple(tf.zeros((n, units)) for _ in range(CELLS[cell].states))


def steps(
    cell: str,
    given: Sequence[tf.Tensor],
    recurrent: tf.Tensor,
    bias: tf.Tensor,
    start: State,
    keep: Sequence[tf.Tensor] | None = None,
) -> tuple[list[tf.Tensor], State]:
    """The outputs h after each step and the last state; no gradient flows into `start` or out of the last state.

    given: for each step the input's part of the gates, `(n, gates * units)`.
    keep: for each step `(n, 1)`, 0 where the state is set to zero before it, 1 elsewhere.
    """
    kind, count = CELLS[cell], len(given)

    @tf.custom_gradient
    def run(recurrent, bias, *given):  # type: ignore[no-untyped-def]
        state, outputs, befores, saved = start, [], [], []
        for step in range(count):
            if keep is not None:
                state = tuple(part * keep[step] for part in state)
            befores.append(state[0])
            state, kept = kind.forward(given[step], state[0] @ recurrent + bias, state)
            outputs.append(state[0])
            saved.append(kept)

        def gradient(*changes):  # type: ignore[no-untyped-def]
            change = tuple(tf.zeros_like(part) for part in start)
            d_given, d_product = [], []
            for step in reversed(range(count)):
                change = (change[0] + changes[step], *change[1:])
                for_given, for_product, change = kind.backward(saved[step], change)
                d_given.insert(0, for_given)
                d_product.insert(0, for_product)
                back = tf.matmul(for_product, recurrent, transpose_b=True)
                change = (change[0] + back, *change[1:])
                if keep is not None:
                    change = tuple(part * keep[step] for part in change)
            every = tf.concat(d_product, axis=0)
            d_recurrent = tf.matmul(tf.concat(befores, axis=0), every, transpose_a=True)
            return (d_recurrent, tf.reduce_sum(every, axis=0), *d_given)

        return (*outputs, *state), gradient

    results = run(recurrent, bias, *given)
    return list(results[:count]), tuple(tf.stop_gradient(part) for part in results[count:])


def lookup(table: tf.Tensor, ids: tf.Tensor) -> tf.Tensor:
    """Rows of `table`: `(characters, width)`, `(n,)` int32 -> `(n, width)`; the product with one-hot vectors."""

    @tf.custom_gradient
    def rows(table):  # type: ignore[no-untyped-def]
        def gradient(change):  # type: ignore[no-untyped-def]
            return tf.math.unsorted_segment_sum(change, ids, table.shape[0])

        return tf.gather(table, ids), gradient

    return rows(table)
