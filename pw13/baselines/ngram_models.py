"""The n-gram model of a corpus at its best order, kept in the cache between runs."""

import functools
import hashlib

import numpy as np
import numpy.typing as npt

from pw13.baselines import ngram
from pw13.system.cache import cached

VERSION = 1  # of the estimation: a change makes what is in the cache unusable
MAX_CACHE_BYTES = 150 * 2**20


def fit_best(
    train: npt.NDArray[np.integer], validation: npt.NDArray[np.integer], *, size: int, newline: int
) -> ngram.Ngram:
    """Return the model of `train` whose order has been chosen on `validation`.

    Both are joined ids of names, `(n,)`. Without validation text the order is `ngram.DEFAULT_ORDER`.
    """
    texts = (text.astype(np.int32).tobytes() for text in (train, validation))
    return _fit_best(*texts, size=size, newline=newline)


@functools.lru_cache(maxsize=1)  # the runs of one process mostly share their names
def _fit_best(train: bytes, validation: bytes, *, size: int, newline: int) -> ngram.Ngram:
    digests = {"train": hashlib.sha256(train).hexdigest(), "validation": hashlib.sha256(validation).hexdigest()}
    key = {"version": VERSION, "size": size, "newline": newline, **digests}

    def make() -> dict[str, npt.NDArray[np.integer]]:
        text, alphabet = np.frombuffer(train, np.int32), {"size": size, "newline": newline}
        order = ngram.DEFAULT_ORDER
        if validation:
            order = ngram.choose_order(ngram.validation_nats(text, np.frombuffer(validation, np.int32), **alphabet))
        return ngram.to_arrays(ngram.fit(text, order=order, **alphabet))

    return ngram.from_arrays(cached("ngram", key, make, max_bytes=MAX_CACHE_BYTES))
