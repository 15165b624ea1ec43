"""Join names to one text and cut it into windows: the handout's data preparation."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pw13.data.names.vocabulary import NEWLINE, code_points

BLOCK = 2**16  # names moved at a time: the index of each character takes 8 bytes


class Split(NamedTuple):
    """Names for training, for every choice of a setting, and for the final evaluation."""

    train: tuple[str, ...]
    validation: tuple[str, ...]
    held_out: tuple[str, ...]


def join(names: Sequence[str]) -> str:
    """Join names to one string, a newline after each."""
    return NEWLINE.join(names) + NEWLINE if names else ""


def split_ids(ids: np.ndarray, newline: int) -> list[np.ndarray]:
    """Return the ids of each name of joined names, without its newline."""
    ends = np.flatnonzero(ids == newline)
    return [ids[start:end] for start, end in zip(np.append(0, ends + 1), ends, strict=False)]


def split_names(names: Sequence[str], share: float, *, min_characters: int, rng: np.random.Generator) -> Split:
    """Shuffle the distinct names and hold out a fraction `share`, and again for validation; the rest is for training.

    Windows overlap and names repeat, so only a split by distinct name keeps evaluation data out of training. If
    `share` is 0, or the corpus is too small to hold a name out, or the training text would have fewer than
    `min_characters`, all names are for training, duplicates and file order included.
    """
    distinct = list(dict.fromkeys(names))
    count = round(share * len(distinct))
    order = rng.permutation(len(distinct))
    held_out, validation, train = (tuple(distinct[row] for row in rows) for rows in np.split(order, [count, 2 * count]))
    if count == 0 or sum(map(len, train)) + len(train) < min_characters:
        return Split(tuple(names), (), ())
    return Split(train, validation, held_out)


def window_starts(characters: int, length: int, skip: int) -> np.ndarray:
    """Return the start of each window, `(windows,)` int32; a window and its next character fit into the text."""
    return np.arange(0, characters - length, skip, dtype=np.int32)


def endings(text: str, length: int, count: int, *, rng: np.random.Generator) -> tuple[str, ...]:
    """Draw up to `count` windows of `text` that end in a newline: what precedes a name in many-to-one training.

    Raises:
        ValueError: the text has no newline after `length - 1` characters.
    """
    ends = np.flatnonzero(code_points(text) == ord(NEWLINE)) + 1
    ends = ends[ends >= length]
    if not len(ends):
        raise ValueError(f"no name ends at or after character {length} of the text")
    drawn = rng.choice(ends, size=min(count, len(ends)), replace=False)
    return tuple(text[end - length : end] for end in drawn)


def stateful_windows(names: Sequence[np.ndarray], count: int, newline: int) -> tuple[np.ndarray, np.ndarray]:
    """Pack whole names into `count` rows of similar length.

    Args:
        names: ids of each name, without its newline.
        count: number of rows.
        newline: id of the newline.

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
        start = 1
        for name in members:
            ids[row, start : start + len(name)] = name
            start += len(name) + 1
    return ids, weights.astype(np.float32)


def permuted(ids: np.ndarray, newline: int, *, rng: np.random.Generator) -> np.ndarray:
    """Shuffle the names of a text, each with its newline: `(n,)` in the dtype of `ids`."""
    ends = np.flatnonzero(ids == newline) + 1
    order = rng.permutation(len(ends))
    starts, lengths = np.append(0, ends[:-1])[order], np.diff(ends, prepend=0)[order]
    blocks = [slice(row, row + BLOCK) for row in range(0, len(order), BLOCK)]
    return np.concatenate([_gather(ids, starts[block], lengths[block]) for block in blocks] or [ids])


def _gather(ids: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return the pieces of a text that begin at `starts`, one after the other."""
    new_starts = np.cumsum(lengths) - lengths
    return np.asarray(ids[np.repeat(starts - new_starts, lengths) + np.arange(lengths.sum())])


def stream_steps(ids: np.ndarray, batch: int, length: int, newline: int) -> np.ndarray:
    """Cut a text into `batch` parallel streams of `steps * length` characters, `(steps, batch, length + 1)`.

    Step s of a stream has its next `length` characters and the one after them. The first input is a newline; the last
    streams are padded with -1. The type is int16, or int32 if the ids need it.
    """
    steps = -(-len(ids) // (batch * length))
    padded = np.full(batch * steps * length + 1, -1, np.int16 if ids.dtype == np.uint8 else np.int32)
    padded[0] = newline
    padded[1 : len(ids) + 1] = ids
    view = np.lib.stride_tricks.sliding_window_view(padded, length + 1)[::length]
    return np.ascontiguousarray(view.reshape(batch, steps, length + 1).swapaxes(0, 1))
