"""Neighbours of codes, and distances of decoded images from real ones, worked out by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from pw13.config.settings import DenseAE
from pw13.experiments import dense_ae_codes as codes


def test_the_share_of_neighbours_of_the_same_class(monkeypatch):
    monkeypatch.setattr(codes, "NEIGHBOURS", 2)
    points, labels = np.float32([[0], [1], [2], [10], [11]]), np.array([0, 0, 1, 1, 1])
    # neighbours: 0 -> 1, 2; 1 -> 0, 2; 2 -> 0, 1; 3 -> 4, 2; 4 -> 3, 2
    assert codes.shares_of_class(points, labels).tolist() == [0.5, 0.5, 0, 1, 1]
    assert len(codes.shares_of_class(points[:1], labels[:1])) == 0


def test_the_nearest_image_of_an_output():
    images = np.float32([[0, 0], [1, 1], [0, 1]])
    outputs = np.float32([[0.1, 0.1], [0.9, 0.5]])
    assert codes.nearest_mse(outputs, images) == pytest.approx([0.01, (0.01 + 0.25) / 2])


def test_codes_of_no_image_are_means_midpoints_of_classes_and_draws_like_the_training_codes():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 40)
    test_codes = np.float32([[0, 0], [10, 0], [0, 10]])[labels]  # one code per class
    spread = np.float32([[2, 1], [0, 0.5]])
    train = (rng.normal(size=(5000, 2)) @ spread + 3).astype(np.float32)
    part = SimpleNamespace(images=SimpleNamespace(test_labels=labels), test_codes=test_codes, codes=train)
    found = codes.codes_of_no_image(part, DenseAE(code_size=2))
    assert found.means.tolist() == [[0, 0], [10, 0], [0, 10]]
    assert found.path[0].tolist() == [0, 0] and found.path[-1].tolist() == [0, 10]
    assert {tuple(code) for code in found.midpoints.tolist()} == {(5, 0), (0, 5), (5, 5)}  # never of one class
    assert found.random.shape == (codes.SAMPLE, 2) and found.random.dtype == np.float32
    np.testing.assert_allclose(found.random.mean(axis=0), [3, 3], atol=0.5)
    np.testing.assert_allclose(np.cov(found.random, rowvar=False), spread.T @ spread, atol=1)
