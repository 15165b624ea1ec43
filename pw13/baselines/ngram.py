"""An n-gram model of names: what counting alone predicts, on the scale of the networks.

Interpolated modified Kneser-Ney smoothing (Chen and Goodman 1998, "An Empirical Study of Smoothing Techniques for
Language Modeling", section 3): each context length takes a discount from its counts and gives it to the next shorter
one, down to the uniform distribution. A name begins after one start symbol, never after the name before it. N-grams
that begin with the start symbol have no symbol before them, so they keep their raw counts at every order, as in KenLM
(Heafield et al. 2013, "Scalable Modified Kneser-Ney Language Model Estimation", section 3.1).
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

MAX_ORDER = 16
TOLERANCE = 0.0005  # nats on validation: the smallest order this close to the best one is chosen
DEFAULT_ORDER = 5  # where there is no validation text to choose on
# Where counts of 1 to 4 do not all occur the discounts are undefined; KenLM's `--discount_fallback` takes these.
FALLBACK_DISCOUNTS = (0.0, 0.5, 1.0, 1.5)


class Counts(NamedTuple):
    """The distinct n-grams of one length in a text, sorted by context, then by last character.

    The id of an n-gram is its index in these arrays; the id of a single character is the character's own, and that of
    the start symbol is `size`.
    """

    keys: Ints  # (n,): id of the context times `size`, plus the last character
    times: Ints  # (n,): how often the n-gram occurs
    suffixes: Ints  # (n,): id of the n-gram without its oldest character
    starts: npt.NDArray[np.bool_]  # (n,): whether it begins with the start symbol


class Level(NamedTuple):
    """What is known of the next character after contexts of one length."""

    keys: Ints  # (n,), as in `Counts`
    times: npt.NDArray[np.int32]  # (n,): raw or continuation counts
    discounts: Floats  # (4,): what counts of 0, 1, 2, and 3 or more lose
    totals: Floats  # (m,): sum of the counts after each context, by its id; 1 after contexts without counts
    backoff: Floats  # (m,): weight of the next shorter context; 1 after contexts without counts


class Ngram(NamedTuple):
    """A model: `levels[k]` has the contexts of k symbols, so there are `order` of them."""

    size: int
    newline: int
    levels: tuple[Level, ...]

    @property
    def order(self) -> int:
        return len(self.levels)


# -------------------------------------------------------------------------------------------------------- estimation


def fit(text: npt.NDArray[Any], *, size: int, newline: int, order: int) -> Ngram:
    """Return the model of `text`, the joined ids of training names, a newline after each, `(n,)` of any integer type.

    Raises:
        ValueError: `order` is not between 1 and `MAX_ORDER`, or the text is empty.
    """
    if not 1 <= order <= MAX_ORDER:
        raise ValueError(f"order: expected 1 to {MAX_ORDER}, received {order}")
    if not len(text):
        raise ValueError("the text is empty")
    pairs = list(_levels(text, size=size, newline=newline, order=order))
    return Ngram(size, newline, (*(lower for lower, _ in pairs[:-1]), pairs[-1][1]))


def validation_nats(
    train: npt.NDArray[Any], validation: npt.NDArray[Any], *, size: int, newline: int, order: int = MAX_ORDER
) -> list[float]:
    """Return the nats per character of `validation` under the model of each order from 1 to `order`.

    Every level is built once and dropped: higher orders continue from lower ones.
    """
    walk, nats = _begin_walk(validation, size, newline), []
    inside = walk.depth > 0
    for lower, highest in _levels(train, size=size, newline=newline, order=order):
        nats.append(float(-np.log(_step(walk, highest, size).shares[inside]).mean()))
        walk = _step(walk, lower, size)
    return nats


def choose_order(nats: list[float]) -> int:
    """Return the smallest order whose nats are within `TOLERANCE` of the lowest."""
    return next(order for order, value in enumerate(nats, 1) if value <= min(nats) + TOLERANCE)


def probabilities(model: Ngram, text: npt.NDArray[Any]) -> Floats:
    """Return the probability of each character of joined names given those before it in its name, `(n,)`."""
    walk = _begin_walk(text, model.size, model.newline)
    for level in model.levels:
        walk = _step(walk, level, model.size)
    return walk.shares[walk.depth > 0]


def nats(model: Ngram, text: npt.NDArray[Any]) -> float:
    """Return the mean of -ln p over all characters of joined names, newlines included; nan for no text."""
    return float(-np.log(probabilities(model, text)).mean()) if len(text) else float("nan")


# ---------------------------------------------------------------------------------------------------------- sampling


class State(NamedTuple):
    """Contexts of several names at once: `contexts[:, k]` is the id of the last k symbols, -1 where never seen."""

    contexts: Ints  # (n, order)


def initial_state(model: Ngram, n: int) -> State:
    """Return the state of `n` names before their first character."""
    contexts = np.full((n, model.order), -1)
    contexts[:, 0] = 0
    contexts[:, 1:2] = model.size
    return State(contexts)


def advance(model: Ngram, state: State, ids: npt.NDArray[Any]) -> State:
    """Return the state after one more character of each name, ids `(n,)`."""
    contexts = np.full_like(state.contexts, -1)
    contexts[:, 0] = 0
    if model.order > 1:
        contexts[:, 1] = ids
    for length in range(1, model.order - 1):
        index, found = _find(model.levels[length], state.contexts[:, length], ids, model.size)
        contexts[:, length + 1] = np.where(found, index, -1)
    return State(contexts)


def next_probabilities(model: Ngram, state: State) -> Floats:
    """Return the probability of every next character of each name, `(n, size)`; each row sums to 1."""
    result = np.full((len(state.contexts), model.size), 1 / model.size)
    for length, level in enumerate(model.levels):
        rows = np.flatnonzero(state.contexts[:, length] >= 0)
        contexts = state.contexts[rows, length]
        result[rows] *= level.backoff[contexts, None]
        first = np.searchsorted(level.keys, contexts * model.size)
        counts = np.searchsorted(level.keys, (contexts + 1) * model.size) - first
        index = np.repeat(first - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        shares = _shares(level, index, np.repeat(contexts, counts))
        result[np.repeat(rows, counts), level.keys[index] % model.size] += shares
    return result


# ------------------------------------------------------------------------------------------------------------ arrays


def to_arrays(model: Ngram) -> dict[str, npt.NDArray[Any]]:
    """Return all that `from_arrays` needs, about 12 bytes per n-gram."""
    arrays: dict[str, npt.NDArray[Any]] = {"size_newline": np.array([model.size, model.newline])}
    for length, level in enumerate(model.levels):
        arrays |= {f"keys_{length}": level.keys, f"times_{length}": level.times}
    return arrays


def from_arrays(arrays: dict[str, npt.NDArray[Any]]) -> Ngram:
    """Return the model whose arrays these are."""
    size, newline = (int(value) for value in arrays["size_newline"])
    levels: list[Level] = []
    contexts = 1
    for length in range((len(arrays) - 1) // 2):
        levels.append(_level(arrays[f"keys_{length}"], arrays[f"times_{length}"], size, contexts))
        contexts = size + 1 if length == 0 else len(levels[-1].keys)
    return Ngram(size, newline, tuple(levels))


# ---------------------------------------------------------------------------------------------------------- counting


def count(text: npt.NDArray[Any], *, size: int, newline: int, order: int) -> Iterator[Counts]:
    """Count the n-grams of lengths 1 to `order` in joined names, one length after the other."""
    symbols, depth = _with_starts(np.asarray(text, np.int64), size, newline)
    alphabet = np.arange(size + 1)
    times = np.bincount(symbols[depth > 0], minlength=size + 1)
    yield Counts(alphabet, times, np.zeros(size + 1, np.int64), alphabet == size)
    places, ids = np.arange(len(symbols)), symbols  # where n-grams of this length end, and their ids
    for length in range(2, order + 1):
        longer = np.flatnonzero(depth[places] >= length - 1)  # the context of each of them ends just before it
        ends = places[longer]
        keys, first, numbers, times = _number(ids[longer - 1] * size + symbols[ends])
        yield Counts(keys, times, ids[longer[first]], depth[ends[first]] == length - 1)
        places, ids = ends, numbers


def _number(keys: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Return the distinct keys sorted, where each stands first, the rank of every key, and the counts.

    The same as `np.unique`, several times as fast: key and place go into one integer, which NumPy sorts in place.
    """
    bits = len(keys).bit_length()
    if len(keys) and int(keys.max()).bit_length() + bits <= 63:
        packed = keys << bits | np.arange(len(keys))
        packed.sort()
        order, keys = packed & ((1 << bits) - 1), packed >> bits
    else:
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
    new = np.diff(keys, prepend=-1) > 0
    starts = np.flatnonzero(new)
    numbers = np.empty(len(keys), np.int64)
    numbers[order] = np.cumsum(new) - 1
    return keys[starts], order[starts], numbers, np.diff(starts, append=len(keys))


