"""The n-gram model of a corpus at its best order, kept in the cache between runs."""

import functools
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from pw13.baselines import ngram
from pw13.baselines.ngram import Estimate
from pw13.system.cache import cached

VERSION = 2  # of the estimation: a change makes what is in the cache unusable
MAX_CACHE_BYTES = 150 * 2**20  # every model fits: see `ngram.MAX_NGRAMS`
BLOCK = 2**20  # ids hashed at a time

Text = npt.NDArray[np.integer]


def fit_best(train: Text, validation: Text, *, size: int, newline: int) -> Estimate:
    """Return the model of `train` whose order has been chosen on `validation`, see `ngram.estimate`.

    Both are joined ids of names, `(n,)`.
    """
    return _fit_best(_Texts(**digests(train, validation), size=size, newline=newline, texts=(train, validation)))


def recall(
    texts: Mapping[str, str], read_texts: Callable[[], tuple[Text, Text]], *, size: int, newline: int
) -> ngram.Ngram:
    """Return the model that `fit_best` has returned before, from the cache or estimated anew.

    Args:
        texts: what `digests` returns for the texts.
        read_texts: returns the texts, `(train, validation)`; called only if the model is not in the cache.
    """
    return _from_cache(texts, read_texts, size=size, newline=newline).model


def ngram_name(metrics: Mapping[str, Any]) -> str:
    """Return what tables and figures call the model of `ngram` in metrics.json: "10-gram", and what it leaves out."""
    counted, names = (metrics.get(key) for key in ("counted_names", "training_names"))
    name = f"{metrics['order']}-gram" if metrics.get("order") else "n-gram"
    name += f" of {counted:,} of {names:,} names" if counted and names and counted < names else ""
    notes = {"pruned": metrics.get("left_out"), "the longest that fits": metrics.get("limited")}
    return name + "".join(f", {note}" for note, holds in notes.items() if holds)


def digests(train: Text, validation: Text) -> dict[str, str]:
    """Return the sha256 of both texts as 32-bit ids."""
    return {"train": _digest(train), "validation": _digest(validation)}


@dataclass(frozen=True)
class _Texts:
    """Texts that are compared by their digests."""

    train: str
    validation: str
    size: int
    newline: int
    texts: tuple[Text, Text] = field(compare=False)


@functools.lru_cache(maxsize=1)  # the runs of one process mostly share their names
def _fit_best(key: _Texts) -> Estimate:
    texts = {"train": key.train, "validation": key.validation}
    return _from_cache(texts, lambda: key.texts, size=key.size, newline=key.newline)


def _from_cache(
    texts: Mapping[str, str], read_texts: Callable[[], tuple[Text, Text]], *, size: int, newline: int
) -> Estimate:
    def make() -> dict[str, npt.NDArray[Any]]:
        model, nats = ngram.estimate(*read_texts(), size=size, newline=newline)
        return {**ngram.to_arrays(model), "nats": np.array(nats)}

    key = {"version": VERSION, "size": size, "newline": newline, **texts}
    arrays = cached("ngram", key, make, max_bytes=MAX_CACHE_BYTES)
    return Estimate(ngram.from_arrays(arrays), arrays["nats"].tolist())


def _digest(text: Text) -> str:
    sha256 = hashlib.sha256()
    for start in range(0, len(text), BLOCK):
        sha256.update(np.asarray(text[start : start + BLOCK], np.int32).tobytes())
    return sha256.hexdigest()
