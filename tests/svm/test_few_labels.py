"""C and gamma of few rows are those that the tuning of many rows would choose."""

import numpy as np
import pytest

from pw13.svm import cross_validation, evaluation, exact, few_labels, kernels


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("count", [24, 120])
def test_few_rows_get_the_setting_of_the_other_tuning(sets, kernel, classes, count):
    train, labels, _, _ = sets
    rows = np.flatnonzero(labels < classes)[:count]
    few, few_labelled = train[rows], np.array([3, 7, 8, 200])[labels[rows]]
    folds = cross_validation.stratified_folds(np.arange(len(rows)), few_labelled, 3, rng=np.random.default_rng(0))
    grid = kernels.grid(kernel, 6)
    expected = cross_validation.tune(few, few_labelled, grid, exact.fit_each, folds=folds).setting
    with kernels.thread_pool(2) as pool:
        assert few_labels.tune(few, few_labelled, grid, folds=folds, map_fn=pool.map) == expected
    assert few_labels.tune(few, few_labelled, grid, folds=folds) == expected


def test_only_rows_of_the_folds_choose(sets):
    train, labels, _, _ = sets
    grid, rows = kernels.grid("rbf", 6), np.arange(100, 160)
    folds = cross_validation.stratified_folds(rows, labels, 3, rng=np.random.default_rng(0))
    changed = np.where(np.isin(np.arange(240), rows)[:, None], train, np.float32(np.nan))
    assert few_labels.tune(changed, labels, grid, folds=folds) == few_labels.tune(train, labels, grid, folds=folds)


def test_a_subset_is_fitted_with_the_setting_of_its_own_folds(sets, monkeypatch):
    train, labels, test, test_labels = sets
    every = cross_validation.stratified_folds(np.arange(240), labels, 3, rng=np.random.default_rng(0))
    solvers = [evaluation.exact_solver(None)]
    (outcome,) = evaluation.evaluate(train, labels, test, "rbf", folds=every, solvers=solvers)
    rows, settings = np.arange(100, 124), []
    folds = cross_validation.stratified_folds(np.arange(24), labels[rows], 2, rng=np.random.default_rng(0))

    def fit(*arguments, original=exact.fit):
        settings.append(arguments[2])
        return original(*arguments)

    monkeypatch.setattr(exact, "fit", fit)
    subsets = [evaluation.Subset(rows, folds), evaluation.Subset(rows)]
    evaluation.accuracies_by_size(train, labels, test, test_labels, outcome, subsets=subsets)
    few = outcome.scaling.apply(train)[rows]
    own = cross_validation.tune(few, labels[rows], kernels.grid("rbf", 6), exact.fit_each, folds=folds).setting
    assert settings == [own, outcome.setting] and own != outcome.setting