def _with_starts(text: Ints, size: int, newline: int) -> tuple[Ints, Ints]:
    """Put the start symbol before every name; and the number of symbols of its name before each symbol."""
    first = np.concatenate([[True], text[:-1] == newline])[: len(text)]
    symbols = np.full(len(text) + np.count_nonzero(first), size)
    symbols[np.arange(len(text)) + np.cumsum(first)] = text
    begins = np.flatnonzero(symbols == size)
    depth = np.arange(len(symbols)) - np.repeat(begins, np.diff(begins, append=len(symbols)))
    return symbols, depth


def _levels(text: npt.NDArray[Any], *, size: int, newline: int, order: int) -> Iterator[tuple[Level, Level]]:
    """For each length up to `order`: its level in a longer model, and its level as the highest of a model."""
    counted = count(text, size=size, newline=newline, order=order + 1)
    counts, contexts = next(counted), 1
    for longer in counted:
        followers = np.bincount(longer.suffixes, minlength=len(counts.times))
        continuations = np.where(counts.starts, counts.times, followers)
        predicted = slice(size if contexts == 1 else None)  # the start symbol is never predicted
        keys = counts.keys[predicted]
        yield (
            _level(keys, continuations[predicted], size, contexts),
            _level(keys, counts.times[predicted], size, contexts),
        )
        counts, contexts = longer, len(counts.times)


