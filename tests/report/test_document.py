"""Tables and sentences of the report."""

import pytest

from pw13.report.document import as_sentence, table


def test_columns_of_numbers_are_numeric():
    made = table(
        "c",
        ("a", "b", "c", "d"),
        [("1,234", "88.0–90.0 %", "2026-11-24_x", "0.2 (0.1 to 0.3)"), ("–", "12.5 %", "1", "")],
    )
    assert made.numeric == (True, True, False, True)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("notMNIST is here", "notMNIST is here."), ("left out: 3 lines", "Left out: 3 lines."), ("Done!", "Done!")],
)
def test_a_sentence_begins_with_a_capital_and_ends_with_a_full_stop(text, sentence):
    assert as_sentence(text) == sentence
