"""The character RNN in NumPy: its arrays as in a `.keras` file, and the step of each cell as in Keras.

The first layer's product of a one-hot vector and the kernel is a lookup of the kernel's row.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from pw13.models.keras_archive import WeightSpec

# Gates in the order of the kernels' columns. GRU: update, reset, candidate. LSTM: input, forget, candidate, output.
GATES = {"simple": 1, "gru": 3, "lstm": 4}
KERAS_NAMES = {"simple": "simple_rnn", "gru": "gru", "lstm": "lstm"}

States = list[tuple[np.ndarray, ...]]


class Layer(NamedTuple):
    """One recurrent layer; float32."""

    kernel: np.ndarray  # (inputs, gates * units)
    recurrent: np.ndarray  # (units, gates * units)
    bias: np.ndarray  # (gates * units,); GRU (2, 3 * units): of the input and of the recurrent projection


class Network(NamedTuple):
    """A trained character RNN."""

    cell: str
    target: str
    length: int
    layers: tuple[Layer, ...]
    kernel: np.ndarray  # (units, characters)
    bias: np.ndarray  # (characters,)


def weight_specs(cell: str, units: int, layers: int, characters: int) -> list[WeightSpec]:
    """Return path and shape of each array in the `.keras` file, in the order of Keras's `get_weights`."""
    width = GATES[cell] * units
    specs = []
    for i in range(layers):
        prefix = f"layers/{KERAS_NAMES[cell]}{f'_{i}' if i else ''}/cell/vars"
        specs += [
            WeightSpec(f"{prefix}/0", (units if i else characters, width)),
            WeightSpec(f"{prefix}/1", (units, width)),
            WeightSpec(f"{prefix}/2", (2, width) if cell == "gru" else (width,)),
        ]
    return [
        *specs,
        WeightSpec("layers/dense/vars/0", (units, characters)),
        WeightSpec("layers/dense/vars/1", (characters,)),
    ]


def network(cell: str, target: str, length: int, arrays: Sequence[np.ndarray]) -> Network:
    """Build the network from arrays in the order of `weight_specs`."""
    layers = [Layer(*arrays[start : start + 3]) for start in range(0, len(arrays) - 2, 3)]
    return Network(cell, target, length, tuple(layers), arrays[-2], arrays[-1])


def zero_states(net: Network, n: int) -> States:
    """Return the states before the first character: per layer h `(n, units)` float32, for LSTM h and c."""
    count = 2 if net.cell == "lstm" else 1
    return [tuple(np.zeros((n, len(layer.recurrent)), np.float32) for _ in range(count)) for layer in net.layers]


def advance(net: Network, states: States, ids: np.ndarray) -> States:
    """Return the states after one more character each, ids `(n,)`."""
    new_states: States = []
    for i, (layer, state) in enumerate(zip(net.layers, states, strict=True)):
        x_proj = new_states[-1][0] @ layer.kernel if i else layer.kernel[ids]
        new_states.append(STEPS[net.cell](x_proj, layer, *state))
    return new_states


def logits(net: Network, states: States) -> np.ndarray:
    """Return the logits of the next character, `(n, characters)` float32."""
    result: np.ndarray = states[-1][0] @ net.kernel + net.bias
    return result


def feed_text(net: Network, windows: np.ndarray) -> States:
    """Return the states after windows `(n, length)` of ids, from zero; windows with a common prefix share its steps."""
    characters = len(net.bias)
    states, group = zero_states(net, 1), np.zeros(len(windows), dtype=np.int64)
    for ids in windows.T:
        prefixes, group = np.unique(group * characters + ids, return_inverse=True)
        states = advance(net, select_rows(states, prefixes // characters), prefixes % characters)
    return select_rows(states, group)


def select_rows(states: States, rows: np.ndarray) -> States:
    """Return the states of the given rows, `(k,)` indices or a mask `(n,)`."""
    return [tuple(array[rows] for array in state) for state in states]


def simple_step(x_proj: np.ndarray, layer: Layer, h: np.ndarray) -> tuple[np.ndarray, ...]:
    """Compute h = tanh(x W + h U + b); `x_proj` `(n, units)` is x W and is overwritten."""
    x_proj += h @ layer.recurrent
    x_proj += layer.bias
    return (np.tanh(x_proj, out=x_proj),)


def gru_step(x_proj: np.ndarray, layer: Layer, h: np.ndarray) -> tuple[np.ndarray, ...]:
    """Step a gated recurrent unit, the reset gate after the product (Keras's `reset_after=True`, as in cuDNN)."""
    units = h.shape[1]
    x_proj += layer.bias[0]
    h_proj = h @ layer.recurrent + layer.bias[1]
    update, reset = np.split(_sigmoid(x_proj[:, : 2 * units] + h_proj[:, : 2 * units]), 2, axis=1)
    candidate = np.tanh(x_proj[:, 2 * units :] + reset * h_proj[:, 2 * units :])
    return (update * h + (1 - update) * candidate,)


def lstm_step(x_proj: np.ndarray, layer: Layer, h: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, ...]:
    """Step a long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000)."""
    units = h.shape[1]
    x_proj += h @ layer.recurrent
    x_proj += layer.bias
    input_gate, forget_gate = np.split(_sigmoid(x_proj[:, : 2 * units]), 2, axis=1)
    candidate, output_gate = np.tanh(x_proj[:, 2 * units : 3 * units]), _sigmoid(x_proj[:, 3 * units :])
    c = forget_gate * c + input_gate * candidate
    return output_gate * np.tanh(c), c


STEPS: dict[str, Callable[..., tuple[np.ndarray, ...]]] = {
    "simple": simple_step,
    "gru": gru_step,
    "lstm": lstm_step,
}


def _sigmoid(x: np.ndarray) -> np.ndarray:
    """Compute 1 / (1 + exp(-x)) by way of tanh, which cannot overflow."""
    x = np.multiply(x, np.float32(0.5))
    np.tanh(x, out=x)
    x *= np.float32(0.5)
    x += np.float32(0.5)
    return x
