"""Comments on the character RNN."""

import json

import pytest

from pw13.report.commentary import charrnn
from pw13.report.commentary.contrasts import Loss
from pw13.system.files import to_json


def test_the_loss_is_in_nats_bits_and_perplexity():
    text = charrnn.held_out_loss({"train_nats": 2.0, "held_out_nats": 2.1, "held_out_accuracy": 0.38})
    assert text == (
        "On held-out names the loss is 2.100 nats per character (3.03 bits, perplexity 8.2); the most likely next "
        "character is correct in 38.0 % of cases. On training names it is 2.000, 4.8 % lower."
    )


@pytest.mark.parametrize(("held_out", "shown"), [(14.0, "14 nats"), (710.5, "710.5 nats"), (1e300, "1e+300 nats")])
def test_a_loss_that_diverged_is_named_without_its_perplexity(held_out, shown):
    text = charrnn.held_out_loss({"train_nats": 2.0, "held_out_nats": held_out, "held_out_accuracy": 0.1})
    assert text.startswith(f"The loss diverged: {shown}") and "perplexity" not in text


@pytest.mark.parametrize("train", [2.0, None])
def test_an_infinite_loss_which_json_lacks_is_not_taken_for_an_absence_of_held_out_names(train):
    metrics = json.loads(to_json({"train_nats": train, "held_out_nats": float("inf"), "held_out_accuracy": 0.1}))
    assert charrnn.held_out_loss(metrics) == "The loss diverged: it is infinite on held-out names."


def test_a_network_without_a_gap_generalizes():
    text = charrnn.held_out_loss({"train_nats": 2.1, "held_out_nats": 2.1})
    assert text.endswith("On training names it is 2.100: the network generalizes to new names.")


def test_without_held_out_names_only_the_training_loss_is_given():
    assert charrnn.held_out_loss({"train_nats": 2.1, "held_out_nats": None}) == (
        "Training loss 2.100 nats per character. No names were held out, so nothing can be said of new names."
    )


@pytest.mark.parametrize(
    ("ngram", "text"),
    [
        (
            {"held_out_nats": 2.0, "order": 5, "difference_ci95": [-0.62, -0.41]},
            "A 5-gram model of the same training names has a higher held-out loss: 2.000, by 0.5000 (95 % interval of "
            "the difference +0.4100 to +0.6200).",
        ),
        (
            {"held_out_nats": 1.4, "order": 8, "difference_ci95": [0.08, 0.12]},
            "An 8-gram model of the same training names has a lower held-out loss: 1.400, by 0.1000 (95 % interval of "
            "the difference -0.1200 to -0.0800).",
        ),
        (
            {"held_out_nats": 1.499, "order": 10, "difference_ci95": [-0.003, 0.005]},
            "A 10-gram model of the same training names is not distinguishably better or worse: 1.499 (95 % interval "
            "of the difference -0.0050 to +0.0030).",
        ),
        (
            {"held_out_nats": 1.2, "order": 5, "difference_ci95": None},
            "A 5-gram model of the same training names has a held-out loss of 1.200.",
        ),
        (
            {"held_out_nats": 1.2, "order": None},
            "An n-gram model of the same training names has a held-out loss of 1.200.",
        ),
        (
            {
                "held_out_nats": 1.4,
                "order": 6,
                "difference_ci95": [0.08, 0.12],
                "limited": True,
                "left_out": 1234,
                "counted_names": 300_000,
                "training_names": 1_552_500,
            },
            "A 6-gram model of 300,000 of the 1,552,500 training names has a lower held-out loss: 1.400, by 0.1000 "
            "(95 % interval of the difference -0.1200 to -0.0800). 1,234 n-grams of 6 and more characters that occur "
            "once are left out. Longer n-grams are too many to count.",
        ),
    ],
)
def test_the_ngram_model_is_better_only_where_the_interval_excludes_0(ngram, text):
    assert charrnn.against_ngram({"held_out_nats": 1.5, "ngram": ngram}) == text


def mixed(**changes):
    mixture = {"weight": 0.55, "held_out_nats": 1.64, "gain_over": "ngram", "gain_ci95": [0.055, 0.065], **changes}
    return charrnn.mixed_with_ngram({"held_out_nats": 1.72, "ngram": {"held_out_nats": 1.7}, "mixture": mixture})


def test_the_mixture_is_compared_with_the_better_of_its_models():
    assert mixed() == (
        "Mixed, with weight 0.55 for the network (chosen on validation names), both reach 1.640, 0.0600 less than the "
        "n-gram model alone (95 % interval 0.0550 to 0.0650): each knows something that the other does not."
    )
    assert "0.0800 less than the network alone" in mixed(gain_over="network")


def test_a_mixture_whose_gain_may_be_chance_is_not_called_better():
    text = mixed(held_out_nats=1.7, gain_ci95=[-0.001, 0.002])
    assert text.endswith(
        "reach 1.700: not distinguishably better than the n-gram model alone (95 % interval of the gain -0.0010 to "
        "+0.0020)."
    )


def test_a_gain_on_one_held_out_name_is_not_judged():
    assert mixed(gain_ci95=None) == (
        "Mixed, with weight 0.55 for the network (chosen on validation names), both reach 1.640."
    )


def test_a_run_without_a_mixture_has_no_comment_on_it():
    assert charrnn.mixed_with_ngram({"held_out_nats": 1.7}) == ""
    assert charrnn.mixed_with_ngram({"held_out_nats": None, "mixture": None}) == ""