def _level(keys: Ints, times: npt.NDArray[Any], size: int, contexts: int) -> Level:
    discounts, parents, contexts = _discounts(times), keys // size, max(contexts, 1)
    totals: Floats = np.bincount(parents, weights=times, minlength=contexts).astype(np.float64)
    lost = np.bincount(parents, weights=discounts[np.minimum(times, 3)], minlength=contexts)
    empty = totals == 0
    totals[empty] = lost[empty] = 1
    return Level(keys, times.astype(np.int32), discounts, totals, lost / totals)


def _discounts(times: npt.NDArray[Any]) -> Floats:
    """`(4,)`: what counts of 0, 1, 2, and 3 or more lose (Chen and Goodman 1998, equation 26)."""
    ones, twos, threes, fours = (np.count_nonzero(times == value) for value in (1, 2, 3, 4))
    if not (ones and twos and threes and fours):
        return np.array(FALLBACK_DISCOUNTS)
    y = ones / (ones + 2 * twos)
    estimates = np.array([0, 1 - 2 * y * twos / ones, 2 - 3 * y * threes / twos, 3 - 4 * y * fours / threes])
    return estimates if (estimates[1:] > 0).all() else np.array(FALLBACK_DISCOUNTS)


# ------------------------------------------------------------------------------------------------------ interpolation


class _Walk(NamedTuple):
    """A text on its way through the levels: probabilities by contexts of up to `length` - 1 symbols."""

    symbols: Ints  # (n,): ids, with start symbols
    depth: Ints  # (n,): symbols of the name before each
    length: int
    ids: Ints  # (n,): id of the n-gram of `length` symbols that ends at each symbol; -1: never seen
    shares: Floats  # (n,)


def _begin_walk(text: npt.NDArray[Any], size: int, newline: int) -> _Walk:
    symbols, depth = _with_starts(np.asarray(text, np.int64), size, newline)
    return _Walk(symbols, depth, 0, np.zeros(len(symbols), np.int64), np.full(len(symbols), 1 / size))


def _step(walk: _Walk, level: Level, size: int) -> _Walk:
    """Interpolate with the level of the next longer context."""
    contexts = np.concatenate([[-1], walk.ids[:-1]]) if walk.length else walk.ids
    contexts = np.where(walk.depth >= max(walk.length, 1), contexts, -1)
    index, found = _find(level, contexts, walk.symbols, size)
    shares = np.where(contexts >= 0, level.backoff[contexts], 1.0) * walk.shares
    shares[found] += _shares(level, index[found], contexts[found])
    ids = np.where(found, index, -1) if walk.length else walk.symbols
    return walk._replace(length=walk.length + 1, ids=ids, shares=shares)


def _find(level: Level, contexts: Ints, ids: npt.NDArray[Any], size: int) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Return the index of each n-gram, from its context and its last character, and whether it is there."""
    keys = contexts * size + ids
    if not len(level.keys):  # no name is so long
        return np.zeros(len(keys), np.int64), np.zeros(len(keys), bool)
    index = np.minimum(np.searchsorted(level.keys, keys), len(level.keys) - 1)
    return index, (contexts >= 0) & (level.keys[index] == keys)


def _shares(level: Level, index: Ints, contexts: Ints) -> Floats:
    """Return the discounted counts of n-grams over the totals of their contexts."""
    times = level.times[index]
    return (times - level.discounts[np.minimum(times, 3)]) / level.totals[contexts]
