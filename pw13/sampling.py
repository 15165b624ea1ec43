"""Names drawn from the weights of a character RNN, with NumPy alone: each cell's step as Keras computes it.

All names of a batch advance together; a finished one leaves the batch. The first layer's product of a one-hot vector
and the kernel is a look-up of the kernel's row.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from pw13.checkpoints import Part
from pw13.data.vocabulary import VocabularyFile

GATES = {
    "simple": 1,
    "gru": 3,
    "lstm": 4,
}  # kernels side by side: GRU update, reset, candidate; LSTM i, f, candidate, o
KERAS_NAMES = {"simple": "simple_rnn", "gru": "gru", "lstm": "lstm"}
BLOCK = 2048  # names a batch: bounds memory, keeps the states near the processor
DRAWS = 100  # draws for each name asked for, before giving up

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


class Choice(NamedTuple):
    """How the next character is chosen, and when to stop; `temperature` 0 takes the likeliest one."""

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    max_length: int = 100


class Name(NamedTuple):
    """A drawn name: `log_probability` is the model's mean ln p a character (closing newline included)."""

    text: str
    log_probability: float
    whole: bool  # whether the model ended it; else it was cut at the greatest length


# --------------------------------------------------------------------------------------------------- the network


def parts(cell: str, units: int, layers: int, characters: int) -> list[Part]:
    """Where a `.keras` file of the char-RNN holds its arrays, in the order of Keras's `get_weights`."""
    wide, found = GATES[cell] * units, []
    for number in range(layers):
        place = f"layers/{KERAS_NAMES[cell]}{f'_{number}' if number else ''}/cell/vars"
        inputs = units if number else characters
        bias = (2, wide) if cell == "gru" else (wide,)
        found += [Part(f"{place}/0", (inputs, wide)), Part(f"{place}/1", (units, wide)), Part(f"{place}/2", bias)]
    return [*found, Part("layers/dense/vars/0", (units, characters)), Part("layers/dense/vars/1", (characters,))]


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


