"""Count the n-grams of a text, one length after the other, in sorted blocks.

An n-gram is numbered by its context's number and its last character. N-grams of a range of contexts are sorted at a
time, ranges in order: the results follow each other, so that nothing is merged, and what is sorted stays small. For
each character of the text one symbol and the numbers of two n-grams are kept, about 9 bytes.

Of a long text, n-grams that occur once are left out from some length on, as most of them do: pruning, as KenLM calls
it. All that is known of one is its context, so a context keeps how many there are. Neither an n-gram that begins with
one of them nor one that ends in one of them can occur twice.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Ints32 = npt.NDArray[np.int32]
Symbols = npt.NDArray[np.integer]

BLOCK = 2**20  # n-grams sorted at a time: about 60 MB
PIECE = 2**17  # numbers compared at a time: they stay in the processor's cache
MAX_NGRAMS = 2**31 - 1  # of one length: numbers are int32
TOO_SHORT, LEFT_OUT = -1, -2  # instead of a number: the name has too few symbols; the n-gram occurs once


class Counts(NamedTuple):
    """The distinct n-grams of one length in a text, sorted by context, then by last character.

    The number of an n-gram is its index in these arrays; the number of a single character is its id, and that of the
    start symbol is `size`. The m contexts are the n-grams that are shorter by one.
    """

    keys: Ints  # (n,): number of the context times `size`, plus the last character
    times: Ints32  # (n,): how often the n-gram occurs
    starts: npt.NDArray[np.bool_]  # (n,): whether it begins with the start symbol
    extended: Ints32  # (m,): how many distinct n-grams end in each of the shorter ones
    singles: Ints32  # (m,): how many n-grams after each context occur once and are left out; (0,) if none may be
    left_out: int  # how many are left out in all, after contexts that are left out too


def count(
    text: npt.NDArray[Any],
    *,
    size: int,
    newline: int,
    order: int,
    max_ngrams: int = MAX_NGRAMS,
    prune_from: int | None = None,
) -> Iterator[Counts]:
    """Count the n-grams of lengths 1 to `order` in joined names, one length after the other.

    max_ngrams: it ends early where those of all lengths together would be more.
    prune_from: the length from which on n-grams that occur once are left out.
    """
    symbols = with_starts(text, size, newline)
    counts, numbers = _count_characters(symbols, size), symbols.astype(np.int32)
    for length in range(2, order + 1):
        yield counts
        max_ngrams -= len(counts.keys)
        pruned = prune_from is not None and length >= prune_from
        longer = _count_longer(counts, numbers, symbols, size, max_ngrams, pruned=pruned)
        if longer is None:
            return
        counts, numbers = longer
    yield counts


def with_starts(text: npt.NDArray[Any], size: int, newline: int) -> Symbols:
    """Put the start symbol, `size`, before every name."""
    begins = np.append(0, np.flatnonzero(np.asarray(text) == newline) + 1)
    return np.insert(np.asarray(text, np.min_scalar_type(size)), begins[begins < len(text)], size)


def _count_characters(symbols: Symbols, size: int) -> Counts:
    alphabet, times = np.arange(size + 1), np.zeros(size + 1, np.int64)
    for start in range(0, len(symbols), BLOCK):
        times += np.bincount(symbols[start : start + BLOCK], minlength=size + 1)
    times[size] = 0  # the start symbol is never predicted
    nothing = np.zeros(0, np.int32)
    return Counts(alphabet, times.astype(np.int32), alphabet == size, nothing, nothing, 0)


def _count_longer(
    counts: Counts, numbers: Ints32, symbols: Symbols, size: int, max_ngrams: int, *, pruned: bool
) -> tuple[Counts, Ints32] | None:
    """Count the n-grams that are longer by one; None if they are more than `max_ngrams`.

    numbers: `(n,)`, of the n-gram that ends at each symbol. The same is returned for the longer ones.
    """
    longer = np.full(len(symbols), TOO_SHORT, np.int32)
    extended, singles = np.zeros(len(counts.keys), np.int32), np.zeros(len(counts.keys) if pruned else 0, np.int32)
    found, left_out = 0, 0
    for ends in _ends(numbers, LEFT_OUT, LEFT_OUT + 1, symbols, size):
        longer[ends] = LEFT_OUT
        _add_counts(extended, numbers[ends])
        left_out += len(ends)
    distinct: list[Ints] = []
    occurrences: list[Ints32] = []
    for first, end in pairwise(_ranges(counts.times)):
        ends = np.concatenate(list(_ends(numbers, first, end, symbols, size)))
        keys, at, ranks, times = number(numbers[ends - 1].astype(np.int64) * size + symbols[ends])
        _add_counts(extended, numbers[ends[at]])
        kept = times > 1 if pruned else np.ones(len(keys), bool)
        _add_counts(singles, keys[~kept] // size)
        longer[ends] = np.where(kept, np.cumsum(kept) - 1 + found, LEFT_OUT)[ranks]
        distinct.append(keys[kept])
        occurrences.append(times[kept].astype(np.int32))
        found, left_out = found + int(kept.sum()), left_out + int((~kept).sum())
        if found > max_ngrams:
            return None
    keys = np.concatenate(distinct)
    starts = counts.starts[keys // size]
    return Counts(keys, np.concatenate(occurrences), starts, extended, singles, left_out), longer


def _ends(numbers: Ints32, first: int, end: int, symbols: Symbols, size: int) -> Iterator[Ints]:
    """Yield, in pieces, where n-grams end whose contexts have numbers from `first` to before `end`."""
    for start in range(0, len(numbers) - 1, PIECE):
        piece = numbers[start : min(start + PIECE, len(numbers) - 1)]
        ends = np.flatnonzero((piece >= first) & (piece < end)) + start + 1
        yield ends[symbols[ends] != size]


def _add_counts(counts: Ints32, numbers: npt.NDArray[np.integer]) -> None:
    """Add how often each number occurs; negative ones are no n-grams."""
    np.add.at(counts, numbers[numbers >= 0], np.int32(1))


def _ranges(times: Ints32) -> Ints:
    """Return bounds of ranges of contexts that occur about `BLOCK` times each."""
    cumulative = np.cumsum(times, dtype=np.int64)
    inner = np.searchsorted(cumulative, np.arange(BLOCK, times.sum(dtype=np.int64), BLOCK))
    return np.concatenate([[0], inner, [len(times)]])


def number(keys: Ints) -> tuple[Ints, Ints, Ints, Ints]:
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
    ranks = np.empty(len(keys), np.int64)
    ranks[order] = np.cumsum(new) - 1
    return keys[starts], order[starts], ranks, np.diff(starts, append=len(keys))
