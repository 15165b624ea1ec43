"""A character RNN in NumPy: its arrays as a `.keras` file holds them, and each cell's step as Keras computes it.

The first layer's product of a one-hot vector and the kernel is a look-up of the kernel's row.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from pw13.models.keras_archive import WeightSpec

# Kernels side by side: GRU update, reset, candidate; LSTM input, forget, candidate, output.
GATES = {"simple": 1, "gru": 3, "lstm": 4}
KERAS_NAMES = {"simple": "simple_rnn", "gru": "gru", "lstm": "lstm"}

States = list[tuple[np.ndarray, ...]]


class Layer(NamedTuple):
    """One recurrent layer; float32."""

    kernel: np.ndarray  # (inputs, gates * units)
    recurrent: np.ndarray  # (units, gates * units)
    bias: np.ndarray  # (gates * units,); GRU (2, 3 * units): of the input's and of the state's product


class Network(NamedTuple):
    """A character RNN ready to sample from."""

    cell: str
    target: str
    length: int
    layers: tuple[Layer, ...]
    kernel: np.ndarray  # (units, characters)
    bias: np.ndarray  # (characters,)


def weight_specs(cell: str, units: int, layers: int, characters: int) -> list[WeightSpec]:
    """Where a `.keras` file of the char-RNN holds its arrays, in the order of Keras's `get_weights`."""
    wide, found = GATES[cell] * units, []
    for number in range(layers):
        place = f"layers/{KERAS_NAMES[cell]}{f'_{number}' if number else ''}/cell/vars"
        inputs = units if number else characters
        bias = (2, wide) if cell == "gru" else (wide,)
        found += [
            WeightSpec(f"{place}/0", (inputs, wide)),
            WeightSpec(f"{place}/1", (units, wide)),
            WeightSpec(f"{place}/2", bias),
        ]
    return [
        *found,
        WeightSpec("layers/dense/vars/0", (units, characters)),
        WeightSpec("layers/dense/vars/1", (characters,)),
    ]


def network(cell: str, target: str, length: int, arrays: Sequence[np.ndarray]) -> Network:
    """The network of arrays in the order of `parts`."""
    layers = [Layer(*arrays[start : start + 3]) for start in range(0, len(arrays) - 2, 3)]
    return Network(cell, target, length, tuple(layers), arrays[-2], arrays[-1])


def zero_states(net: Network, n: int) -> States:
    """The states before the first character: for each layer h `(n, units)` float32, for LSTM h and c."""
    count = 2 if net.cell == "lstm" else 1
    return [tuple(np.zeros((n, len(layer.recurrent)), np.float32) for _ in range(count)) for layer in net.layers]


def advance(net: Network, states: States, ids: np.ndarray) -> States:
    """The states after one more character each, `(n,)` ids."""
    after: States = []
    for number, (layer, state) in enumerate(zip(net.layers, states, strict=True)):
        given = after[-1][0] @ layer.kernel if number else layer.kernel[ids]
        after.append(STEPS[net.cell](given, layer, *state))
    return after


def logits(net: Network, states: States) -> np.ndarray:
    """What the Dense layer gives before its softmax, `(n, characters)` float32."""
    return states[-1][0] @ net.kernel + net.bias


def feed_text(net: Network, windows: np.ndarray) -> States:
    """The states after windows `(n, length)` of ids, from zero; windows that begin alike share their first steps."""
    characters = len(net.bias)
    states, group = zero_states(net, 1), np.zeros(len(windows), dtype=np.int64)
    for ids in windows.T:
        codes, group = np.unique(group * characters + ids, return_inverse=True)
        states = advance(net, gate_rows(states, codes // characters), codes % characters)
    return gate_rows(states, group)


def gate_rows(states: States, rows: np.ndarray) -> States:
    """The states of the names at `rows`, `(k,)` indices."""
    return [tuple(part[rows] for part in state) for state in states]


def simple_step(given: np.ndarray, layer: Layer, h: np.ndarray) -> tuple[np.ndarray, ...]:
    """h = tanh(x W + h U + b); `given` is x W and may be overwritten, `(n, units)`."""
    given += h @ layer.recurrent
    given += layer.bias
    return (np.tanh(given, out=given),)


def gru_step(given: np.ndarray, layer: Layer, h: np.ndarray) -> tuple[np.ndarray, ...]:
    """A gated recurrent unit whose reset gate acts after the product (Keras `reset_after=True`, as cuDNN)."""
    units = h.shape[1]
    given += layer.bias[0]
    turned = h @ layer.recurrent + layer.bias[1]
    update, reset = np.split(_sigmoid(given[:, : 2 * units] + turned[:, : 2 * units]), 2, axis=1)
    candidate = np.tanh(given[:, 2 * units :] + reset * turned[:, 2 * units :])
    return (update * h + (1 - update) * candidate,)


def lstm_step(given: np.ndarray, layer: Layer, h: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, ...]:
    """Long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000)."""
    units = h.shape[1]
    given += h @ layer.recurrent
    given += layer.bias
    admit, forget = np.split(_sigmoid(given[:, : 2 * units]), 2, axis=1)
    candidate, show = np.tanh(given[:, 2 * units : 3 * units]), _sigmoid(given[:, 3 * units :])
    c = forget * c + admit * candidate
    return show * np.tanh(c), c


STEPS: dict[str, Callable[..., tuple[np.ndarray, ...]]] = {
    "simple": simple_step,
    "gru": gru_step,
    "lstm": lstm_step,
}


def _sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)) by way of tanh, which cannot overflow."""
    x = np.multiply(x, np.float32(0.5))
    np.tanh(x, out=x)
    x *= np.float32(0.5)
    x += np.float32(0.5)
    return x
