"""An evaluation tunes, fits and predicts with one solver, and saves all that a prediction needs."""

import io
import sys

import numpy as np
import pytest

from pw13.svm import approximate as approximate_svm
from pw13.svm import cross_validation, evaluation, exact, intelex, kernels
from pw13.svm.kernels import Scaling, Setting


def make_folds(labels, count=2, step=1):
    rows = np.arange(0, len(labels), step)
    return cross_validation.stratified_folds(rows, labels, count, rng=np.random.default_rng(0))


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
@pytest.mark.parametrize(("max_rows", "method"), [(1000, "SVC"), (10, None)])
def test_the_saved_arrays_give_the_predictions(sets, kernel, max_rows, method, monkeypatch):
    train, labels, test, test_labels = sets
    monkeypatch.setattr(exact, "MAX_ROWS", max_rows)
    monkeypatch.setattr(intelex, "available", lambda: False)
    ticks = []
    outcome = evaluation.evaluate(train, labels, test, kernel, folds=make_folds(labels), tick=lambda: ticks.append(1))
    assert len(ticks) == evaluation.steps(kernel, 2)
    assert outcome.method == (method or approximate_svm.method(kernel))
    assert np.mean(outcome.predictions == test_labels) > 0.75 and outcome.setting in kernels.grid(kernel, 6)
    assert min(outcome.tune_seconds, outcome.fit_seconds, outcome.predict_seconds) > 0

    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **evaluation.arrays(outcome))
    file.seek(0)
    with np.load(file, allow_pickle=False) as saved:
        np.testing.assert_array_equal(predict_from(dict(saved), test), outcome.predictions)


def predict_from(saved: dict[str, np.ndarray], test: np.ndarray) -> np.ndarray:
    """Predict with nothing but the saved arrays."""
    setting = Setting(str(saved["kernel"]), *map(float, saved["setting"]))
    cls = exact.Classifier if "support" in saved else approximate_svm.Classifier
    classifier = cls(setting, **{name: saved[name] for name in cls._fields if name != "setting"})
    return classifier.predict(Scaling(saved["mean"], saved["deviation"]).apply(test))


@pytest.mark.parametrize("installed", [False, True])
def test_the_solver_depends_on_the_training_labels_and_the_extra(monkeypatch, installed):
    monkeypatch.setattr(intelex, "available", lambda: installed)
    monkeypatch.setattr(intelex.metadata, "version", lambda name: "1.2.3")
    few, many, large_pair = np.arange(10_440) % 10, np.arange(60_000) % 10, np.arange(exact.MAX_PAIR_ROWS + 2) % 2
    assert evaluation.choose_solver(few, "rbf") == ("SVC", exact.fit)
    expected = ("SVC (scikit-learn-intelex 1.2.3)", intelex.fit) if installed else ("LinearSVC", approximate_svm.fit)
    assert evaluation.choose_solver(many, "linear") == evaluation.choose_solver(large_pair, "linear") == expected
    nystroem = ("Nystroem 1000 + LinearSVC", approximate_svm.fit)
    assert evaluation.choose_solver(many, "rbf", approximate=True) == nystroem


def test_an_evaluation_names_the_solver(sets, fake_intelex):
    train, labels, test, test_labels = sets
    folds = make_folds(labels, step=3)
    outcome = evaluation.evaluate(train, labels, test, "rbf", folds=folds)
    assert outcome.method == "SVC (scikit-learn-intelex 1.2.3)" and isinstance(outcome.classifier, exact.Classifier)
    assert np.mean(outcome.predictions == test_labels) > 0.75
    approximate = evaluation.evaluate(train, labels, test, "rbf", folds=folds, approximate=True)
    assert approximate.method == approximate_svm.method("rbf")


def test_the_extra_need_not_be_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearnex", None)
    intelex.available.cache_clear()
    assert not intelex.available()
    intelex.available.cache_clear()


def test_accuracies_by_size_end_with_that_of_all_rows(sets):
    train, labels, test, test_labels = sets
    outcome = evaluation.evaluate(train, labels, test, "rbf", folds=make_folds(labels))
    subsets = [np.arange(24), np.arange(len(labels))]
    few, every = evaluation.accuracies_by_size(train, labels, test, test_labels, outcome, subsets=subsets)
    assert every == np.mean(outcome.predictions == test_labels) and few < every
