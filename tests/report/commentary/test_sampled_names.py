"""Comments on sampled names."""

import pytest

from pw13.report.commentary import sampled_names
from pw13.report.commentary.contrasts import Loss

LOW = {"temperature": 0.5, "new": 0.7, "unique": 0.6, "whole": 1.0, "ngram_nats": 1.8, "distinct_trigrams": 0.14}
HIGH = {"temperature": 1.2, "new": 0.99, "unique": 1.0, "whole": 0.9, "ngram_nats": 3.1, "distinct_trigrams": 0.4}
REAL = {"ngram_nats": 1.9, "distinct_trigrams": 0.35}


def test_a_higher_temperature_gives_more_novel_names():
    text = sampled_names.temperatures([LOW, HIGH], {}, {})
    assert text == (
        "Of the sampled names 70.0 % are novel at temperature 0.5 and 99.0 % at 1.2; 60.0 % are unique at temperature "
        "0.5 and 100.0 % at 1.2; 100.0 % are complete at temperature 0.5 and 90.0 % at 1.2."
    )


def test_names_are_compared_with_real_ones_in_likelihood_and_diversity():
    text = sampled_names.temperatures(
        [LOW, HIGH], {"the n-gram model itself": [{**HIGH, "temperature": 1.0, "ngram_nats": 1.95}]}, REAL
    )
    assert (
        "Real held-out names have 1.90 nats per character under the n-gram model and 35.0 % distinct trigrams." in text
    )
    assert "the nearest are those of the network at temperature 0.5, with 1.80 nats" in text
    assert "14.0 % distinct trigrams and the n-gram model itself at temperature 1, with 1.95 nats" in text
    assert text.endswith(
        "At temperature 0.5, the lowest, names of the network are likelier than real ones, and more alike."
    )


@pytest.mark.parametrize(
    ("nats", "distinct", "text"),
    [
        (2.4, 0.14, "less likely than real ones, and more alike."),
        (1.94, 0.35, "about as likely as real ones."),
        (1.8, None, "likelier than real ones."),
    ],
)
def test_the_coldest_names_are_compared_with_real_ones(nats, distinct, text):
    coldest = {**LOW, "ngram_nats": nats, "distinct_trigrams": distinct}
    shown = sampled_names.temperatures([coldest, HIGH], {}, REAL)
    assert shown.endswith(f"At temperature 0.5, the lowest, names of the network are {text}")


def test_coldest_names_that_were_not_measured_are_not_compared():
    text = sampled_names.temperatures([{**LOW, "ngram_nats": None}, HIGH], {}, REAL)
    assert text.endswith("with 3.10 nats per character under the n-gram model and 40.0 % distinct trigrams.")


def test_names_of_a_run_of_0_1_0_are_compared_in_likelihood_only():
    old = [{key: value for key, value in row.items() if key != "distinct_trigrams"} for row in (LOW, HIGH)]
    text = sampled_names.temperatures(old, {}, {"ngram_nats": 3.0})
    assert "the nearest are those of the network at temperature 1.2, with 3.10 nats" in text
    assert "trigrams" not in text


def names(nats, distinct=0.35):
    return {"ngram_nats": nats, "distinct_trigrams": distinct}


def cell_names(simple, gru, lstm, ngram=None):
    return sampled_names.cell_names([("SimpleRNN", simple), ("GRU", gru), ("LSTM", lstm)], REAL, ngram)


def test_names_are_better_if_they_are_nearer_to_real_ones():
    text = cell_names(names(2.5), names(2.4), names(2.2), names(1.92))
    assert text.startswith("Are the names better? Yes, with GRU and LSTM. Names sampled as trained (temperature 1)")
    assert "from the 1.90 of real held-out names: SimpleRNN 0.60 (2.50, 35.0 % distinct trigrams), GRU 0.50" in text
    assert text.endswith("and the n-gram model itself 0.02 (1.92, 35.0 % distinct trigrams).")


def test_names_likelier_than_real_ones_are_not_better():
    assert cell_names(names(2.0), names(1.5), names(1.6)).startswith("Are the names better? No. ")
    assert cell_names(names(1.5), names(1.7), names(2.1)).startswith("Are the names better? Yes, with GRU and LSTM. ")


def test_a_difference_within_two_standard_errors_is_none():
    text = cell_names(names(2.0), names(1.95), names(2.04))
    assert text.startswith("Are the names better? They are not distinguishable. ")
    assert cell_names(names(2.5), names(2.45), names(2.4)).startswith(
        "Are the names better? Yes, with LSTM (GRU: not distinguishable). "
    )
    assert cell_names(names(2.5), names(2.45), names(2.6)).startswith(
        "Are the names better? No (GRU: not distinguishable). "
    )


def test_fewer_names_take_a_larger_difference():
    few = {**names(2.4), "sampled": 100}
    text = sampled_names.cell_names([("SimpleRNN", names(2.5)), ("GRU", few)], REAL, None)
    assert text.startswith("Are the names better? They are not distinguishable. ")


def test_the_error_that_a_run_has_measured_is_used():
    precise = [{**names(nats), "ngram_nats_error": 0.001} for nats in (2.0, 1.95)]
    rows = [("SimpleRNN", precise[0]), ("GRU", precise[1])]
    text = sampled_names.cell_names(rows, REAL, None)
    assert text.startswith("Are the names better? Yes, with GRU. ")  # not distinguishable by the error of earlier runs


def test_the_error_of_real_names_counts_where_they_are_in_between():
    for simple, answer in ((2.3, "Yes, with GRU. "), (1.5, "They are not distinguishable. ")):
        rows = [("SimpleRNN", names(simple)), ("GRU", names(2.1))]
        assert sampled_names.cell_names(rows, {**REAL, "names": 30}, None).startswith(f"Are the names better? {answer}")


def test_nearer_names_that_are_all_alike_are_not_better():
    text = cell_names(names(2.5), names(1.9, 0.2), names(2.0, 0.36))
    assert text.startswith("Are the names better? Yes, with LSTM (GRU: nearer in likelihood, but less diverse). ")


def test_names_of_0_1_0_are_judged_by_likelihood():
    old = {"ngram_nats": 2.0}
    assert cell_names({"ngram_nats": 2.5}, old, old).startswith("Are the names better? Yes, with GRU and LSTM. ")


def test_without_real_names_or_another_cell_nothing_is_judged():
    assert sampled_names.cell_names([("SimpleRNN", names(2.5)), ("GRU", names(2.0))], {}, None) == ""
    assert sampled_names.cell_names([("SimpleRNN", names(2.5))], REAL, None) == ""


@pytest.mark.parametrize(
    ("many", "text"), [(1.8, "10.0 % lower than"), (2.2, "10.0 % higher than"), (2.0, "practically the same as")]
)
def test_many_to_many_is_better_worse_or_the_same(many, text):
    losses, sampled = ({0: Loss(2.0)}, {0: Loss(many)}), ({"ngram_nats": 2.5}, {"ngram_nats": 1.6})
    comment = sampled_names.many_to_many(*losses, *sampled, REAL)
    assert f"{text} many-to-one (2.000)." in comment
    assert "Its sampled names are 0.30 nats per character from real held-out names under the n-gram model" in comment
    assert comment.endswith("(1.60 and 1.90), those of many-to-one 0.60 (2.50).")
    assert "sampled" not in sampled_names.many_to_many(*losses, *sampled, {})


def test_a_missing_metric_leaves_its_comment_out():
    assert sampled_names.many_to_many({0: Loss(2.0)}, {}, {}, {}, {}) == ""
    assert sampled_names.temperatures([], {}, {}) == ""
