"""Reliability and expected calibration error, worked out by hand."""

import numpy as np
import pytest

from pw13.metrics.calibration import expected_calibration_error, reliability


def test_bins_and_error_by_hand():
    """Two bins of ten: 0.25 is right in 1 of 2, 0.95 in 3 of 4: error (2 * 0.25 + 4 * 0.2) / 6."""
    confidence = np.array([0.25, 0.25, 0.95, 0.95, 0.95, 0.95])
    rows = reliability(confidence, np.array([True, False, True, True, True, False]), bins=10)
    assert [row["count"] for row in rows] == [2, 4]
    assert [row["accuracy"] for row in rows] == [0.5, 0.75]
    assert [row["confidence"] for row in rows] == pytest.approx([0.25, 0.95])
    assert expected_calibration_error(rows) == pytest.approx((2 * 0.25 + 4 * 0.2) / 6)


def test_predictions_that_come_as_often_as_said_are_calibrated():
    rng = np.random.default_rng(0)
    confidence = rng.random(200_000).astype(np.float32)
    assert expected_calibration_error(reliability(confidence, rng.random(200_000) < confidence)) < 0.01
    assert expected_calibration_error(reliability(confidence, rng.random(200_000) < confidence**2)) > 0.1


def test_certainty_is_in_the_last_bin():
    (row,) = reliability(np.ones(3), np.array([True, True, False]))
    assert row == {"confidence": 1.0, "accuracy": pytest.approx(2 / 3), "count": 3}
