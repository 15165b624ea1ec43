"""Neighbours of codes, and distances of decoded images from real ones, worked out by hand."""

import numpy as np
import pytest

from pw13.experiments import dense_ae_codes as codes


def test_the_share_of_neighbours_of_the_same_class(monkeypatch):
    monkeypatch.setattr(codes, "NEIGHBOURS", 2)
    points, labels = np.float32([[0], [1], [2], [10], [11]]), np.array([0, 0, 1, 1, 1])
    # neighbours: 0 -> 1, 2; 1 -> 0, 2; 2 -> 0, 1; 3 -> 4, 2; 4 -> 3, 2
    assert codes.neighbours_of_class(points, labels) == pytest.approx((1 + 1 + 0 + 2 + 2) / 10)
    assert codes.neighbours_of_class(points[:1], labels[:1]) is None


def test_the_nearest_image_of_an_output():
    images = np.float32([[0, 0], [1, 1], [0, 1]])
    outputs = np.float32([[0.1, 0.1], [0.9, 0.5]])
    assert codes.nearest_mse(outputs, images) == pytest.approx([0.01, (0.01 + 0.25) / 2])
