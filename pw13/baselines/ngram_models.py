"""The n-gram model of a corpus at its best order, kept in the cache between runs."""

import functools
import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pw13.baselines import ngram
from pw13.system.cache import cached

VERSION = 1  # of the estimation: a change makes what is in the cache unusable
MAX_CACHE_BYTES = 150 * 2**20

Text = npt.NDArray[np.integer]


def fit_best(train: Text, validation: Text, *, size: int, newline: int) -> ngram.Ngram:
    """Return the model of `train` whose order has been chosen on `validation`.

    Both are joined ids of names, `(n,)`. Without validation text the order is `ngram.DEFAULT_ORDER`.
    """
    return _fit_best(_to_bytes(train), _to_bytes(validation), size=size, newline=newline)


def recall(
    texts: Mapping[str, str], read_texts: Callable[[], tuple[Text, Text]], *, size: int, newline: int
) -> ngram.Ngram:
    """Return the model that `fit_best` has returned before, from the cache or estimated anew.

    Args:
        texts: what `digests` returns for the texts.
        read_texts: returns the texts, `(train, validation)`; called only if the model is not in the cache.
    """

    def make() -> dict[str, npt.NDArray[Any]]:
        return _estimate(*map(_to_bytes, read_texts()), size=size, newline=newline)

    return _from_cache(texts, make, size=size, newline=newline)


def digests(train: Text, validation: Text) -> dict[str, str]:
    """Return the sha256 of both texts as 32-bit ids."""
    return _digests(_to_bytes(train), _to_bytes(validation))


@functools.lru_cache(maxsize=1)  # the runs of one process mostly share their names
def _fit_best(train: bytes, validation: bytes, *, size: int, newline: int) -> ngram.Ngram:
    def make() -> dict[str, npt.NDArray[Any]]:
        return _estimate(train, validation, size=size, newline=newline)

    return _from_cache(_digests(train, validation), make, size=size, newline=newline)


def _from_cache(
    texts: Mapping[str, str], make: Callable[[], dict[str, npt.NDArray[Any]]], *, size: int, newline: int
) -> ngram.Ngram:
    key = {"version": VERSION, "size": size, "newline": newline, **texts}
    return ngram.from_arrays(cached("ngram", key, make, max_bytes=MAX_CACHE_BYTES))


def _estimate(train: bytes, validation: bytes, *, size: int, newline: int) -> dict[str, npt.NDArray[Any]]:
    text, order = np.frombuffer(train, np.int32), ngram.DEFAULT_ORDER
    if validation:
        nats = ngram.validation_nats(text, np.frombuffer(validation, np.int32), size=size, newline=newline)
        order = ngram.choose_order(nats)
    return ngram.to_arrays(ngram.fit(text, order=order, size=size, newline=newline))


def _to_bytes(text: Text) -> bytes:
    return text.astype(np.int32).tobytes()


def _digests(train: bytes, validation: bytes) -> dict[str, str]:
    return {"train": hashlib.sha256(train).hexdigest(), "validation": hashlib.sha256(validation).hexdigest()}