def one_seed(rows):
    """Return rows of (name, loss) with the loss by seed, as of a single training; none where it is None."""
    return [(name, {} if loss is None else {0: Loss(loss)}) for name, loss in rows]


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
        (
            [(32, 2.1), (64, 2.099), (128, 2.0995)],
            "The number of units hardly matters for the validation loss: 2.100 with 32, 2.099 with 64, 2.099 with 128.",
        ),
        ([(32, 2.0), (64, 2.3), (128, 1.999)], "More units do not lower the validation loss"),
        ([(32, 2.2), (64, 2.0), (128, 1.999)], "The validation loss is lowest with 64 and 128 units: "),
    ],
)
def test_the_effect_of_a_setting_is_that_on_the_validation_loss(rows, text):
    assert charrnn.setting_effect("units", one_seed(rows)).startswith(text)


def over_seeds(*rows):
    """Return rows of (name, loss of each seed) with the losses by seed."""
    return [(name, {seed: Loss(loss) for seed, loss in enumerate(losses)}) for name, losses in rows]


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (
            [(32, (2.60, 2.62)), (64, (2.40, 2.45))],
            "No effect of the number of units on the validation loss can be told from chance: 2.610 with 32, 2.425 "
            "with 64.",
        ),
        (
            [(32, (2.60, 2.62)), (64, (2.60, 2.61)), (128, (2.90, 2.92))],
            "No lower validation loss with more units can be told from chance: ",
        ),
        ([(32, (2.60, 2.62)), (64, (2.90, 2.92))], "More units do not lower the validation loss: "),
        ([(32, (2.60, 2.62)), (64, (2.40, 2.421))], "More units, lower validation loss: "),
    ],
)
def test_an_interval_that_includes_0_is_no_evidence_of_no_effect(rows, text):
    assert charrnn.setting_effect("units", over_seeds(*rows)).startswith(text)


def test_one_value_of_a_setting_has_no_effect():
    assert charrnn.setting_effect("units", one_seed([(64, 2.0), (128, None)])) == ""


@pytest.mark.parametrize(
    ("gru", "lstm", "answer"),
    [
        (1.9, 1.8, "Yes, with GRU and LSTM: SimpleRNN 2.100 nats per character on training names; GRU 1.900, 9.5 % lo"),
        (2.2, 1.8, "Yes, with LSTM: SimpleRNN 2.100"),
        (2.2, 2.1, "No: SimpleRNN 2.100"),
    ],
)
def test_cells_answer_whether_the_loss_can_be_reduced(gru, lstm, answer):
    comment = charrnn.cell_losses(one_seed([("SimpleRNN", 2.1), ("GRU", gru), ("LSTM", lstm)]), "training names")
    assert comment.startswith(f"Can the loss be reduced further? {answer}")


@pytest.mark.parametrize(
    ("gru", "lstm", "answer"),
    [
        ((2.40, 2.45), (2.80, 2.81), "Not distinguishable: SimpleRNN 2.610"),
        ((2.40, 2.421), (2.40, 2.45), "Yes, with GRU: "),
        ((2.80, 2.821), (2.90, 2.921), "No: "),
    ],
)
def test_over_seeds_no_is_said_only_of_losses_that_are_distinguishably_higher(gru, lstm, answer):
    rows = over_seeds(("SimpleRNN", (2.60, 2.62)), ("GRU", gru), ("LSTM", lstm))
    assert charrnn.cell_losses(rows, "held-out names").startswith(f"Can the loss be reduced further? {answer}")


@pytest.mark.parametrize("rows", [[("SimpleRNN", 2.1), ("GRU", None)], [("GRU", 2.1)]])
def test_one_cell_is_not_compared(rows):
    assert charrnn.cell_losses(one_seed(rows), "held-out names") == ""


def test_one_hot_vectors_are_measured_in_bytes():
    assert charrnn.one_hot_size(1000, 50, 10) == (
        "One-hot vectors of all windows and labels would take 550 kB at one byte per element and 2.20 MB as float32. "
        "Only the ids are stored: a one-hot vector times a weight matrix is one of its rows."
    )


def test_a_missing_metric_leaves_its_comment_out():
    assert charrnn.against_ngram({"held_out_nats": None, "ngram": {"held_out_nats": 1.0, "order": 5}}) == ""


POSITIONS = [
    {"position": 1, "characters": 100, "nats": 2.9, "ngram_nats": 2.8},
    {"position": 2, "characters": 100, "nats": 2.1, "ngram_nats": 2.3},
    {"position": 3, "characters": 50, "nats": 1.5, "ngram_nats": 1.6},
]


def test_positions_are_told_from_their_numbers():
    text = charrnn.by_position(POSITIONS)
    assert text.startswith("The network is surprised most by character 1 (2.90 nats) and least by character 3 (1.50)")
    assert text.endswith(
        "its mean loss is below that of the n-gram model at 2 of 3 positions, which hold 60 % of the characters."
    )
    assert charrnn.by_position([]) == charrnn.by_position(POSITIONS[:1]) == ""


@pytest.mark.parametrize(
    ("accuracy", "lean"), [(0.7, "too sure"), (0.9, "too cautious"), (0.805, "calibrated on average")]
)
def test_calibration_says_which_way_the_network_errs(accuracy, lean):
    text = charrnn.calibration(0.1, [{"confidence": 0.8, "accuracy": accuracy, "count": 5}])
    assert f"a probability of 80.0 % on average: the network is {lean} (expected calibration error 0.100)." in text
    assert charrnn.calibration(None, []) == ""
