"""Comments on loss curves."""

import pytest

from pw13.report.commentary import training_curves
from pw13.report.commentary.training_curves import Conditions, is_falling

CONSTANT, COSINE = Conditions("constant"), Conditions("cosine")
LEVEL = [1.0, 0.5, 0.33, *[0.25] * 30]
FLAT_AT_THE_END = [1.0, 0.9, 0.8, 0.7, 0.6, 0.55, 0.53, 0.52, 0.519, 0.519]


def history(*losses):
    return [{"epoch": i, "loss": train, "val_loss": val} for i, (train, val) in enumerate(losses, 1)]


def comment(losses, conditions=CONSTANT):
    return training_curves.training(history(*[(loss, loss) for loss in losses]), conditions)


def test_a_level_loss_has_levelled_off_at_a_constant_rate():
    text = comment(LEVEL)
    assert "The lowest validation loss, 0.2500, is at epoch 4 of 33." in text
    assert "it has levelled off" in text
    assert "more epochs" not in text
    assert "no sign of overfitting" in text


def test_under_a_decaying_rate_no_loss_has_levelled_off():
    text = comment(LEVEL, COSINE)
    assert "levelled off" not in text
    assert "The learning rate decays to 0, so the curve ends flat however many epochs there are" in text
    assert "at half of the epochs it still fell by 8.3 % per epoch" in comment(FLAT_AT_THE_END, COSINE)


@pytest.mark.parametrize("conditions", [CONSTANT, COSINE])
def test_a_falling_loss_may_fall_further(conditions):
    text = comment([1 - n / 100 for n in range(30)], conditions)
    assert "still fell by" in text
    assert "more epochs may lower it" in text


def test_a_risen_loss_has_its_best_epoch_behind():
    text = training_curves.training(history((1, 1), (0.8, 0.9), (0.5, 0.85), (0.3, 0.95), (0.2, 1.1)), CONSTANT)
    assert "epoch 3 of 5" in text
    assert "It has risen since" in text
    assert "70.0 % above the training loss" in text


@pytest.mark.parametrize("conditions", [CONSTANT, COSINE])
def test_after_a_rise_equal_losses_at_the_best_epoch_are_no_sign_of_no_overfitting(conditions):
    text = training_curves.training(history((1, 1), (0.5, 0.505), (0.3, 0.7), (0.1, 0.9)), conditions)
    assert "It has risen since" in text and text.endswith(
        "The two losses are within 1.0 % of each other at that epoch."
    )


def test_a_risen_loss_that_falls_at_the_end_has_still_risen():
    text = training_curves.training(history((0.6, 0.7), (0.5, 0.5), (0.4, 0.6), (0.3, 0.58)), CONSTANT)
    assert "epoch 2 of 4" in text and "It has risen since" in text
    assert "more epochs" not in text


def test_few_epochs_show_no_trend():
    assert "too few epochs" in training_curves.training(history((1, 0.9)), CONSTANT)
    assert training_curves.training([], CONSTANT) == ""


@pytest.mark.parametrize(
    ("losses", "conditions", "falling"),
    [
        ([], CONSTANT, False),
        ([1.0, 1.0], CONSTANT, True),
        (LEVEL, CONSTANT, False),
        (LEVEL, COSINE, False),
        ([1.0, 0.9, 0.8], CONSTANT, True),
        ([1.0, 0.996, 0.992], CONSTANT, False),  # falls by less than what counts as another loss
        ([1.0, 0.5, 0.6], CONSTANT, False),  # overfits
        (FLAT_AT_THE_END, CONSTANT, False),
        (FLAT_AT_THE_END, COSINE, True),
    ],
)
def test_a_training_is_too_short_while_its_loss_falls(losses, conditions, falling):
    assert is_falling(losses, conditions) == falling


def test_a_comparison_that_comes_too_early_names_epochs_and_runs():
    text = training_curves.too_short("cells", 2, ["SimpleRNN", "LSTM"])
    assert text.startswith(
        "Too short to compare cells: after 2 epochs the loss of SimpleRNN and LSTM was still falling."
    )
    assert "after 1 epoch the" in training_curves.too_short("cells", 1, ["LSTM"])


@pytest.mark.parametrize(
    ("train", "validation", "text"),
    [
        (1.0, 1.2, "20.0 % above the training loss: the model has begun to overfit"),
        (1.0, 0.9, "10.0 % below the training loss, which is a mean over the epoch while the weights still change."),
        (1.0, 1.03, "within 3.0 % of each other: no sign of overfitting"),
        (0.0, 1.0, "no sign of overfitting"),
    ],
)
def test_overfitting_is_judged_by_the_gap(train, validation, text):
    assert text in training_curves.overfitting(train, validation, CONSTANT)


def test_dropout_is_a_cause_of_a_validation_loss_below_the_training_loss():
    dropout = Conditions("constant", dropout=0.2)
    below = training_curves.overfitting(1.0, 0.9, dropout)
    assert below.endswith(
        "below the training loss, which is a mean over the epoch while the weights still change and is measured with "
        "dropout (0.2), which validation is without."
    )
    equal = training_curves.overfitting(1.0, 1.01, dropout)
    assert "dropout (0.2) raises the training loss" in equal and "no sign of overfitting" not in equal
    assert "begun to overfit" in training_curves.overfitting(1.0, 1.2, dropout)


@pytest.mark.parametrize(("train", "validation"), [(1.0, 0.8), (1.0, 1.0), (1.0, 1.5)])
def test_windows_from_mid_name_are_not_on_the_scale_of_whole_names(train, validation):
    text = training_curves.overfitting(train, validation, Conditions("constant", 0.0, from_mid_name=True))
    assert text.startswith("The two losses are not on one scale: the training loss is that of windows that begin in")
    assert "dropout" not in text and "overfit" not in text and "%" not in text
    assert ", and has dropout (0.3); for validation every name is read from its start" in training_curves.overfitting(
        train, validation, Conditions("constant", 0.3, from_mid_name=True)
    )
