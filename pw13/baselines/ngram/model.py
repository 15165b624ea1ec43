"""The levels of an n-gram model: counts of each context length, their discounts and the weight of shorter contexts."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pw13.baselines.ngram.counting import Ints, Ints32

Floats = npt.NDArray[np.float64]

# Where counts of 1 to 4 do not all occur the discounts are undefined; KenLM's `--discount_fallback` takes these.
FALLBACK_DISCOUNTS = (0.0, 0.5, 1.0, 1.5)


class Table(NamedTuple):
    """The n-grams of one length, after m contexts, and how many that occur once are left out: see `Counts`."""

    keys: Ints  # (n,): number of the context times `size`, plus the next character; sorted
    times: Ints32  # (n,): raw or continuation counts
    contexts: int  # m
    singles: Ints32  # (m,) or (0,)
    left_out: int


class Level(NamedTuple):
    """What is known of the next character after contexts of one length."""

    table: Table
    discounts: Floats  # (4,): what counts of 0, 1, 2, and 3 or more lose
    totals: Ints32  # (m,): sum of the counts after each context, by its number; 1 after those without
    backoff: Floats  # (m,): weight of the next shorter context; 1 after contexts without counts


class Ngram(NamedTuple):
    """A model: `levels[k]` has the contexts of k symbols, so there are `order` of them."""

    size: int
    newline: int
    levels: tuple[Level, ...]

    @property
    def order(self) -> int:
        return len(self.levels)

    @property
    def left_out(self) -> int:
        """How many n-grams that occur once are left out."""
        return sum(level.table.left_out for level in self.levels)


def make_level(table: Table, size: int) -> Level:
    """Return the level of a table over `size` characters.

    What is left out counts once, and all of it goes to the shorter contexts.
    """
    discounts, parents, contexts = _discounts(table.times, table.left_out), table.keys // size, max(table.contexts, 1)
    totals = np.bincount(parents, weights=table.times, minlength=contexts).astype(np.int32)
    lost = np.bincount(parents, weights=discounts[np.minimum(table.times, 3)], minlength=contexts)
    if len(table.singles):
        totals, lost = totals + table.singles, lost + table.singles
    empty = totals == 0
    totals[empty] = lost[empty] = 1
    return Level(table, discounts, totals, lost / totals)


def find(level: Level, contexts: Ints, ids: npt.NDArray[Any], size: int) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Return the index of each n-gram, from its context and its last character, and whether it is there."""
    keys, known = contexts * size + ids, level.table.keys
    if not len(known):  # no name is so long
        return np.zeros(len(keys), np.int64), np.zeros(len(keys), bool)
    index = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return index, (contexts >= 0) & (known[index] == keys)


def shares(level: Level, index: Ints, contexts: Ints) -> Floats:
    """Return the discounted counts of n-grams over the totals of their contexts."""
    times = level.table.times[index]
    discounted: Floats = (times - level.discounts[np.minimum(times, 3)]) / level.totals[contexts]
    return discounted


def to_arrays(model: Ngram) -> dict[str, npt.NDArray[Any]]:
    """Return all that `from_arrays` needs: 12 bytes per n-gram, and 4 per context of n-grams that are left out."""
    arrays: dict[str, npt.NDArray[Any]] = {"size_newline": np.array([model.size, model.newline])}
    for length, (keys, times, _, singles, left_out) in enumerate(level.table for level in model.levels):
        arrays |= {f"keys_{length}": keys, f"times_{length}": times}
        arrays |= {f"singles_{length}": singles, f"left_out_{length}": np.array(left_out)} if left_out else {}
    return arrays


def from_arrays(arrays: dict[str, npt.NDArray[Any]]) -> Ngram:
    """Return the model whose arrays these are."""
    size, newline = (int(value) for value in arrays["size_newline"])
    levels: list[Level] = []
    contexts, nothing = 1, np.zeros(0, np.int32)
    for length in range(sum(name.startswith("keys_") for name in arrays)):
        singles, left_out = arrays.get(f"singles_{length}", nothing), int(arrays.get(f"left_out_{length}", 0))
        table = Table(arrays[f"keys_{length}"], arrays[f"times_{length}"], contexts, singles, left_out)
        levels.append(make_level(table, size))
        contexts = size + 1 if length == 0 else len(table.keys)
    return Ngram(size, newline, tuple(levels))


def _discounts(times: Ints32, left_out: int) -> Floats:
    """`(4,)`: what counts of 0, 1, 2, and 3 or more lose (Chen and Goodman 1998, equation 26)."""
    ones, twos, threes, fours = (np.count_nonzero(times == value) for value in (1, 2, 3, 4))
    ones += left_out
    if not (ones and twos and threes and fours):
        return np.array(FALLBACK_DISCOUNTS)
    y = ones / (ones + 2 * twos)
    estimates = np.array([0, 1 - 2 * y * twos / ones, 2 - 3 * y * threes / twos, 3 - 4 * y * fours / threes])
    return estimates if (estimates[1:] > 0).all() else np.array(FALLBACK_DISCOUNTS)
