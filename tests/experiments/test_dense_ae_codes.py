"""Codes of no image, neighbours of codes, and distances of decoded images from real ones, worked out by hand."""

import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest

from pw13.config.settings import DenseAE
from pw13.experiments import dense_ae_codes as codes
from pw13.experiments.dense_ae_figures import unit_changes
from pw13.models.dense_ae_numpy import Weights


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


def test_random_codes_have_mean_and_covariance_of_the_training_codes_also_where_they_are_correlated(monkeypatch):
    monkeypatch.setattr(codes, "SAMPLE", 20_000)
    rng = np.random.default_rng(0)
    train = (rng.normal(size=(500, 2)) @ [[2, 1, 0], [0, 0.5, 0]] + [3, -1, 7]).astype(np.float32)  # the last is dead
    part = SimpleNamespace(images=SimpleNamespace(test_labels=np.array([0, 1])), test_codes=train[:2], codes=train)
    random = codes.codes_of_no_image(part, DenseAE(code_size=3)).random
    np.testing.assert_allclose(random.mean(axis=0), train.mean(axis=0), atol=0.05)
    np.testing.assert_allclose(np.cov(random, rowvar=False), np.cov(train, rowvar=False), atol=0.1)
    assert np.ptp(random[:, 2]) < 1e-4


def test_a_code_of_the_largest_size_takes_no_more_memory_than_a_few_times_its_codes():
    size, rng = 65_536, np.random.default_rng(0)  # size * size float32 would be 17 GB
    rows = rng.normal(size=(12, size)).astype(np.float32)
    labels = np.arange(12) % 2
    part = SimpleNamespace(images=SimpleNamespace(test_labels=labels), test_codes=rows, codes=rows)
    net = Weights("linear", rows[:4].T, np.zeros(size, np.float32), rows[:4].T, np.zeros(4, np.float32))
    tracemalloc.start()
    found = codes.codes_of_no_image(part, DenseAE(code_size=size))
    principal = codes.principal(part, codes.CodeMap(np.arange(12), np.zeros((12, 2))))
    changes = unit_changes(net, rows, (12, 2, 2))
    assert tracemalloc.get_traced_memory()[1] < 400_000_000
    tracemalloc.stop()
    assert found.random.shape == (codes.SAMPLE, size) and principal.shape == (12, 2) and changes.shape == (128, 2, 2)


def test_principal_components_are_those_of_the_codes():
    rng = np.random.default_rng(1)
    rows = (rng.normal(size=(30, 3)) * [1, 5, 2]).astype(np.float32)
    found = codes.principal(SimpleNamespace(test_codes=rows), codes.CodeMap(np.arange(30), np.zeros((30, 2))))
    _, axes = np.linalg.eigh(np.cov(rows, rowvar=False))
    expected = (rows - rows.mean(axis=0)) @ axes[:, [2, 1]]
    np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=1e-4)
    one = codes.principal(SimpleNamespace(test_codes=rows[:, :1]), codes.CodeMap(np.arange(30), np.zeros((30, 2))))
    assert one[:, 0].any() and not one[:, 1].any()


def test_letters_of_every_class_are_compared_with_training_images_also_in_a_sorted_file(monkeypatch):
    labels = np.repeat(np.arange(10), 50)
    rows = np.eye(10, dtype=np.float32)[labels]  # code and image of a letter tell its class
    part = SimpleNamespace(
        images=SimpleNamespace(test_labels=labels), test_codes=rows, test=rows, codes=rows, train=rows,
        net=SimpleNamespace(decode=lambda each: each),
    )  # fmt: skip
    compared = []
    monkeypatch.setattr(codes, "nearest_mse", lambda outputs, _: compared.append(outputs) or np.zeros(len(outputs)))
    codes.measure(part, codes.CodeMap(np.arange(500), rows[:, :2]), DenseAE(code_size=10))
    assert compared[0].sum(axis=0).tolist() == [20] * 10
