"""An n-gram model of names: what counting alone predicts, on the scale of the networks.

The next character's probability is interpolated over context lengths, from the uniform distribution up. Two ways to
weigh them: Witten-Bell (Bell, Cleary, Witten 1990, "Text Compression", method C; Chen & Goodman 1998, section 2.4) and
modified Kneser-Ney (Chen & Goodman 1998, section 3). Before a name stand newlines only, never the name before it.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

SMOOTHINGS = ("witten-bell", "kneser-ney")
HIGHEST_ORDER = 8


class Level(NamedTuple):
    """What is known about the next character after contexts of one length; all arrays sorted by code."""

    codes: np.ndarray  # (n,) int64: context and next character, packed
    shares: np.ndarray  # (n,) float32: discounted count over the context's total
    contexts: np.ndarray  # (m,) int64: contexts seen, packed
    backoff: np.ndarray  # (m,) float32: weight of the next shorter context


class Counts(NamedTuple):
    """The n-grams of one length that occur in a text."""

    codes: np.ndarray  # (n,) int64, packed, sorted
    times: np.ndarray  # (n,) int64


class Ngram(NamedTuple):
    """An interpolated model; `levels[k]` has contexts of k characters."""

    order: int
    smoothing: str
    size: int
    newline: int
    levels: tuple[Level, ...]


def join(names: Sequence[np.ndarray], newline: int) -> np.ndarray:
    """Ids of names in one array, `(sum of lengths + names,)`, a newline after each."""
    text = np.full(sum(map(len, names)) + len(names), newline, dtype=np.int64)
    ends = np.cumsum([len(name) + 1 for name in names], dtype=np.int64) - 1
    inside = np.ones(len(text), dtype=bool)
    inside[ends] = False
    if len(names):
        text[inside] = np.concatenate(names)
    return text


def highest_order(size: int) -> int:
    """The longest n-gram over `size` characters whose code fits into 63 bits, `HIGHEST_ORDER` at most."""
    return min(HIGHEST_ORDER, int(62 / np.log2(max(size, 2))))


def fit(text: np.ndarray, *, size: int, newline: int, order: int, smoothing: str) -> Ngram:
    """A model of `text`, the joined ids of training names.

    Raises:
        ValueError: `order` is too high for `size` characters, or the smoothing is unknown.
    """
    if not 1 <= order <= highest_order(size):
        raise ValueError(f"order {order} is outside 1..{highest_order(size)} for {size} characters")
    if smoothing not in SMOOTHINGS:
        raise ValueError(f"unknown smoothing {smoothing!r}: expected one of {', '.join(SMOOTHINGS)}")
    weigh = _witten_bell if smoothing == "witten-bell" else _kneser_ney
    levels, longer = [], count(text, 1, size, newline)
    for length in range(1, order):
        counts, longer = longer, count(text, length + 1, size, newline)
        if smoothing == "kneser-ney":
            counts = _continuations(longer, size**length)
        levels.append(weigh(counts, size))
    return Ngram(order, smoothing, size, newline, (*levels, weigh(longer, size)))


def count(text: np.ndarray, length: int, size: int, newline: int) -> Counts:
    """How often each n-gram of `length` occurs in joined names."""
    return Counts(*np.unique(_codes(text, length, size, newline), return_counts=True))


def probabilities(model: Ngram, text: np.ndarray) -> np.ndarray:
    """The probability of each character of joined names given those before it in its name, `(n,)` float64."""
    result = np.full(len(text), 1 / model.size)
    for k, level in enumerate(model.levels):
        result = _interpolate(level, _codes(text, k + 1, model.size, model.newline), result, model.size)
    return result


def nats(model: Ngram, text: np.ndarray) -> float:
    """The mean of -ln p over all characters of joined names, newlines included; nan for no text."""
    return float(-np.mean(np.log(probabilities(model, text)))) if len(text) else float("nan")


def choose(train: np.ndarray, validation: np.ndarray, *, size: int, newline: int) -> tuple[Ngram, list[dict]]:
    """The model with the lowest nats on `validation`, and the table it was chosen from (order, smoothing, val_nats)."""
    tried = _validation_nats(train, validation, size, newline)
    best = min(tried, key=lambda row: row["val_nats"])
    model = fit(train, size=size, newline=newline, order=best["order"], smoothing=best["smoothing"])
    return model, tried


def _validation_nats(train: np.ndarray, validation: np.ndarray, size: int, newline: int) -> list[dict]:
    """The nats of every order and smoothing, each level built once and dropped: higher orders go on from lower ones."""
    tried, highest, longer = [], highest_order(size), count(train, 1, size, newline)
    bell = lower = np.full(len(validation), 1 / size)
    for order in range(1, highest + 1):
        codes, counts = _codes(validation, order, size, newline), longer
        bell = _interpolate(_witten_bell(counts, size), codes, bell, size)
        top = _interpolate(_kneser_ney(counts, size), codes, lower, size)
        if order < highest:
            longer = count(train, order + 1, size, newline)
            lower = _interpolate(_kneser_ney(_continuations(longer, size**order), size), codes, lower, size)
        for smoothing, result in zip(SMOOTHINGS, (bell, top), strict=True):
            tried.append({"order": order, "smoothing": smoothing, "val_nats": float(-np.mean(np.log(result)))})
    return tried


def _interpolate(level: Level, codes: np.ndarray, shorter: np.ndarray, size: int) -> np.ndarray:
    """The probabilities of n-grams `(n,)`, from those by the next shorter context."""
    context, seen = _find(level.contexts, codes // size)
    found, hit = _find(level.codes, codes)
    return np.where(seen, level.backoff[context], 1.0) * shorter + np.where(hit, level.shares[found], 0.0)


def _codes(text: np.ndarray, length: int, size: int, newline: int) -> np.ndarray:
    """The packed last `length` characters at every place of `text`, `(n,)` int64, newlines before a name's start.

    Packed by base `size`, the oldest character first, so that a context and its next characters are neighbours.
    """
    codes = text.copy()
    open_ = np.ones(len(text), dtype=bool)  # whether the character so far back is still of the same name
    for back in range(1, length):
        before = np.full(len(text), newline, dtype=np.int64)
        before[back:] = text[:-back]
        open_ &= before != newline
        before[~open_] = newline
        codes += before * size**back
    return codes


def _witten_bell(counts: Counts, size: int) -> Level:
    """Backoff weight T / (N + T) for a context seen N times with T different next characters."""
    contexts, starts, kinds = _contexts(counts, size)
    total = np.add.reduceat(counts.times, starts) + kinds
    shares = (counts.times / np.repeat(total, kinds)).astype(np.float32)
    return Level(counts.codes, shares, contexts, (kinds / total).astype(np.float32))


def _kneser_ney(counts: Counts, size: int) -> Level:
    """Counts of 1, 2, 3 and more lose a discount each, which goes to the shorter context."""
    contexts, starts, kinds = _contexts(counts, size)
    total = np.add.reduceat(counts.times, starts)
    discount = _discounts(counts.times)[np.minimum(counts.times, 3)]
    shares = ((counts.times - discount) / np.repeat(total, kinds)).astype(np.float32)
    return Level(counts.codes, shares, contexts, (np.add.reduceat(discount, starts) / total).astype(np.float32))


def _continuations(longer: Counts, base: int) -> Counts:
    """N-grams without their oldest character, and how many different characters each follows.

    At a name's start nothing but newlines comes before, so an n-gram there counts once, as a rare one does.
    """
    return Counts(*np.unique(longer.codes % base, return_counts=True))


def _contexts(counts: Counts, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The distinct contexts of n-grams, where the n-grams of each begin, and how many they are."""
    contexts, starts = np.unique(counts.codes // size, return_index=True)
    return contexts, starts, np.diff(np.append(starts, len(counts.codes)))


def _discounts(counts: np.ndarray) -> np.ndarray:
    """`(4,)` float64: what counts of 0, 1, 2, 3+ lose (Chen & Goodman 1998, eq. 26), a half where undefined."""
    ones, twos, threes, fours = (np.count_nonzero(counts == value) for value in (1, 2, 3, 4))
    if not (ones and twos and threes and fours):
        return np.array([0.0, 0.5, 0.5, 0.5])
    y = ones / (ones + 2 * twos)
    found = np.array([0, 1 - 2 * y * twos / ones, 2 - 3 * y * threes / twos, 3 - 4 * y * fours / threes])
    return np.clip(found, [0, 0.05, 0.05, 0.05], [0, 0.95, 1.95, 2.95])


def _find(known: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The place of each code among sorted `known` codes, and whether it is there."""
    places = np.minimum(np.searchsorted(known, codes), len(known) - 1)
    return places, known[places] == codes
