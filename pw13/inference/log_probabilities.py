"""Probabilities of the characters of names under a character RNN, in NumPy; names that begin alike share steps."""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pw13.models import charrnn_numpy
from pw13.models.charrnn_numpy import Network

ROWS = 2048  # names or windows at a time; bounds memory
SORTED_BY = 4  # first characters of names, so that those that begin alike meet in a batch


class Predicted(NamedTuple):
    """What a network says of each character of some names, newlines included, `(n,)`, in the order of the text."""

    log_probabilities: npt.NDArray[np.float32]  # ln p of the character
    correct: npt.NDArray[np.bool_]  # whether it is the likeliest one
    confidence: npt.NDArray[np.float32]  # p of the likeliest one


def of_names(net: Network, text: np.ndarray, newline: int, ending: np.ndarray) -> Predicted:
    """Return what the network says of names that do not depend on each other.

    Args:
        text: ids of the joined names, a newline after each, `(n,)`, at least one.
        newline: id of the newline.
        ending: ids of what a many-to-one network reads before every name, `(length,)`.
    """
    if net.target == "many-to-many":
        return _of_whole_names(net, text, newline)
    starts = np.concatenate([[0], np.flatnonzero(text == newline)[:-1] + 1])
    number = np.cumsum(np.bincount(starts, minlength=len(text)))  # of the name of each character, from 1
    places = np.arange(len(text)) + number * net.length
    led = np.empty(len(text) + len(starts) * net.length, text.dtype)
    led[(starts + np.arange(len(starts)) * net.length)[:, None] + np.arange(net.length)] = ending
    led[places] = text
    return _after_windows(net, np.lib.stride_tricks.sliding_window_view(led, net.length)[places - net.length], text)


def of_text(net: Network, text: np.ndarray, newline: int) -> Predicted:
    """Return what the network says of names as the training reads them; `text` as in `of_names`.

    A many-to-one network reads each name after the one before it, the first one after the last; a many-to-many network
    reads each name on its own.
    """
    if net.target == "many-to-many":
        return _of_whole_names(net, text, newline)
    wrapped = np.take(text, np.arange(-net.length, len(text) - 1), mode="wrap")
    return _after_windows(net, np.lib.stride_tricks.sliding_window_view(wrapped, net.length), text)


def _after_windows(net: Network, windows: np.ndarray, targets: np.ndarray) -> Predicted:
    """Predict the character after each window."""
    predicted = _allocate(len(windows))
    order = np.lexsort(windows.T[::-1])  # windows that begin alike meet in a batch and share steps
    for rows in _batches(order):
        states = charrnn_numpy.feed_text(net, windows[rows].astype(np.int64))
        everyone = np.arange(len(rows))
        _fill(predicted, rows, charrnn_numpy.logits(net, states), everyone, targets[rows])
    return predicted


def _of_whole_names(net: Network, text: np.ndarray, newline: int) -> Predicted:
    """Predict each name from zero states after a newline."""
    text = text.astype(np.int64)
    ends = np.flatnonzero(text == newline) + 1
    starts = np.concatenate([[0], ends[:-1]])
    heads = np.take(text, starts[:, None] + np.arange(SORTED_BY), mode="clip")
    predicted = _allocate(len(text))
    for rows in _batches(np.lexsort(heads.T[::-1])):
        _step_through(net, text, starts[rows], newline, predicted)
    return predicted


def _step_through(net: Network, text: np.ndarray, places: np.ndarray, newline: int, predicted: Predicted) -> None:
    """Fill in the names that begin at `places`, one step for each distinct beginning."""
    characters = len(net.bias)
    states = charrnn_numpy.advance(net, charrnn_numpy.zero_states(net, 1), np.array([newline]))
    beginnings = np.zeros(len(places), np.int64)  # the row of `states` for each name
    while len(places):
        ids = text[places]
        _fill(predicted, places, charrnn_numpy.logits(net, states), beginnings, ids)
        going = ids != newline
        places, longer = places[going] + 1, beginnings[going] * characters + ids[going]
        distinct, beginnings = np.unique(longer, return_inverse=True)
        states = charrnn_numpy.select_rows(states, distinct // characters)
        states = charrnn_numpy.advance(net, states, distinct % characters)


def _allocate(count: int) -> Predicted:
    return Predicted(np.empty(count, np.float32), np.empty(count, bool), np.empty(count, np.float32))


def _fill(predicted: Predicted, places: np.ndarray, logits: np.ndarray, rows: np.ndarray, ids: np.ndarray) -> None:
    """Write what rows of logits `(n, characters)`, which are overwritten, say of the characters `ids` at `places`."""
    predicted.correct[places] = logits.argmax(axis=1)[rows] == ids
    logits -= logits.max(axis=1, keepdims=True)
    normalizers = np.log(np.exp(logits).sum(axis=1))
    predicted.log_probabilities[places] = logits[rows, ids] - normalizers[rows]
    predicted.confidence[places] = np.exp(-normalizers)[rows]  # the largest logit is 0


def _batches(order: np.ndarray) -> Iterator[np.ndarray]:
    bounds = [*range(0, len(order), ROWS), len(order)]
    return (order[start:end] for start, end in pairwise(bounds))