def read(net: Network, windows: np.ndarray) -> States:
    """The states after windows `(n, length)` of ids, from zero; windows that begin alike share their first steps."""
    characters = len(net.bias)
    states, group = zero_states(net, 1), np.zeros(len(windows), dtype=np.int64)
    for ids in windows.T:
        codes, group = np.unique(group * characters + ids, return_inverse=True)
        states = advance(net, _rows(states, codes // characters), codes % characters)
    return _rows(states, group)


def _rows(states: States, rows: np.ndarray) -> States:
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


# --------------------------------------------------------------------------------------------------- one character


def choose(scores: np.ndarray, choice: Choice, *, rng: np.random.Generator) -> np.ndarray:
    """One character for each row of logits `(n, characters)`, -inf where forbidden: `(n,)` ids.

    Any temperature from the smallest positive float up works: scores are taken relative to the best before the
    division, so an overflow can only mean a probability of zero.
    """
    scores = scores.astype(np.float64)
    scores -= scores.max(axis=1, keepdims=True)
    if choice.temperature == 0:
        return scores.argmax(axis=1)
    if 0 < choice.top_k < scores.shape[1]:
        behind = np.argpartition(scores, -choice.top_k, axis=1)[:, : -choice.top_k]
        np.put_along_axis(scores, behind, -np.inf, axis=1)
    with np.errstate(over="ignore"):
        scores /= choice.temperature
    shares = np.exp(scores, out=scores)
    if choice.top_p < 1:
        shares[_outside(shares, choice.top_p)] = 0
    sums = np.cumsum(shares, axis=1)
    total = sums[:, -1]
    drawn = np.minimum(rng.random(len(shares)) * total, np.nextafter(total, 0))
    return np.argmax(sums > drawn[:, None], axis=1)


def _outside(shares: np.ndarray, top_p: float) -> np.ndarray:
    """Which characters are not among the likeliest that together reach `top_p`; the likeliest one always is."""
    order = np.argsort(-shares, axis=1, kind="stable")
    ranked = np.take_along_axis(shares, order, axis=1)
    before = np.cumsum(ranked, axis=1) - ranked
    outside = np.empty(shares.shape, dtype=bool)
    np.put_along_axis(outside, order, before >= top_p * shares.sum(axis=1, keepdims=True), axis=1)
    outside[np.arange(len(shares)), order[:, 0]] = False
    return outside


# ------------------------------------------------------------------------------------------------------- names


def names(
    net: Network,
    known: VocabularyFile,
    n: int,
    choice: Choice,
    *,
    prefix: str = "",
    accept: Callable[[str], bool] = lambda text: True,
    rng: np.random.Generator,
) -> Iterator[Name]:
    """Up to `n` names, each beginning with `prefix`; blank ones and those that `accept` refuses are drawn again.

    Fewer come where `DRAWS * n` draws did not give as many.
    """
    start = known.vocabulary.ids(prefix)
    left, draws = n, DRAWS * n
    while left and draws:
        size = min(left if draws == DRAWS * n else max(left, 64), BLOCK, draws)
        draws -= size
        for name in batch(net, known, size, choice, start, rng=rng):
            if left and name.text.strip() and accept(name.text):
                left -= 1
                yield name


def batch(
    net: Network, known: VocabularyFile, n: int, choice: Choice, start: np.ndarray, *, rng: np.random.Generator
) -> list[Name]:
    """`n` names drawn side by side, each beginning with the ids `start`."""
    vocabulary = known.vocabulary
    space = np.array([character.isspace() for character in vocabulary.characters])
    text = np.zeros((n, choice.max_length + 1), dtype=vocabulary.dtype)
    lengths, logs, blank = np.zeros(n, dtype=np.int64), np.zeros(n), np.ones(n, dtype=bool)
    rows, memory = np.arange(n), _beginning(net, known, n, rng)
    for place in range(choice.max_length + 1):
        scores = logits(net, memory.states(net))
        shifted = scores - scores.max(axis=1, keepdims=True)
        if place < len(start):
            ids = np.full(len(rows), start[place])
        else:
            scores[blank[rows], vocabulary.newline] = -np.inf  # a name is not over before it has a visible character
            ids = choose(scores, choice, rng=rng)
        text[rows, place] = ids
        logs[rows] += shifted[np.arange(len(rows)), ids] - np.log(np.exp(shifted).sum(axis=1))
        lengths[rows] += 1
        blank[rows] &= space[ids]
        going = ids != vocabulary.newline
        rows, memory = rows[going], memory.after(net, ids, going)
        if not len(rows):
            break
    whole = np.ones(n, dtype=bool)
    whole[rows] = False
    return [
        Name(vocabulary.text(text[row, : lengths[row] - 1]), float(logs[row] / lengths[row]), bool(whole[row]))
        for row in range(n)
    ]


class _Window(NamedTuple):
    """What a many-to-one network knows of the texts so far: their last ids, `(n, length)`."""

    ids: np.ndarray

    def states(self, net: Network) -> States:
        return read(net, self.ids)

    def after(self, net: Network, ids: np.ndarray, going: np.ndarray) -> "_Window":
        """The windows after one more id each, of the rows that go on."""
        return _Window(np.concatenate([self.ids[going, 1:], ids[going, None].astype(self.ids.dtype)], axis=1))


class _Carried(NamedTuple):
    """What a many-to-many network knows of the texts so far: its states."""

    now: States

    def states(self, net: Network) -> States:
        return self.now

    def after(self, net: Network, ids: np.ndarray, going: np.ndarray) -> "_Carried":
        """The states after one more id each, of the rows that go on."""
        return _Carried(advance(net, _rows(self.now, going), ids[going]))


def _beginning(net: Network, known: VocabularyFile, n: int, rng: np.random.Generator) -> _Window | _Carried:
    """Many-to-one: endings of training names, drawn; many-to-many: a newline into zero states."""
    if net.target == "many-to-many":
        return _Carried(advance(net, zero_states(net, n), np.full(n, known.vocabulary.newline)))
    endings = np.stack([known.vocabulary.ids(ending) for ending in known.endings])
    return _Window(endings[rng.integers(len(endings), size=n)])
