"""Names drawn from a character RNN: all of a batch advance together, and a finished one leaves the batch."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from pw13.data.names.vocabulary import VocabularyFile
from pw13.models import charrnn_numpy
from pw13.models.charrnn_numpy import Network, States

BLOCK = 2048  # names a batch: bounds memory, keeps the states near the processor
DRAWS = 100  # draws for each name asked for, before giving up


class SamplingOptions(NamedTuple):
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


def sample_ids(scores: np.ndarray, options: SamplingOptions, *, rng: np.random.Generator) -> np.ndarray:
    """One character for each row of logits `(n, characters)`, -inf where forbidden: `(n,)` ids.

    Any temperature from the smallest positive float up works: scores are taken relative to the best before the
    division, so an overflow can only mean a probability of zero.
    """
    scores = scores.astype(np.float64)
    scores -= scores.max(axis=1, keepdims=True)
    if options.temperature == 0:
        return scores.argmax(axis=1)
    if 0 < options.top_k < scores.shape[1]:
        behind = np.argpartition(scores, -options.top_k, axis=1)[:, : -options.top_k]
        np.put_along_axis(scores, behind, -np.inf, axis=1)
    with np.errstate(over="ignore"):
        scores /= options.temperature
    shares = np.exp(scores, out=scores)
    if options.top_p < 1:
        shares[_outside(shares, options.top_p)] = 0
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


def generate(
    net: Network,
    vocab_file: VocabularyFile,
    n: int,
    options: SamplingOptions,
    *,
    prefix: str = "",
    accept: Callable[[str], bool] = lambda text: True,
    rng: np.random.Generator,
) -> Iterator[Name]:
    """Up to `n` names, each beginning with `prefix`; blank ones and those that `accept` refuses are drawn again.

    Fewer come where `DRAWS * n` draws did not give as many.
    """
    start = vocab_file.vocabulary.encode(prefix)
    left, draws = n, DRAWS * n
    while left and draws:
        size = min(left if draws == DRAWS * n else max(left, 64), BLOCK, draws)
        draws -= size
        for name in generate_batch(net, vocab_file, size, options, start, rng=rng):
            if left and name.text.strip() and accept(name.text):
                left -= 1
                yield name


def generate_batch(
    net: Network,
    vocab_file: VocabularyFile,
    n: int,
    options: SamplingOptions,
    start: np.ndarray,
    *,
    rng: np.random.Generator,
) -> list[Name]:
    """`n` names drawn side by side, each beginning with the ids `start`."""
    vocabulary = vocab_file.vocabulary
    space = np.array([character.isspace() for character in vocabulary.characters])
    text = np.zeros((n, options.max_length + 1), dtype=vocabulary.dtype)
    lengths, logs, blank = np.zeros(n, dtype=np.int64), np.zeros(n), np.ones(n, dtype=bool)
    rows, memory = np.arange(n), _initial_context(net, vocab_file, n, rng)
    for place in range(options.max_length + 1):
        scores = charrnn_numpy.logits(net, memory.states(net))
        shifted = scores - scores.max(axis=1, keepdims=True)
        if place < len(start):
            ids = np.full(len(rows), start[place])
        else:
            scores[blank[rows], vocabulary.newline] = -np.inf  # a name is not over before it has a visible character
            ids = sample_ids(scores, options, rng=rng)
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
        Name(vocabulary.decode(text[row, : lengths[row] - 1]), float(logs[row] / lengths[row]), bool(whole[row]))
        for row in range(n)
    ]


class _WindowContext(NamedTuple):
    """What a many-to-one network knows of the texts so far: their last ids, `(n, length)`."""

    ids: np.ndarray

    def states(self, net: Network) -> States:
        return charrnn_numpy.feed_text(net, self.ids)

    def after(self, net: Network, ids: np.ndarray, going: np.ndarray) -> "_WindowContext":
        """The windows after one more id each, of the rows that go on."""
        return _WindowContext(np.concatenate([self.ids[going, 1:], ids[going, None].astype(self.ids.dtype)], axis=1))


class _StateContext(NamedTuple):
    """What a many-to-many network knows of the texts so far: its states."""

    now: States

    def states(self, net: Network) -> States:
        return self.now

    def after(self, net: Network, ids: np.ndarray, going: np.ndarray) -> "_StateContext":
        """The states after one more id each, of the rows that go on."""
        return _StateContext(charrnn_numpy.advance(net, charrnn_numpy.gate_rows(self.now, going), ids[going]))


def _initial_context(
    net: Network, vocab_file: VocabularyFile, n: int, rng: np.random.Generator
) -> _WindowContext | _StateContext:
    """Many-to-one: endings of training names, drawn; many-to-many: a newline into zero states."""
    if net.target == "many-to-many":
        return _StateContext(
            charrnn_numpy.advance(net, charrnn_numpy.zero_states(net, n), np.full(n, vocab_file.vocabulary.newline))
        )
    endings = np.stack([vocab_file.vocabulary.encode(ending) for ending in vocab_file.endings])
    return _WindowContext(endings[rng.integers(len(endings), size=n)])
