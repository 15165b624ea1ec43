"""The few-label curve: C and gamma of a subset are chosen on its own labels."""

import numpy as np
import pytest

from pw13 import config
from pw13.experiments import svm_curves
from pw13.experiments.svm_curves import draw_subset


def labels_of(count: int) -> np.ndarray:
    return np.arange(count, dtype=np.int64) % 10


@pytest.mark.parametrize("size", [50, 500, 1000])
def test_the_folds_of_a_subset_are_of_its_own_rows_at_most_500(size):
    subset = draw_subset(labels_of(5000), size, 0, config.SvmEval(), 4000)
    tuning = np.concatenate(subset.folds)
    assert len(subset.rows) == size and len(subset.folds) == 3
    assert len(np.unique(tuning)) == len(tuning) == min(size, svm_curves.TUNE_ON) and tuning.max() < size
    assert (np.bincount(labels_of(5000)[subset.rows][tuning]) == len(tuning) // 10).all()


def test_a_subset_as_large_as_that_of_the_tuning_keeps_its_setting():
    assert len(draw_subset(labels_of(5000), 200, 0, config.SvmEval(), 201).folds) == 3
    assert draw_subset(labels_of(5000), 200, 0, config.SvmEval(), 200).folds == ()


@pytest.mark.parametrize(("rare", "folds"), [(1, 0), (2, 2), (3, 3), (30, 5)])
def test_a_rare_class_makes_the_folds_fewer_or_none(rare, folds):
    labels = np.array([0] * 30 + [1] * rare)
    subset = draw_subset(labels, len(labels), 0, config.SvmEval(folds=5), 4000)
    assert len(subset.folds) == folds
    assert all(set(labels[subset.rows][fold]) == {0, 1} for fold in subset.folds)


def test_draws_of_one_size_differ_and_a_seed_repeats_them():
    first, second, again = (draw_subset(labels_of(500), 50, draw, config.SvmEval(), 100) for draw in (0, 1, 0))
    assert set(first.rows) != set(second.rows) and (first.rows == again.rows).all()
    assert all((one == other).all() for one, other in zip(first.folds, again.folds, strict=True))
