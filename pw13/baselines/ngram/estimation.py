"""Estimate an n-gram model: its counts, its continuation counts, and the order that validation names choose."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pw13.baselines.ngram.counting import Counts, Ints32, count
from pw13.baselines.ngram.model import Ngram, Table, make_level
from pw13.baselines.ngram.scoring import Walk, begin_walks, step

MAX_ORDER = 16
TOLERANCE = 0.0005  # nats on validation: the smallest order this close to the best one is chosen
DEFAULT_ORDER = 5  # where there is no validation text to choose on
MAX_NGRAMS = 9_800_000  # of all lengths of a model: up to 150 MB of counts in the cache, about 300 MB in use
LONG_TEXT = 4_000_000  # characters, from which on n-grams of `PRUNED` symbols and more that occur once are left out
PRUNED = 6

Text = npt.NDArray[Any]


class Estimate(NamedTuple):
    """A model of the order that is best on validation, and the nats per character of each order from 1 that was tried.

    They are fewer than `MAX_ORDER` where the n-grams of longer ones are too many; none without validation text.
    """

    model: Ngram
    nats: list[float]

    @property
    def limited(self) -> bool:
        """Whether a higher order might be better but has too many n-grams."""
        return self.model.order == len(self.nats) < MAX_ORDER if self.nats else self.model.order < DEFAULT_ORDER


class Tables(NamedTuple):
    """The n-grams of one length, with the counts of the highest level of a model, and with those of a lower one.

    The latter are unknown as long as no longer ones are counted.
    """

    highest: Table
    lower: Table | None = None


def fit(text: Text, *, size: int, newline: int, order: int, prune_from: int | None = None) -> Ngram:
    """Return the model of `text`, the joined ids of training names, a newline after each, `(n,)` of any integer type.

    prune_from: the length from which on n-grams that occur once are left out.

    Raises:
        ValueError: `order` is not between 1 and `MAX_ORDER`, or the text is empty.
    """
    if not 1 <= order <= MAX_ORDER:
        raise ValueError(f"order: expected 1 to {MAX_ORDER}, received {order}")
    counted = count(_not_empty(text), size=size, newline=newline, order=order, prune_from=prune_from)
    *_, tables = _tables(counted, size)
    return _model(tables, size, newline)


def estimate(
    train: Text, validation: Text, *, size: int, newline: int, max_ngrams: int = MAX_NGRAMS, long_text: int = LONG_TEXT
) -> Estimate:
    """Choose the order on `validation`, among those of up to `max_ngrams` n-grams; without it take `DEFAULT_ORDER`.

    Everything is counted once: an order shares its lower levels with the next one.

    Raises:
        ValueError: the text is empty.
    """
    walks, nats = begin_walks(validation, size, newline), []
    counted = count(
        _not_empty(train),
        size=size,
        newline=newline,
        order=MAX_ORDER if len(validation) else DEFAULT_ORDER,
        max_ngrams=max_ngrams,
        prune_from=PRUNED if len(train) > long_text else None,
    )
    for tables in _tables(counted, size):
        if len(validation):
            if len(tables) > 1 and (lower := tables[-2].lower):  # known by now
                level = make_level(lower, size)
                walks = [step(walk, level, size) for walk in walks]
            highest = make_level(tables[-1].highest, size)
            nats.append(sum(_nats(step(walk, highest, size)) for walk in walks) / len(validation))
    return Estimate(_model(tables[: choose_order(nats) if nats else None], size, newline), nats)


def choose_order(nats: list[float]) -> int:
    """Return the smallest order whose nats are within `TOLERANCE` of the lowest."""
    return next(order for order, value in enumerate(nats, 1) if value <= min(nats) + TOLERANCE)


def _not_empty(text: Text) -> Text:
    if not len(text):
        raise ValueError("the text is empty")
    return text


def _tables(counted: Iterable[Counts], size: int) -> Iterator[list[Tables]]:
    """Yield the tables of all lengths so far, after each length; the same list each time."""
    tables: list[Tables] = []
    previous: Counts | None = None
    for counts in counted:
        if previous:
            tables[-1] = tables[-1]._replace(lower=_lower(tables[-1].highest, previous, counts.extended))
        predicted = slice(None if previous else size)  # the start symbol is never predicted
        contexts = len(previous.keys) if previous else 1
        keys, times = counts.keys[predicted], counts.times[predicted]
        tables.append(Tables(Table(keys, times, contexts, counts.singles, counts.left_out)))
        yield tables
        previous = counts


def _lower(highest: Table, counts: Counts, extended: Ints32) -> Table:
    """Return a table that counts the distinct symbols before each n-gram; of those at a name's start, all of them."""
    times = np.where(counts.starts, counts.times, extended)
    return highest._replace(times=times[: len(highest.keys)])


def _model(tables: list[Tables], size: int, newline: int) -> Ngram:
    levels = [*(lower for _, lower in tables[:-1]), tables[-1].highest]
    return Ngram(size, newline, tuple(make_level(level, size) for level in levels if level))


def _nats(walk: Walk) -> float:
    return float(-np.log(walk.probabilities[walk.depth > 0]).sum())
