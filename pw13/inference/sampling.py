"""Sampling names from a network, an n-gram model or a mixture: a batch advances together, and finished names leave it.

Each attempted name has a random stream of its own (`system.threefry`): draw 0 chooses its start, draw i its i-th
character. A name depends on the seed and its number, not on how many are sampled, and keeps its draws when the
temperature changes.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from pw13.data.names.vocabulary import VocabularyFile
from pw13.inference.contexts import Model, initial_context
from pw13.system.threefry import uniforms

MAX_BATCH = 2048  # names; bounds memory, keeps the states in cache
DRAWS = 100  # attempts per requested name before giving up


class SamplingOptions(NamedTuple):
    """How to choose the next character and when to stop; `temperature` 0 is greedy."""

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    max_length: int = 100


class Name(NamedTuple):
    """A sampled name; `mean_log_probability` is the mean ln p per character, with the newline of a complete one."""

    text: str
    mean_log_probability: float
    complete: bool  # whether the model ended it, not `max_length`

    @property
    def whole(self) -> bool:
        """Whether the name is complete, without white space at its edges, which names of a corpus seldom have."""
        return self.complete and self.text == self.text.strip()


def sample_ids(logits: np.ndarray, options: SamplingOptions, draws: np.ndarray) -> np.ndarray:
    """Sample one character per row of logits `(n, characters)`, -inf where forbidden: ids `(n,)`.

    draws: `(n,)` float64, uniform in [0, 1): where in the cumulative distribution, in order of ids, to choose.

    Any positive temperature works: the maximum is subtracted before the division, so an overflow can only mean a
    probability of zero.
    """
    logits = logits.astype(np.float64)
    logits -= logits.max(axis=1, keepdims=True)
    if options.temperature == 0:
        return np.asarray(logits.argmax(axis=1))
    if 0 < options.top_k < logits.shape[1]:
        excluded = np.argpartition(logits, -options.top_k, axis=1)[:, : -options.top_k]
        np.put_along_axis(logits, excluded, -np.inf, axis=1)
    with np.errstate(over="ignore"):
        logits /= options.temperature
    weights = np.exp(logits, out=logits)  # probabilities that are not normalized
    if options.top_p < 1:
        weights[_outside_nucleus(weights, options.top_p)] = 0
    cumulative = np.cumsum(weights, axis=1)
    total = cumulative[:, -1]
    thresholds = np.minimum(draws * total, np.nextafter(total, 0))
    return np.asarray(np.argmax(cumulative > thresholds[:, None], axis=1))


def _outside_nucleus(weights: np.ndarray, top_p: float) -> np.ndarray:
    """Return a mask of the characters outside the most probable ones that together reach `top_p`.

    The most probable character is never outside.
    """
    order = np.argsort(-weights, axis=1, kind="stable")
    ranked = np.take_along_axis(weights, order, axis=1)
    preceding = np.cumsum(ranked, axis=1) - ranked
    outside = np.empty(weights.shape, dtype=bool)
    np.put_along_axis(outside, order, preceding >= top_p * weights.sum(axis=1, keepdims=True), axis=1)
    outside[np.arange(len(weights)), order[:, 0]] = False
    return outside


def generate(
    model: Model,
    vocab_file: VocabularyFile,
    n: int,
    options: SamplingOptions,
    *,
    prefix: str = "",
    accept: Callable[[Sequence[Name]], Sequence[Name]] = list,
    seed: int,
) -> Iterator[Name]:
    """Yield up to `n` names that start with `prefix`, without blank names, of each batch those that `accept` keeps.

    Fewer if `DRAWS * n` attempts do not give as many. The first names of a seed are the same for every `n`.
    """
    prefix_ids = vocab_file.vocabulary.encode(prefix)
    missing, attempted = n, 0
    while missing and attempted < DRAWS * n:
        size = max(missing, attempted, 64) if attempted else missing  # larger while few are accepted
        size = min(size, MAX_BATCH, DRAWS * n - attempted)
        numbers = np.arange(attempted, attempted + size)
        attempted += size
        batch = generate_batch(model, vocab_file, numbers, options, prefix_ids, seed=seed)
        kept = accept([name for name in batch if name.text.strip()])[:missing]
        missing -= len(kept)
        yield from kept


def generate_batch(
    model: Model,
    vocab_file: VocabularyFile,
    numbers: np.ndarray,
    options: SamplingOptions,
    prefix_ids: np.ndarray,
    *,
    seed: int,
) -> list[Name]:
    """Sample the names of the given numbers `(n,)` int64 in parallel, each starting with `prefix_ids`."""
    vocab, n = vocab_file.vocabulary, len(numbers)
    is_space = np.array([character.isspace() for character in vocab.characters])
    text = np.zeros((n, options.max_length + 1), dtype=vocab.dtype)
    lengths, log_probs, blank = np.zeros(n, dtype=np.int64), np.zeros(n), np.ones(n, dtype=bool)
    rows, context = np.arange(n), initial_context(model, vocab_file, uniforms(seed, numbers, 0))
    for position in range(options.max_length + 1):
        logits = context.logits()
        shifted = logits - logits.max(axis=1, keepdims=True)
        if position < len(prefix_ids):
            ids = np.full(len(rows), prefix_ids[position])
        else:
            logits[blank[rows], vocab.newline] = -np.inf  # no name ends before its first visible character
            ids = sample_ids(logits, options, uniforms(seed, numbers[rows], position + 1))
        text[rows, position] = ids
        active = ids != vocab.newline
        counted = ~active | (position < options.max_length)  # not the character that would make the name too long
        ln_p = shifted[np.arange(len(rows)), ids] - np.log(np.exp(shifted).sum(axis=1))
        log_probs[rows] += np.where(counted, ln_p, 0.0)
        lengths[rows] += counted
        blank[rows] &= is_space[ids]
        rows, context = rows[active], context.advance(ids, active)
        if not len(rows):
            break
    complete = np.ones(n, dtype=bool)
    complete[rows] = False
    means, shown = log_probs / lengths, lengths - complete
    return [Name(vocab.decode(text[row, : shown[row]]), float(means[row]), bool(complete[row])) for row in range(n)]
