"""Similarity of names to known ones."""

from collections.abc import Sequence
from typing import NamedTuple


class Nearest(NamedTuple):
    """A known name and its similarity to another name: 0 to 1, identical up to case."""

    name: str
    similarity: float


def nearest_known(texts: Sequence[str], corpus: Sequence[str] | None) -> list[Nearest | None]:
    """Return the name of `corpus` most similar to each of `texts`; None if the corpus is empty or None.

    The similarity is `rapidfuzz.fuzz.ratio` / 100, case ignored; an identical name comes before one in another case.
    """
    if not corpus:
        return [None] * len(texts)
    from rapidfuzz import fuzz, process

    known = set(corpus)
    folded = [name.casefold() for name in corpus]

    def search(text: str) -> Nearest:
        if text in known:
            return Nearest(text, 1.0)
        _, similarity, index = process.extractOne(text.casefold(), folded, scorer=fuzz.ratio)
        return Nearest(corpus[index], similarity / 100)

    return [search(text) for text in texts]
