"""Diversity of names, and real names met."""

import math

import pytest

from pw13.metrics.names import distinct_ngrams, share_met


@pytest.mark.parametrize(
    ("texts", "length", "share"),
    [
        (["abc"], 3, 1.0),  # abc, bc and the end
        (["abab"], 2, 3 / 4),  # ab twice, ba, b and the end
        (["ab", "ab"], 3, 1 / 2),
        (["ab", "cd"], 3, 1.0),
        (["aaaa", "a"], 3, 2 / 3),  # "a" is shorter than a trigram
    ],
)
def test_distinct_ngrams_are_a_share_of_all(texts, length, share):
    assert distinct_ngrams(texts, length) == pytest.approx(share)


def test_names_without_an_ngram_have_no_share():
    assert math.isnan(distinct_ngrams(["a"], 3)) and math.isnan(distinct_ngrams([], 3))


def test_the_share_of_real_names_met_counts_each_name_once():
    assert share_met(["Acme", "Acme", "Zimble"], ["Acme", "Apple", "Acme", "Nimbo", "Zoo"]) == 1 / 4
    assert share_met([], ["Acme"]) == 0
    assert math.isnan(share_met(["Acme"], []))
