"""Names as one string of text, cut into windows: the handout's data preparation."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pw13.data.names.vocabulary import NEWLINE, code_points


class Split(NamedTuple):
    """Names for training, for every choice of a setting, and for one last measurement."""

    train: tuple[str, ...]
    validation: tuple[str, ...]
    held_out: tuple[str, ...]


def join(names: Sequence[str]) -> str:
    """All names as one string, a newline after each."""
    return "".join(name + NEWLINE for name in names)


def split_names(names: Sequence[str], share: float, *, least: int, rng: np.random.Generator) -> Split:
    """The distinct names in a random order: `share` of them held out, as many for validation, the rest to train on.

    Windows overlap and names repeat, so only a split by distinct name keeps what is measured out of training. A share
    of 0 keeps every name, repeats and file order for training, and so does a corpus too small to hold a name out or
    whose remaining text would have fewer than `least` characters.
    """
    distinct = list(dict.fromkeys(names))
    count = round(share * len(distinct))
    order = rng.permutation(len(distinct))
    held_out, validation, train = (tuple(distinct[row] for row in rows) for rows in np.split(order, [count, 2 * count]))
    if count == 0 or sum(map(len, train)) + len(train) < least:
        return Split(tuple(names), (), ())
    return Split(train, validation, held_out)


def window_starts(characters: int, length: int, skip: int) -> np.ndarray:
    """Where the windows of a text begin, `(windows,)` int32: a window and the character after it fit into the text."""
    return np.arange(0, characters - length, skip, dtype=np.int32)


def many_to_one(ids: np.ndarray, length: int, skip: int) -> tuple[np.ndarray, np.ndarray]:
    """Windows `(n, length)` and the character after each `(n,)`, in the dtype of `ids`; the windows are a view."""
    windows = np.lib.stride_tricks.sliding_window_view(ids, length + 1)[::skip]
    return windows[:, :-1], windows[:, -1]


def many_to_many(ids: np.ndarray, length: int, skip: int) -> tuple[np.ndarray, np.ndarray]:
    """Windows `(n, length)` and the same moved on by one character `(n, length)`, in the dtype of `ids`; both views."""
    windows = np.lib.stride_tricks.sliding_window_view(ids, length + 1)[::skip]
    return windows[:, :-1], windows[:, 1:]


def endings(text: str, length: int, count: int, *, rng: np.random.Generator) -> tuple[str, ...]:
    """Up to `count` windows of `text` that end with a newline: what a model of windows has before it at a name's start.

    Raises:
        ValueError: the text has no newline after `length - 1` characters.
    """
    places = np.flatnonzero(code_points(text) == ord(NEWLINE))
    places = places[places + 1 >= length]
    if not len(places):
        raise ValueError(f"no name ends at or after character {length} of the text")
    drawn = rng.choice(places, size=min(count, len(places)), replace=False)
    return tuple(text[place + 1 - length : place + 1] for place in drawn)


def stateful_windows(names: Sequence[np.ndarray], count: int, newline: int) -> tuple[np.ndarray, np.ndarray]:
    """Names side by side in `count` rows, whole names only, so that no row is much longer than another.

    Args:
        names: ids of each name, without its newline.

    Returns:
        ids `(count, longest + 1)` int32: each row a newline, then its names with a newline after each, then newlines;
        weights `(count, longest)` float32: 1 where `ids[:, 1:]` is a character of a name or its newline, else 0.
    """
    rows: list[list[np.ndarray]] = [[] for _ in range(count)]
    filled = np.zeros(count, dtype=np.int64)
    for name in sorted(names, key=len, reverse=True):
        row = int(np.argmin(filled))
        rows[row].append(name)
        filled[row] += len(name) + 1
    ids = np.full((count, int(filled.max(initial=0)) + 1), newline, dtype=np.int32)
    weights = np.arange(ids.shape[1] - 1) < filled[:, None]
    for row, members in enumerate(rows):
        place = 1
        for name in members:
            ids[row, place : place + len(name)] = name
            place += len(name) + 1
    return ids, weights.astype(np.float32)


def permuted(ids: np.ndarray, newline: int, *, rng: np.random.Generator) -> np.ndarray:
    """The names of a text, each with its newline, in another order: `(n,)` in the dtype of `ids`."""
    ends = np.flatnonzero(ids == newline) + 1
    starts = np.concatenate([[0], ends[:-1]])
    order = rng.permutation(len(ends))
    lengths = (ends - starts)[order]
    first = np.cumsum(lengths) - lengths
    return ids[np.repeat(starts[order] - first, lengths) + np.arange(len(ids))]


def stream_steps(ids: np.ndarray, batch: int, length: int, newline: int) -> np.ndarray:
    """A text cut into `batch` parallel streams of `steps * length` characters, `(steps, batch, length + 1)` int32.

    Step s of a stream holds its next `length` characters and the one after them. The first input is a newline; what the
    last streams lack is -1.
    """
    steps = -(-len(ids) // (batch * length))
    padded = np.full(batch * steps * length + 1, -1, np.int32)
    padded[0] = newline
    padded[1 : len(ids) + 1] = ids
    view = np.lib.stride_tricks.sliding_window_view(padded, length + 1)[::length]
    return np.ascontiguousarray(view.reshape(batch, steps, length + 1).swapaxes(0, 1))
