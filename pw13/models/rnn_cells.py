"""Recurrent layers over a fixed number of steps, each with its gradient written out.

The recurrent kernel's gradient is one product over all steps instead of one per step, a lookup's gradient a dense sum
of rows: XLA compiles this in a third of the time of automatic differentiation, to faster code for gated cells.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

State = tuple[tf.Tensor, ...]  # h `(n, units)`; LSTM h and c
Saved = tuple[tf.Tensor, ...]

UNROLLED = 12  # steps; a longer chain takes XLA minutes to compile, and its cells are large enough for a loop


class Cell(NamedTuple):
    """One kind of recurrent cell: number of state tensors, forward and backward step.

    saved: widths, in units, of the tensors that `backward` needs from `forward`.
    forward: (x_proj, h_proj, state) -> (new state, saved): `x_proj` `(n, gates * units)` is the input projection of
        the gates, `h_proj` the recurrent one, its bias included.
    backward: (saved, gradient of the new state) -> gradients of x_proj, h_proj and the state, the last without the
        path through h_proj.
    """

    states: int
    saved: tuple[int, ...]
    forward: Callable[..., tuple[State, Saved]]
    backward: Callable[..., tuple[tf.Tensor, tf.Tensor, State]]


def simple_forward(x_proj: tf.Tensor, h_proj: tf.Tensor, state: State) -> tuple[State, Saved]:
    h = tf.tanh(x_proj + h_proj)
    return (h,), (h,)


def simple_backward(saved: Saved, gradient: State) -> tuple[tf.Tensor, tf.Tensor, State]:
    (h,), (dh,) = saved, gradient
    gates = dh * (1 - h * h)
    return gates, gates, (tf.zeros_like(dh),)


def gru_forward(x_proj: tf.Tensor, h_proj: tf.Tensor, state: State) -> tuple[State, Saved]:
    """Gates in Keras's order: update, reset, candidate; the reset gate acts on h_proj (`reset_after=True`)."""
    update_x, reset_x, candidate_x = tf.split(x_proj, 3, axis=1)
    update_h, reset_h, candidate_h = tf.split(h_proj, 3, axis=1)
    update, reset = tf.sigmoid(update_x + update_h), tf.sigmoid(reset_x + reset_h)
    candidate = tf.tanh(candidate_x + reset * candidate_h)
    h = update * state[0] + (1 - update) * candidate
    return (h,), (update, reset, candidate, candidate_h, state[0])


def gru_backward(saved: Saved, gradient: State) -> tuple[tf.Tensor, tf.Tensor, State]:
    update, reset, candidate, candidate_h, previous_h = saved
    (dh,) = gradient
    d_candidate = dh * (1 - update) * (1 - candidate * candidate)
    d_update = dh * (previous_h - candidate) * update * (1 - update)
    d_reset = d_candidate * candidate_h * reset * (1 - reset)
    d_x_proj = tf.concat([d_update, d_reset, d_candidate], axis=1)
    return d_x_proj, tf.concat([d_update, d_reset, d_candidate * reset], axis=1), (dh * update,)


def lstm_forward(x_proj: tf.Tensor, h_proj: tf.Tensor, state: State) -> tuple[State, Saved]:
    """Gates in Keras's order: input, forget, candidate, output.

    One tanh for all four, since sigmoid(x) = (1 + tanh(x / 2)) / 2: XLA makes one loop of it instead of four, each too
    short to fill its vectors.
    """
    slope = tf.constant(np.repeat([[0.5, 0.5, 1.0, 0.5]], state[0].shape[1], axis=1), tf.float32)
    gates = tf.tanh((x_proj + h_proj) * slope) * slope + (1 - slope)
    input_gate, forget_gate, candidate, output_gate = tf.split(gates, 4, axis=1)
    c = forget_gate * state[1] + input_gate * candidate
    tanh_c = tf.tanh(c)
    return (output_gate * tanh_c, c), (gates, state[1], tanh_c)


def lstm_backward(saved: Saved, gradient: State) -> tuple[tf.Tensor, tf.Tensor, State]:
    gates, previous_c, tanh_c = saved
    input_gate, forget_gate, candidate, output_gate = tf.split(gates, 4, axis=1)
    dh, dc = gradient
    dc = dc + dh * output_gate * (1 - tanh_c * tanh_c)
    is_candidate = tf.constant(np.repeat([[False, False, True, False]], tanh_c.shape[1], axis=1))
    slope = tf.where(is_candidate, 1 - gates * gates, gates * (1 - gates))
    inputs = tf.concat([candidate, previous_c, input_gate, tanh_c], axis=1)
    d_gates = tf.concat([dc, dc, dc, dh], axis=1) * inputs * slope
    return d_gates, d_gates, (tf.zeros_like(dh), dc * forget_gate)


CELLS = {
    "simple": Cell(1, (1,), simple_forward, simple_backward),
    "gru": Cell(1, (1, 1, 1, 1, 1), gru_forward, gru_backward),
    "lstm": Cell(2, (4, 1, 1), lstm_forward, lstm_backward),
}


def zero_state(cell: str, n: int, units: int) -> State:
    return tuple(tf.zeros((n, units)) for _ in range(CELLS[cell].states))


