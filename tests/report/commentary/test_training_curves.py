"""Comments on loss curves."""

import pytest

from pw13.report.commentary import training_curves


def history(*losses):
    return [{"epoch": i, "loss": train, "val_loss": val} for i, (train, val) in enumerate(losses, 1)]


def test_a_level_loss_has_levelled_off():
    text = training_curves.training(history(*[(1 / n, 1 / n) for n in (1, 2, 3)], *[(0.25, 0.25)] * 30))
    assert "The lowest validation loss, 0.2500, is at epoch 4 of 33." in text
    assert "it has levelled off" in text
    assert "more epochs" not in text
    assert "no sign of overfitting" in text


def test_a_falling_loss_may_fall_further():
    text = training_curves.training(history(*[(1 - n / 100, 1 - n / 100) for n in range(30)]))
    assert "still fell by" in text
    assert "more epochs may lower it" in text


def test_a_risen_loss_has_its_best_epoch_behind():
    text = training_curves.training(history((1, 1), (0.8, 0.9), (0.5, 0.85), (0.3, 0.95), (0.2, 1.1)))
    assert "epoch 3 of 5" in text
    assert "It has risen since" in text
    assert "70.0 % above the training loss" in text


def test_a_risen_loss_that_falls_at_the_end_has_still_risen():
    text = training_curves.training(history((0.6, 0.7), (0.5, 0.5), (0.4, 0.6), (0.3, 0.58)))
    assert "epoch 2 of 4" in text and "It has risen since" in text
    assert "more epochs" not in text


def test_few_epochs_show_no_trend():
    assert "too few epochs" in training_curves.training(history((1, 0.9)))
    assert training_curves.training([]) == ""


@pytest.mark.parametrize(
    ("train", "validation", "text"),
    [
        (1.0, 1.2, "20.0 % above the training loss: the model has begun to overfit"),
        (1.0, 0.9, "10.0 % below the training loss"),
        (1.0, 1.03, "within 3.0 % of each other: no sign of overfitting"),
        (0.0, 1.0, "no sign of overfitting"),
    ],
)
def test_overfitting_is_judged_by_the_gap(train, validation, text):
    assert text in training_curves.overfitting(train, validation)
