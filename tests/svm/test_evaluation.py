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


def solver(method: str, count: int) -> evaluation.Solver:
    return evaluation.choose_solver(method, count, seed=0)


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
@pytest.mark.parametrize("exactly", [True, False])
def test_the_saved_arrays_give_the_predictions(sets, kernel, exactly):
    train, labels, test, test_labels = sets
    chosen, ticks = solver("SVC" if exactly else approximate_svm.method(kernel), len(labels)), []
    (outcome,) = evaluation.evaluate(
        train, labels, test, kernel, folds=make_folds(labels), solvers=[chosen], tick=lambda: ticks.append(1)
    )
    assert len(ticks) == evaluation.steps(kernel, 2, [chosen])
    assert (outcome.method, outcome.n_train) == (chosen.method, len(labels))
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


def test_an_unknown_method_is_refused():
    with pytest.raises(ValueError, match="unknown method 'magic'"):
        solver("magic", 10)


def test_an_outcome_names_its_method_and_how_many_images_it_was_fitted_on(sets, fake_intelex):
    train, labels, test, test_labels = sets
    methods = [intelex.method(), approximate_svm.method("rbf")]
    solvers = [*(solver(method, len(labels)) for method in methods), evaluation.exact_solver(np.arange(0, 240, 2))]
    outcomes = evaluation.evaluate(train, labels, test, "rbf", folds=make_folds(labels, step=3), solvers=solvers)
    assert [(outcome.method, outcome.n_train) for outcome in outcomes] == [
        ("SVC (scikit-learn-intelex 1.2.3)", 240), ("Nystroem 1000 + SGD", 240), ("SVC", 120)
    ]  # fmt: skip
    assert isinstance(outcomes[0].classifier, exact.Classifier)
    assert all(np.mean(outcome.predictions == test_labels) > 0.75 for outcome in outcomes)
    assert len({outcome.setting for outcome in outcomes}) == len({outcome.cv_accuracy for outcome in outcomes}) == 1


def test_an_approximation_does_not_depend_on_what_was_fitted_before(sets):
    train, labels, _, _ = sets
    fit = solver("SGD", len(labels)).fit
    first, second = (fit(train, labels, Setting("linear", 0.3, 0.0), map, tick=lambda: None) for _ in range(2))
    np.testing.assert_array_equal(first.weights, second.weights)


class Lazy:
    """Rows computed when they are asked for, in float64 first."""

    def __init__(self, rows):
        self.rows = rows

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, rows):
        return self.rows.astype(np.float64)[rows].astype(np.float32)


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_rows_in_blocks_give_the_outcomes_of_one_array(sets, monkeypatch, kernel):
    train, labels, test, _ = sets
    monkeypatch.setattr(kernels, "ROWS_PER_BLOCK", 70)
    for name, size in (("ROWS_PER_BLOCK", 100), ("ROWS_PER_TASK", 30)):
        monkeypatch.setattr(approximate_svm, name, size)
    whole, parts = (
        evaluation.evaluate(
            rows, labels, tests, kernel,
            folds=make_folds(labels), solvers=[solver(approximate_svm.method(kernel), 240), solver("SVC", 240)],
        )
        for rows, tests in ((train, test), (Lazy(train), Lazy(test)))
    )  # fmt: skip
    for first, second in zip(whole, parts, strict=True):
        assert first.setting == second.setting
        np.testing.assert_allclose(first.scaling.deviation, second.scaling.deviation, rtol=1e-6)
        assert np.mean(first.predictions == second.predictions) >= 0.995


def test_a_file_sorted_by_class_is_learned_as_well_as_a_shuffled_one(sets, monkeypatch):
    monkeypatch.setattr(approximate_svm, "ROWS_PER_BLOCK", 40)
    train, labels, test, test_labels = sets
    order = np.argsort(labels, kind="stable")
    classifier = approximate_svm.fit(
        train[order], labels[order], Setting("linear", 0.3, 0.0), rng=np.random.default_rng(0)
    )
    assert np.mean(classifier.predict(test) == test_labels) > 0.75


def test_the_extra_need_not_be_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearnex", None)
    intelex.available.cache_clear()
    assert not intelex.available()
    intelex.available.cache_clear()


def test_accuracies_by_size_end_with_that_of_all_rows(sets):
    train, labels, test, test_labels = sets
    (outcome,) = evaluation.evaluate(
        train, labels, test, "rbf", folds=make_folds(labels), solvers=[evaluation.exact_solver(None)]
    )
    subsets = [evaluation.Subset(rows) for rows in (np.arange(24), np.arange(len(labels)))]
    few, every = evaluation.accuracies_by_size(train, labels, test, test_labels, outcome, subsets=subsets)
    assert every == np.mean(outcome.predictions == test_labels) and few < every