def steps(
    cell: str,
    x_proj: tf.Tensor,
    recurrent: tf.Tensor,
    bias: tf.Tensor,
    initial: State,
    keep: tf.Tensor | None = None,
    recurrent_mask: tf.Tensor | None = None,
) -> tuple[tf.Tensor | list[tf.Tensor], State]:
    """Return the outputs h after each step and the final state; no gradient flows through either end's state.

    The outputs are `(steps, n, units)`, or a list of steps if there are at most `UNROLLED`.

    x_proj: the input projection of the gates, `(steps, n, gates * units)`.
    keep: `(steps, n, 1)`, 0 to reset the state to zero before the step, else 1.
    recurrent_mask: `(n, units)`, what h is multiplied by where it enters the recurrent kernel, for dropout.
    """
    spec, masks = CELLS[cell], () if keep is None else (keep,)
    count, unrolled = x_proj.shape[0], x_proj.shape[0] <= UNROLLED

    def apply_mask(state: State, mask: Sequence[tf.Tensor]) -> State:
        return tuple(tensor * mask[0] for tensor in state) if mask else state

    @tf.custom_gradient
    def run(x_proj, recurrent, bias):  # type: ignore[no-untyped-def]
        def forward(previous, inputs):  # type: ignore[no-untyped-def]
            state = apply_mask(previous[: spec.states], inputs[1:])
            h = state[0] if recurrent_mask is None else state[0] * recurrent_mask
            new_state, saved = spec.forward(inputs[0], h @ recurrent + bias, state)
            return (*new_state, h, *saved)

        zeros = [tf.tile(tf.zeros_like(initial[0]), (1, width)) for width in (1, *spec.saved)]
        results = scan(forward, count, (x_proj, *masks), (*initial, *zeros))
        final = [sequence[-1] for sequence in results[: spec.states]]
        previous_h, saved = results[spec.states], results[spec.states + 1 :]

        def gradient(*upstream):  # type: ignore[no-untyped-def]
            def backward(later, inputs):  # type: ignore[no-untyped-def]
                d_state = (later[0] + inputs[0], *later[1 : spec.states])
                d_x_proj, d_h_proj, d_previous = spec.backward(inputs[1 : 1 + len(spec.saved)], d_state)
                d_h = tf.matmul(d_h_proj, recurrent, transpose_b=True)
                d_h = d_previous[0] + (d_h if recurrent_mask is None else d_h * recurrent_mask)
                mask = inputs[1 + len(spec.saved) :]
                return (*apply_mask((d_h, *d_previous[1:]), mask), d_x_proj, d_h_proj)

            zeros = [tf.zeros_like(tensor) for tensor in (*initial, x_proj[0], x_proj[0])]
            d_outputs = upstream[: -spec.states] if unrolled else upstream[0]
            *_, d_x_proj, d_h_proj = scan(backward, count, (d_outputs, *saved, *masks), tuple(zeros), reverse=True)
            d_recurrent = tf.matmul(flatten_steps(previous_h), flatten_steps(d_h_proj), transpose_a=True)
            return stack_steps(d_x_proj), d_recurrent, tf.reduce_sum(flatten_steps(d_h_proj), axis=0)

        return (*(results[0] if unrolled else results[:1]), *final), gradient

    tensors = run(x_proj, recurrent, bias)
    outputs, final = tensors[: -spec.states], tensors[-spec.states :]
    return list(outputs) if unrolled else outputs[0], tuple(tf.stop_gradient(tensor) for tensor in final)


def scan(
    step: Callable[[State, State], State], count: int, elements: Sequence[Any], initial: State, *, reverse: bool = False
) -> list[Any]:
    """Return the results of `step(previous result, elements)` as `tf.scan` does; unrolled, as lists, if short.

    elements: each `(count, ...)`, a tensor or, if unrolled, a list of steps.
    """
    if count > UNROLLED:
        return list(tf.scan(step, tuple(elements), initial, reverse=reverse))
    results, previous = [], initial
    for i in reversed(range(count)) if reverse else range(count):
        previous = step(previous, tuple(sequence[i] for sequence in elements))
        results.append(previous)
    return [list(tensors[::-1] if reverse else tensors) for tensors in zip(*results, strict=True)]


def stack_steps(sequence: tf.Tensor | list[tf.Tensor]) -> tf.Tensor:
    """Return `(steps, n, width)` for a tensor or a list of steps."""
    return tf.stack(sequence) if isinstance(sequence, list) else sequence


def flatten_steps(sequence: tf.Tensor | list[tf.Tensor]) -> tf.Tensor:
    """Return `(steps * n, width)` for `(steps, n, width)`, a tensor or a list of steps."""
    if isinstance(sequence, list):
        return tf.concat(sequence, axis=0)
    return tf.reshape(sequence, (-1, sequence.shape[-1]))


def lookup(table: tf.Tensor, ids: tf.Tensor) -> tf.Tensor:
    """Return rows of `table`, its product with one-hot vectors: `(characters, width)`, `(n,)` int32 -> `(n, width)`."""

    @tf.custom_gradient
    def gather(table):  # type: ignore[no-untyped-def]
        def gradient(upstream):  # type: ignore[no-untyped-def]
            return tf.math.unsorted_segment_sum(upstream, ids, table.shape[0])

        return tf.gather(table, ids), gradient

    return gather(table)
