"""Numbers, differences and lists as text."""

import pytest

from pw13.report.commentary import phrasing


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0.0215411, "0.02154"),
        (855992, "855,992"),
        (784, "784"),
        (443.4211, "443.4"),
        (1.0, "1.000"),
        (128.0, "128.0"),
        (123456.7, "123,457"),
    ],
)
def test_numbers_have_four_significant_digits_and_separators(value, text):
    assert phrasing.format_number(value) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 threads"), (1, "1 thread"), (2, "2 threads"), (12345, "12,345 threads"), (None, "– threads")],
)
def test_counts_agree_with_their_noun(count, text):
    assert phrasing.format_count(count, "thread") == text


@pytest.mark.parametrize(("count", "text"), [(1_412_386_800, "1.41 GB"), (5_000_000, "5.00 MB"), (1500, "1.50 kB")])
def test_bytes_have_decimal_units(count, text):
    assert phrasing.format_bytes(count) == text


@pytest.mark.parametrize(
    ("words", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_words_are_joined_as_a_list(words, text):
    assert phrasing.join_words(words) == text
