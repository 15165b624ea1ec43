"""An n-gram model of names: what counting alone predicts, on the scale of the networks.

The next character's probability is interpolated over context lengths, from the uniform distribution up. Two ways to
weigh them: Witten-Bell (Bell, Cleary, Witten 1990, "Text Compression", method C; Chen & Goodman 1998, section 2.4) and
modified Kneser-Ney (Chen & Goodman 1998, section 3). Before a name stand newlines only, never the name before it.
"""

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

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
    """A model of `text`, the joined ids of training names, `(n,)` of any integer type.

    Raises:
        ValueError: `order` is too high for `size` characters, or the smoothing is unknown.
    """
    if not 1 <= order <= highest_order(size):
        raise ValueError(f"order {order} is outside 1..{highest_order(size)} for {size} characters")
    if smoothing not in SMOOTHINGS:
        raise ValueError(f"unknown smoothing {smoothing!r}: expected one of {', '.join(SMOOTHINGS)}")
    return Ngram(order, smoothing, size, newline, tuple(_levels(text, size, newline, order, smoothing)))


def _levels(text: np.ndarray, size: int, newline: int, order: int, smoothing: str) -> Iterator[Level]:
    """The levels of a model, the shortest context first; nothing is kept from one to the next."""
    for length in range(1, order + 1):
        if smoothing == "witten-bell":
            yield _witten_bell(count(text, length, size, newline), size)
        elif length == order:
            yield _kneser_ney(count(text, length, size, newline), size)
        else:
            yield _kneser_ney(_continuations(count(text, length + 1, size, newline), size**length), size)


def count(text: np.ndarray, length: int, size: int, newline: int) -> Counts:
    """How often each n-gram of `length` occurs in joined names."""
    codes = _codes(text, length, size, newline)
    codes.sort()
    return _counted(codes)


def probabilities(model: Ngram, text: np.ndarray) -> np.ndarray:
    """The probability of each character of joined names given those before it in its name, `(n,)` float64."""
    result = np.full(len(text), 1 / model.size)
    for k, level in enumerate(model.levels):
        result = _interpolate(level, _codes(text, k + 1, model.size, model.newline), result, model.size)
    return result


def nats(model: Ngram, text: np.ndarray) -> float:
    """The mean of -ln p over all characters of joined names, newlines included; nan for no text."""
    return float(-np.mean(np.log(probabilities(model, text)))) if len(text) else float("nan")


def choose(train: np.ndarray, validation: np.ndarray, *, size: int, newline: int) -> dict[str, Any]:
    """The order and smoothing with the lowest nats on `validation`: keys order, smoothing, val_nats."""
    texts = (text.astype(np.int32).tobytes() for text in (train, validation))
    return dict(_chosen(*texts, size=size, newline=newline))


@functools.lru_cache(maxsize=1)  # the runs of one process mostly share their names
def _chosen(*texts: bytes, size: int, newline: int) -> dict[str, Any]:
    train, validation = (np.frombuffer(text, np.int32) for text in texts)
    return min(tried(train, validation, size=size, newline=newline), key=lambda row: row["val_nats"])


def names_nats(
    texts: Mapping[str, np.ndarray], train: np.ndarray, *, size: int, newline: int, order: int, smoothing: str
) -> dict[str, float]:
    """The nats of several texts under a model of `train`, one level at a time in memory; nan for no text."""
    every = np.concatenate(list(texts.values()))
    shares = np.full(len(every), 1 / size)
    for length, level in enumerate(_levels(train, size, newline, order, smoothing), start=1):
        shares = _interpolate(level, _codes(every, length, size, newline), shares, size)
        del level  # before the next one is built
    losses = np.split(-np.log(shares), np.cumsum([len(text) for text in texts.values()])[:-1])
    return {name: float(part.mean()) if len(part) else float("nan") for name, part in zip(texts, losses, strict=True)}


def tried(train: np.ndarray, validation: np.ndarray, *, size: int, newline: int) -> list[dict[str, Any]]:
    """The nats of every order and smoothing, each level built once and dropped: higher orders go on from lower ones."""
    rows, highest, longer = [], highest_order(size), count(train, 1, size, newline)
    bell = lower = np.full(len(validation), 1 / size)
    for order in range(1, highest + 1):
        codes, counts = _codes(validation, order, size, newline), longer
        bell = _interpolate(_witten_bell(counts, size), codes, bell, size)
        top = _interpolate(_kneser_ney(counts, size), codes, lower, size)
        if order < highest:
            longer = count(train, order + 1, size, newline)
            lower = _interpolate(_kneser_ney(_continuations(longer, size**order), size), codes, lower, size)
        for smoothing, result in zip(SMOOTHINGS, (bell, top), strict=True):
            rows.append({"order": order, "smoothing": smoothing, "val_nats": float(-np.mean(np.log(result)))})
    return rows


def _interpolate(level: Level, codes: np.ndarray, shorter: np.ndarray, size: int) -> np.ndarray:
    """The probabilities of n-grams `(n,)`, from those by the next shorter context."""
    context, seen = _find(level.contexts, codes // size)
    found, hit = _find(level.codes, codes)
    return np.where(seen, level.backoff[context], 1.0) * shorter + np.where(hit, level.shares[found], 0.0)


def _codes(text: np.ndarray, length: int, size: int, newline: int) -> np.ndarray:
    """The packed last `length` characters at every place of `text`, `(n,)` int64, newlines before a name's start.

    Packed by base `size`, the oldest character first, so that a context and its next characters are neighbours.
    """
    codes = text.astype(np.int64)
    open_ = np.ones(len(text), dtype=bool)  # whether the character so far back is still of the same name
    for back in range(1, length):
        before = np.full(len(text), newline, dtype=np.int64)
        before[back:] = text[:-back]
        open_ &= before != newline
        before[~open_] = newline
        before *= size**back
        codes += before
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
    codes = longer.codes % base
    codes.sort()
    return _counted(codes)


def _contexts(counts: Counts, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The distinct contexts of n-grams, where the n-grams of each begin, and how many they are."""
    contexts = counts.codes // size
    starts = _starts(contexts)
    return contexts[starts], starts, np.diff(starts, append=len(contexts))


def _counted(codes: np.ndarray) -> Counts:
    """The distinct ones of sorted codes, and how often each stands there; `np.unique` would copy and sort again."""
    starts = _starts(codes)
    return Counts(codes[starts], np.diff(starts, append=len(codes)))


def _starts(codes: np.ndarray) -> np.ndarray:
    """Where each run of equal values begins."""
    return np.flatnonzero(np.concatenate([[True], codes[1:] != codes[:-1]]))


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
