"""The next character of many names at once, for sampling."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pw13.baselines.ngram.counting import Ints
from pw13.baselines.ngram.model import Floats, Ngram, find, shares


class State(NamedTuple):
    """Contexts of several names at once: `contexts[:, k]` is the number of the last k symbols, -1 where never seen."""

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
        index, found = find(model.levels[length], state.contexts[:, length], ids, model.size)
        contexts[:, length + 1] = np.where(found, index, -1)
    return State(contexts)


def next_probabilities(model: Ngram, state: State) -> Floats:
    """Return the probability of every next character of each name, `(n, size)`; each row sums to 1."""
    result = np.full((len(state.contexts), model.size), 1 / model.size)
    for length, level in enumerate(model.levels):
        rows = np.flatnonzero(state.contexts[:, length] >= 0)
        contexts = state.contexts[rows, length]
        result[rows] *= level.backoff[contexts, None]
        first = np.searchsorted(level.table.keys, contexts * model.size)
        counts = np.searchsorted(level.table.keys, (contexts + 1) * model.size) - first
        index = np.repeat(first - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        discounted = shares(level, index, np.repeat(contexts, counts))
        result[np.repeat(rows, counts), level.table.keys[index] % model.size] += discounted
    return result
