"""Measures of a char-RNN by position and certainty, on names small enough to count by hand."""

import numpy as np
import pytest

from pw13.experiments import charrnn_evaluation as evaluation
from pw13.inference.log_probabilities import Predicted


class Data:
    """Two held-out names, "ab" and "c": characters a, b, newline, c, newline."""

    class split:
        held_out = ("ab", "c")


def test_positions_average_over_the_names_that_reach_them(monkeypatch):
    monkeypatch.setattr(evaluation, "MIN_CHARACTERS", 1)
    network = {"held_out": -np.array([1.0, 2.0, 3.0, 5.0, 4.0])}
    counted = {"held_out": -np.array([2.0, 2.0, 2.0, 4.0, 6.0])}
    assert evaluation.by_position(network, counted, Data) == [
        {"position": 1, "characters": 2, "nats": 3.0, "ngram_nats": 3.0},
        {"position": 2, "characters": 2, "nats": 3.0, "ngram_nats": 4.0},
        {"position": 3, "characters": 1, "nats": 3.0, "ngram_nats": 2.0},
    ]
    monkeypatch.setattr(evaluation, "MIN_CHARACTERS", 2)
    assert [row["position"] for row in evaluation.by_position(network, counted, Data)] == [1, 2]


def test_the_difference_on_one_held_out_name_has_no_interval(monkeypatch):
    models = {"held_out": -np.array([1.0, 2.0, 3.0])}, {"held_out": -np.array([2.0, 2.0, 2.5])}
    monkeypatch.setattr(Data.split, "held_out", ("ab",))
    assert evaluation.difference_interval(*models, Data) is None


def test_certainty_is_accuracy_and_calibration():
    confidence = np.array([0.9, 0.9, 0.5, 0.5], np.float32)
    found = evaluation.certainty(Predicted(np.zeros(4, np.float32), np.array([1, 1, 1, 0], bool), confidence))
    assert found["held_out_accuracy"] == 0.75
    assert found["calibration_error"] == pytest.approx(0.5 * 0.1 + 0)
    assert [row["count"] for row in found["reliability"]] == [2, 2]
    nothing = evaluation.certainty(None)
    assert np.isnan(nothing["held_out_accuracy"]) and nothing["calibration_error"] is nothing["reliability"] is None
