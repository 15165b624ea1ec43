"""Measures of sampled names: how diverse they are, and how many real names they meet."""

from collections.abc import Collection, Sequence


def distinct_ngrams(texts: Sequence[str], length: int) -> float:
    """Return the distinct n-grams of characters divided by all of them, 0 to 1; nan without any.

    The end of a name counts as a character. It is the distinct-n of Li et al. 2016, "A Diversity-Promoting Objective
    Function for Neural Conversation Models", on characters; it falls with the number of names, so compare equal ones.
    """
    ended = [text + "\n" for text in texts]
    ngrams = [text[start : start + length] for text in ended for start in range(len(text) - length + 1)]
    return len(set(ngrams)) / len(ngrams) if ngrams else float("nan")


def share_met(texts: Collection[str], real: Collection[str]) -> float:
    """Return the share of distinct real names that occur among `texts`, 0 to 1; nan without real names."""
    distinct = set(real)
    return len(distinct & set(texts)) / len(distinct) if distinct else float("nan")
