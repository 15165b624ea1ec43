"""Similarity of names to known ones."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

COMPARISONS = 2**24  # of a name with a known one at a time: 64 MiB


class Nearest(NamedTuple):
    """A known name and its similarity to another name: 0 to 1, identical up to case."""

    name: str
    similarity: float


def nearest_known(texts: Sequence[str], corpus: Sequence[str] | None, *, threads: int = 1) -> list[Nearest | None]:
    """Return the name of `corpus` most similar to each of `texts`; None if the corpus is empty or None.

    The similarity is `rapidfuzz.fuzz.ratio` / 100, case ignored; an identical name comes before one in another case,
    else the first of the most similar ones is taken.
    """
    if not corpus:
        return [None] * len(texts)
    from rapidfuzz import fuzz, process

    known = set(corpus)
    folded, queries = [name.casefold() for name in corpus], [text.casefold() for text in texts]
    block = max(1, COMPARISONS // len(folded))
    nearest: list[Nearest | None] = []
    for start in range(0, len(texts), block):
        rows = queries[start : start + block]
        similarities = process.cdist(rows, folded, scorer=fuzz.ratio, dtype=np.float32, workers=threads)
        for text, query, index in zip(texts[start : start + block], rows, similarities.argmax(axis=1), strict=True):
            similarity = fuzz.ratio(query, folded[index]) / 100
            nearest.append(Nearest(text, 1.0) if text in known else Nearest(corpus[index], similarity))
    return nearest
