"""Comments on the character RNN."""

import pytest

from pw13.report.commentary import charrnn


def test_the_loss_is_in_nats_bits_and_perplexity():
    text = charrnn.held_out_loss({"train_nats": 2.0, "held_out_nats": 2.1, "held_out_accuracy": 0.38})
    assert text == (
        "On held-out names the loss is 2.100 nats per character (3.03 bits, perplexity 8.2); the most likely next "
        "character is correct in 38.0 % of cases. On training names it is 2.000, 4.8 % lower."
    )


def test_a_network_without_a_gap_generalizes():
    text = charrnn.held_out_loss({"train_nats": 2.1, "held_out_nats": 2.1})
    assert text.endswith("On training names it is 2.100: the network generalizes to new names.")


def test_without_held_out_names_only_the_training_loss_is_given():
    assert charrnn.held_out_loss({"train_nats": 2.1, "held_out_nats": None}) == (
        "Training loss 2.100 nats per character. No names were held out, so nothing can be said of new names."
    )


@pytest.mark.parametrize(
    ("loss", "order", "text"),
    [
        (1.5, 5, "25.0 % lower than that of a 5-gram model of the same training names (2.000)."),
        (2.5, 8, "25.0 % higher than that of an 8-gram model"),
        (2.0, None, "practically the same as that of an n-gram model"),
    ],
)
def test_the_ngram_model_is_better_worse_or_the_same(loss, order, text):
    assert text in charrnn.against_ngram(loss, 2.0, order)


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (
            [(32, 2.2), (64, 2.1), (128, 2.0)],
            "More units, lower validation loss: 2.200 with 32, 2.100 with 64, 2.000 with 128.",
        ),
        ([(32, 2.0), (64, 2.1), (128, 2.2)], "More units do not lower the validation loss"),
        ([(32, 2.2), (64, 2.0), (128, 2.1)], "The validation loss is lowest with 64 units"),
        ([(32, 2.0), (64, 1.999)], "The number of units hardly matters"),
    ],
)
def test_the_effect_of_a_setting_is_that_on_the_validation_loss(rows, text):
    assert charrnn.setting_effect("units", rows).startswith(text)


def test_one_value_of_a_setting_has_no_effect():
    assert charrnn.setting_effect("units", [(64, 2.0), (128, None)]) == ""


def test_a_higher_temperature_gives_more_novel_and_less_likely_names():
    low = {"temperature": 0.5, "new": 0.7, "unique": 0.6, "whole": 1.0, "ngram_nats": 1.8}
    high = {"temperature": 1.2, "new": 0.99, "unique": 1.0, "whole": 0.9, "ngram_nats": 3.1}
    text = charrnn.temperatures([low, high])
    assert "70.0 % are novel at temperature 0.5 and 99.0 % at 1.2" in text
    assert "names are less likely under the n-gram model: 3.10 nats per character instead of 1.80." in text
    assert "no less likely" in charrnn.temperatures([high, low])


@pytest.mark.parametrize(
    ("gru", "lstm", "answer"),
    [
        (1.9, 1.8, "Yes, with GRU and LSTM: SimpleRNN 2.100 nats per character on training names, GRU 1.900 (9.5 % lo"),
        (2.2, 1.8, "Yes, with LSTM: SimpleRNN 2.100"),
        (2.2, 2.1, "No: SimpleRNN 2.100"),
    ],
)
def test_cells_answer_whether_the_loss_can_be_reduced(gru, lstm, answer):
    comment = charrnn.cell_losses([("SimpleRNN", 2.1), ("GRU", gru), ("LSTM", lstm)], "training names")
    assert comment.startswith(f"Can the loss be reduced further? {answer}")


@pytest.mark.parametrize("rows", [[("SimpleRNN", 2.1), ("GRU", None)], [("GRU", 2.1)]])
def test_one_cell_is_not_compared(rows):
    assert charrnn.cell_losses(rows, "held-out names") == ""


def test_cells_answer_whether_names_are_better():
    base = ("SimpleRNN", {"ngram_nats": 2.5, "new": 0.9, "whole": 1.0})
    better = charrnn.cell_names([base, ("GRU", {"ngram_nats": 2.4}), ("LSTM", {"ngram_nats": 2.2})])
    assert "GRU and LSTM generate names that are more likely under the n-gram model" in better
    assert "SimpleRNN 2.50 nats (90.0 % novel, 100.0 % complete)" in better
    assert "LSTM generates names" in charrnn.cell_names([base, ("LSTM", {"ngram_nats": 2.2})])
    assert "Not by this measure" in charrnn.cell_names([base, ("LSTM", {"ngram_nats": 2.6})])
    assert charrnn.cell_names([base]) == ""


@pytest.mark.parametrize(
    ("many", "text"), [(1.8, "10.0 % lower than"), (2.2, "10.0 % higher than"), (2.0, "practically the same as")]
)
def test_many_to_many_is_better_worse_or_the_same(many, text):
    comment = charrnn.many_to_many(2.0, many, {"ngram_nats": 2.5}, {"ngram_nats": 2.4})
    assert f"{text} many-to-one (2.000)." in comment
    assert "2.40 nats per character under the n-gram model, those of many-to-one 2.50" in comment


def test_one_hot_vectors_are_measured_in_bytes():
    assert charrnn.one_hot_size(1000, 50, 10) == (
        "One-hot vectors of all windows and labels would take 550 kB at one byte per element and 2.20 MB as float32. "
        "Only the ids are stored: a one-hot vector times a weight matrix is one of its rows."
    )


def test_a_missing_metric_leaves_its_comment_out():
    assert charrnn.against_ngram(None, 1.0, 5) == ""
    assert charrnn.many_to_many(2.0, None, {}, {}) == ""
    assert charrnn.temperatures([]) == ""
