"""Folds are stratified, and tuning never looks at the rows that it validates on."""

import numpy as np

from pw13.svm import cross_validation, exact
from pw13.svm.kernels import Setting


def test_folds_are_disjoint_complete_and_stratified():
    labels = np.repeat([0, 1, 2], [30, 13, 3])
    folds = cross_validation.stratified_folds(np.arange(46), labels, 3, rng=np.random.default_rng(0))
    assert sorted(np.concatenate(folds)) == list(range(46))
    assert {len(fold) for fold in folds} <= {15, 16}
    for fold in folds:
        counts = np.bincount(labels[fold], minlength=3)
        assert counts[0] == 10 and counts[1] in (4, 5) and counts[2] == 1


def test_the_first_of_the_best_settings_is_chosen(sets):
    train, labels, _, _ = sets
    folds = cross_validation.stratified_folds(np.arange(len(labels)), labels, 3, rng=np.random.default_rng(0))
    good, equal, bad = Setting("rbf", 3.0, 0.1), Setting("rbf", 3.0, 0.1), Setting("rbf", 1e-6, 1e3)
    result = cross_validation.tune(train, labels, [bad, good, equal], exact.fit_each, folds=folds)
    assert result.setting is good and 0.7 < result.accuracy < 1


def test_no_classifier_is_validated_on_its_training_rows(sets):
    train, labels, _, _ = sets
    rows = np.arange(0, len(labels), 2)
    folds = cross_validation.stratified_folds(rows, labels, 3, rng=np.random.default_rng(0))
    sizes = []

    class FakeClassifier:
        def __init__(self, features):
            self.rows = {row.tobytes() for row in features}

        def predict(self, features):
            sizes.append(len(self.rows) + len(features))
            assert not self.rows & {row.tobytes() for row in features}
            return np.zeros(len(features))

    def fit_each(features, *_):
        return [FakeClassifier(features)]

    cross_validation.tune(train, labels, [Setting("rbf", 1, 1)], fit_each, folds=folds)
    assert sizes == [len(rows)] * 3


def test_gamma_by_gamma_the_result_is_the_same_and_only_its_kernel_matrices_are_in_memory(sets, monkeypatch):
    monkeypatch.setattr(exact, "SMALL_SET", 0)
    train, labels, _, _ = sets
    folds = cross_validation.stratified_folds(np.arange(len(labels)), labels, 2, rng=np.random.default_rng(0))
    settings = [Setting("rbf", c, gamma) for gamma in (0.02, 0.2) for c in (1.0, 3.0)]
    gammas, results = [], []

    def kernel_matrices(*arguments, original=exact.kernel_matrices):
        found = original(*arguments)
        gammas.append(len(found))
        return found

    monkeypatch.setattr(exact, "kernel_matrices", kernel_matrices)
    for together, kept in ((True, {2}), (False, {1})):
        gammas.clear()
        results.append(cross_validation.tune(train, labels, settings, exact.fit_each, folds=folds, together=together))
        assert set(gammas) == kept
    assert results[0] == results[1]
