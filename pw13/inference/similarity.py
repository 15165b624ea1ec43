"""Similarity of names to known ones."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

COMPARISONS = 2**24  # of a name with a known one at a time: 64 MiB
BLOCK = 2**16  # known names at a time


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
    from rapidfuzz import fuzz

    known = set(texts).intersection(corpus)
    rows, queries = np.zeros(len(texts), np.int64), [text.casefold() for text in texts]
    best = np.full(len(texts), -1, np.float32)
    for start in range(0, len(corpus), BLOCK):
        folded = [name.casefold() for name in corpus[start : start + BLOCK]]
        nearest, similarities = _nearest(queries, folded, threads)
        closer = similarities > best
        rows[closer], best[closer] = start + nearest[closer], similarities[closer]
    found = [corpus[row] for row in rows.tolist()]
    return [
        Nearest(text, 1.0) if text in known else Nearest(name, fuzz.ratio(query, name.casefold()) / 100)
        for text, query, name in zip(texts, queries, found, strict=True)
    ]


def _nearest(queries: Sequence[str], folded: Sequence[str], threads: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the place of the most similar of `folded` for each query, and its similarity, 0 to 100."""
    from rapidfuzz import fuzz, process

    places, similarities = np.zeros(len(queries), np.int64), np.zeros(len(queries), np.float32)
    size = max(1, COMPARISONS // len(folded))
    for start in range(0, len(queries), size):
        rows = slice(start, start + size)
        table = process.cdist(queries[rows], folded, scorer=fuzz.ratio, dtype=np.float32, workers=threads)
        places[rows] = table.argmax(axis=1)
        similarities[rows] = table.max(axis=1)
    return places, similarities
