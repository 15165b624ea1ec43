"""Recurrent layers over a fixed number of steps, each with its gradient written out.

The recurrent kernel's gradient is one product over all steps instead of one a step, a look-up's gradient a dense sum of
rows: XLA compiles this in a third of the time that automatic differentiation takes, to faster code for gated cells.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

State = tuple[tf.Tensor, ...]  # h `(n, units)`; LSTM h and c


UNROLLED = 12  # steps; a longer chain would take XLA minutes to compile, and its cells are large enough for a loop


class Cell(NamedTuple):
    """One kind of recurrent layer: its gates, the tensors of its state and those that its gradient needs.

    saved: the widths of the latter, in units.
    forward: (given, product, state) -> (state, saved): `given` is the input's part of the gates `(n, gates * units)`,
        `product` the state's, its bias included.
    backward: (saved, gradient of state) -> gradients of given, of product, and of the state before, product excluded.
    """

    gates: int
    states: int
    saved: tuple[int, ...]
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
    """Gates in Keras's order: input, forget, candidate, output.

    One tanh for all four, since sigmoid(x) = (1 + tanh(x / 2)) / 2: XLA makes one loop of it, where four gates on
    their own are four, each too short to fill its vectors.
    """
    slope = tf.constant(np.repeat([[0.5, 0.5, 1.0, 0.5]], state[0].shape[1], axis=1), tf.float32)
    gates = tf.tanh((given + product) * slope) * slope + (1 - slope)
    i, f, k, o = tf.split(gates, 4, axis=1)
    c = f * state[1] + i * k
    shown = tf.tanh(c)
    return (o * shown, c), (gates, state[1], shown)


def lstm_backward(saved: tuple, change: State) -> tuple[tf.Tensor, tf.Tensor, State]:
    gates, before, shown = saved
    i, f, k, o = tf.split(gates, 4, axis=1)
    dh, dc = change
    dc = dc + dh * o * (1 - shown * shown)
    candidate = tf.constant(np.repeat([[False, False, True, False]], shown.shape[1], axis=1))
    slope = tf.where(candidate, 1 - gates * gates, gates * (1 - gates))
    change = tf.concat([dc, dc, dc, dh], axis=1) * tf.concat([k, before, i, shown], axis=1) * slope
    return change, change, (tf.zeros_like(dh), dc * f)


CELLS = {
    "simple": Cell(1, 1, (1,), simple_forward, simple_backward),
    "gru": Cell(3, 1, (1, 1, 1, 1, 1), gru_forward, gru_backward),
    "lstm": Cell(4, 2, (4, 1, 1), lstm_forward, lstm_backward),
}


def zero_state(cell: str, n: int, units: int) -> State:
    return tuple(tf.zeros((n, units)) for _ in range(CELLS[cell].states))


def steps(
    cell: str,
    given: tf.Tensor,
    recurrent: tf.Tensor,
    bias: tf.Tensor,
    start: State,
    keep: tf.Tensor | None = None,
) -> tuple[tf.Tensor | list[tf.Tensor], State]:
    """The outputs h after each step and the last state; no gradient enters `start` or leaves the last state.

    The outputs are `(steps, n, units)`, as a list of steps where there are at most `UNROLLED`.

    given: the input's part of the gates, `(steps, n, gates * units)`.
    keep: `(steps, n, 1)`, 0 where the state is set to zero before the step, 1 elsewhere.
    """
    kind, masks = CELLS[cell], () if keep is None else (keep,)
    count, unrolled = given.shape[0], given.shape[0] <= UNROLLED

    def masked(state: State, mask: Sequence[tf.Tensor]) -> State:
        return tuple(part * mask[0] for part in state) if mask else state

    @tf.custom_gradient
    def run(given, recurrent, bias):  # type: ignore[no-untyped-def]
        def forward(before, now):  # type: ignore[no-untyped-def]
            state = masked(before[: kind.states], now[1:])
            after, saved = kind.forward(now[0], state[0] @ recurrent + bias, state)
            return (*after, state[0], *saved)

        zeros = [tf.tile(tf.zeros_like(start[0]), (1, width)) for width in (1, *kind.saved)]
        every = scan(forward, count, (given, *masks), (*start, *zeros))
        last = [part[-1] for part in every[: kind.states]]
        befores, saved = every[kind.states], every[kind.states + 1 :]

        def gradient(*changes):  # type: ignore[no-untyped-def]
            def backward(later, now):  # type: ignore[no-untyped-def]
                change = (later[0] + now[0], *later[1 : kind.states])
                for_given, for_product, rest = kind.backward(now[1 : 1 + len(kind.saved)], change)
                back = rest[0] + tf.matmul(for_product, recurrent, transpose_b=True)
                return (*masked((back, *rest[1:]), now[1 + len(kind.saved) :]), for_given, for_product)

            zeros = [tf.zeros_like(part) for part in (*start, given[0], given[0])]
            change = changes[: -kind.states] if unrolled else changes[0]
            *_, d_given, d_product = scan(backward, count, (change, *saved, *masks), tuple(zeros), reverse=True)
            d_recurrent = tf.matmul(flat(befores), flat(d_product), transpose_a=True)
            return stack_layers(d_given), d_recurrent, tf.reduce_sum(flat(d_product), axis=0)

        return (*(every[0] if unrolled else every[:1]), *last), gradient

    results = run(given, recurrent, bias)
    outputs, state = results[: -kind.states], results[-kind.states :]
    return list(outputs) if unrolled else outputs[0], tuple(tf.stop_gradient(part) for part in state)


def scan(
    step: Callable[[State, State], State], count: int, elements: Sequence[Any], first: State, *, reverse: bool = False
) -> list[Any]:
    """What `tf.scan` gives, every result of `step(result before, elements now)`; unrolled where short, then as lists.

    elements: each `(count, ...)`, a tensor or, where unrolled, a list of steps.
    """
    if count > UNROLLED:
        return list(tf.scan(step, tuple(elements), first, reverse=reverse))
    results, before = [], first
    for place in reversed(range(count)) if reverse else range(count):
        before = step(before, tuple(part[place] for part in elements))
        results.append(before)
    return [list(parts[::-1] if reverse else parts) for parts in zip(*results, strict=True)]


def stack_layers(sequence: tf.Tensor | list[tf.Tensor]) -> tf.Tensor:
    """`(steps, n, width)` of a tensor or a list of steps."""
    return tf.stack(sequence) if isinstance(sequence, list) else sequence


def flat(sequence: tf.Tensor | list[tf.Tensor]) -> tf.Tensor:
    """`(steps, n, width)`, stacked or a list of steps -> `(steps * n, width)`."""
    if isinstance(sequence, list):
        return tf.concat(sequence, axis=0)
    return tf.reshape(sequence, (-1, sequence.shape[-1]))


def lookup(table: tf.Tensor, ids: tf.Tensor) -> tf.Tensor:
    """Rows of `table`: `(characters, width)`, `(n,)` int32 -> `(n, width)`; the product with one-hot vectors."""

    @tf.custom_gradient
    def rows(table):  # type: ignore[no-untyped-def]
        def gradient(change):  # type: ignore[no-untyped-def]
            return tf.math.unsorted_segment_sum(change, ids, table.shape[0])

        return tf.gather(table, ids), gradient

    return rows(table)
