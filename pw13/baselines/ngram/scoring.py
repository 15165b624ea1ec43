"""Probabilities of the characters of a text: it walks through the levels, from short contexts to long ones."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pw13.baselines.ngram.counting import Ints, Symbols, with_starts
from pw13.baselines.ngram.model import Floats, Level, Ngram, find, shares

PIECE = 2**17  # characters that walk at a time


class Walk(NamedTuple):
    """A text on its way through the levels: probabilities by contexts of up to `length` - 1 symbols."""

    symbols: Symbols  # (n,): ids, with start symbols
    depth: Ints  # (n,): symbols of the name before each
    length: int
    numbers: Ints  # (n,): number of the n-gram of `length` symbols that ends at each symbol; -1: never seen
    probabilities: Floats  # (n,)


def probabilities(model: Ngram, text: npt.NDArray[Any]) -> Floats:
    """Return the probability of each character of joined names given those before it in its name, `(n,)`."""
    found = [np.empty(0)]
    for walk in begin_walks(text, model.size, model.newline):
        for level in model.levels:
            walk = step(walk, level, model.size)
        found.append(walk.probabilities[walk.depth > 0])
    return np.concatenate(found)


def nats(model: Ngram, text: npt.NDArray[Any]) -> float:
    """Return the mean of -ln p over all characters of joined names, newlines included; nan for no text."""
    return float(-np.log(probabilities(model, text)).mean()) if len(text) else float("nan")


def begin_walks(text: npt.NDArray[Any], size: int, newline: int) -> list[Walk]:
    """Return walks before the first level, each of some of the joined names."""
    ends = np.flatnonzero(text == newline) + 1
    rows = np.searchsorted(ends, np.arange(PIECE, len(text), PIECE))
    return [_begin_walk(part, size, newline) for part in np.split(text, ends[rows]) if len(part)]


def _begin_walk(text: npt.NDArray[Any], size: int, newline: int) -> Walk:
    symbols = with_starts(text, size, newline)
    begins = np.flatnonzero(symbols == size)
    depth = np.arange(len(symbols)) - np.repeat(begins, np.diff(begins, append=len(symbols)))
    return Walk(symbols, depth, 0, np.zeros(len(symbols), np.int64), np.full(len(symbols), 1 / size))


def step(walk: Walk, level: Level, size: int) -> Walk:
    """Interpolate with the level of the next longer context."""
    contexts = np.concatenate([[-1], walk.numbers[:-1]]) if walk.length else walk.numbers
    contexts = np.where(walk.depth >= max(walk.length, 1), contexts, -1)
    index, found = find(level, contexts, walk.symbols, size)
    interpolated = np.where(contexts >= 0, level.backoff[contexts], 1.0) * walk.probabilities
    interpolated[found] += shares(level, index[found], contexts[found])
    numbers = np.where(found, index, -1) if walk.length else walk.symbols.astype(np.int64)
    return walk._replace(length=walk.length + 1, numbers=numbers, probabilities=interpolated)
