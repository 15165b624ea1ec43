"""The machines of pw13.svm against scikit-learn's own, and what the choice of settings may look at."""

import io
import sys
import types

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from pw13.svm import approximate as approximate_svm
from pw13.svm import cross_validation, evaluation, exact, intelex, kernels
from pw13.svm.kernels import Setting


def clusters(count: int, seed: int, size: int = 6, classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Overlapping clouds around `classes` centres, `(count, size)` float32, and their labels."""
    centres = np.random.default_rng(99).normal(0, 1.2, (classes, size))
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % classes).astype(np.int64)
    return (centres[labels] + rng.normal(0, 1, (count, size))).astype(np.float32), labels


@pytest.fixture(scope="module")
def sets():
    return *clusters(240, 1), *clusters(400, 2)


def test_the_scaling_is_that_of_the_training_rows(sets):
    train, _, test, _ = sets
    scale = kernels.fit_scaling(train)
    expected = StandardScaler().fit(train.astype(np.float64)).transform(test.astype(np.float64))
    np.testing.assert_allclose(scale.apply(test), expected, atol=1e-5)
    assert scale.apply(test).dtype == np.float32


def test_a_feature_that_never_changes_stays_finite():
    train = np.array([[0, 1, 3], [0, 1, 5]], np.float32)
    assert kernels.fit_scaling(train).apply(np.array([[2, 1, 4]], np.float32)).tolist() == [[2, 0, 0]]
    assert np.isfinite(kernels.fit_scaling(np.zeros((3, 2), np.float32)).apply(np.ones((1, 2), np.float32))).all()


def test_the_kernels_are_the_formulas():
    a, b = np.array([[1, 2], [0, 0]], np.float32), np.array([[3, 1]], np.float32)
    assert kernels.kernel_matrix(a, b, Setting("linear", 1, 0)).tolist() == [[5], [0]]
    np.testing.assert_allclose(
        kernels.kernel_matrix(a, b, Setting("rbf", 1, 0.1)), [[np.exp(-0.5)], [np.exp(-1.0)]], rtol=1e-6
    )


def test_the_grid_goes_by_the_number_of_features():
    for kernel in ("linear", "rbf"):
        small, big = kernels.grid(kernel, 32), kernels.grid(kernel, 784)
        assert len(small) == len(big) == len(set(small))
    assert kernels.grid("rbf", 784)[0].gamma * 784 == pytest.approx(kernels.grid("rbf", 32)[0].gamma * 32)
    assert kernels.grid("linear", 784)[0].c * 784 == pytest.approx(kernels.grid("linear", 32)[0].c * 32)


@pytest.mark.parametrize("setting", [Setting("linear", 0.3, 0.0), Setting("rbf", 3.0, 0.1)])
@pytest.mark.parametrize("classes", [2, 4])
def test_an_exact_machine_is_svc(sets, setting, classes):
    train, labels, test, _ = sets
    train, labels = train[labels < classes], labels[labels < classes]
    sklearns = SVC(kernel=setting.kernel, C=setting.c, gamma=setting.gamma or "scale", tol=1e-6).fit(train, labels)
    machine = exact.fit(train, labels, setting)
    assert np.mean(machine.predict(test) == sklearns.predict(test)) >= 0.995  # SVC stops at a tolerance of its own
    assert abs(machine.support_vectors - len(sklearns.support_)) <= 2


@pytest.mark.parametrize("setting", [Setting("linear", 0.3, 0.0), Setting("rbf", 3.0, 0.1)])
@pytest.mark.parametrize("classes", [2, 4])
def test_all_pairs_at_once_or_one_by_one_is_the_same_machine(sets, monkeypatch, setting, classes):
    train, labels, test, _ = sets
    train, labels = train[labels < classes], labels[labels < classes]
    machines = []
    for most in (0, 1000):
        monkeypatch.setattr(exact, "SMALL_SET", most)
        machines.append(exact.fit(train, labels, setting))
    for name, array in machines[0].arrays().items():
        np.testing.assert_allclose(array, machines[1].arrays()[name], rtol=1e-3, atol=1e-3)
    np.testing.assert_array_equal(*(machine.predict(test) for machine in machines))


def test_threads_change_nothing(sets, monkeypatch):
    train, labels, test, _ = sets
    monkeypatch.setattr(exact, "SMALL_SET", 0)
    with kernels.thread_pool() as pool:
        threaded = exact.fit(train, labels, Setting("rbf", 3.0, 0.1), pool.map)
        predicted = threaded.predict(test, pool.map)
    alone = exact.fit(train, labels, Setting("rbf", 3.0, 0.1))
    for name, array in alone.arrays().items():
        np.testing.assert_array_equal(array, threaded.arrays()[name])
    np.testing.assert_array_equal(predicted, alone.predict(test))


@pytest.mark.parametrize("setting", [Setting("linear", 0.3, 0.0), Setting("rbf", 3.0, 0.1)])
@pytest.mark.parametrize("classes", [2, 4])
def test_a_large_machine_is_about_as_good_as_an_exact_one(sets, setting, classes):
    train, labels, test, truth = sets
    train, labels = train[labels < classes], labels[labels < classes]
    test, truth = test[truth < classes], truth[truth < classes]
    shares = [np.mean(m.fit(train, labels, setting).predict(test) == truth) for m in (exact, approximate_svm)]
    assert shares[0] > 0.7 and abs(shares[0] - shares[1]) < 0.06


def test_classes_need_not_start_at_zero_or_be_dense(sets):
    train, labels, test, truth = sets
    named = np.array([3, 7, 8, 200])
    for solver in (exact, approximate_svm):
        machine = solver.fit(train, named[labels], Setting("linear", 0.3, 0.0))
        assert set(machine.predict(test)) <= set(named)
        assert np.mean(machine.predict(test) == named[truth]) > 0.7


def test_folds_are_disjoint_whole_and_even():
    labels = np.repeat([0, 1, 2], [30, 13, 3])
    folds = cross_validation.stratified_folds(np.arange(46), labels, 3, rng=np.random.default_rng(0))
    assert sorted(np.concatenate(folds)) == list(range(46))
    assert {len(fold) for fold in folds} <= {15, 16}
    for fold in folds:
        counts = np.bincount(labels[fold], minlength=3)
        assert counts[0] == 10 and counts[1] in (4, 5) and counts[2] == 1


def test_the_best_setting_is_chosen_and_equals_go_to_the_first(sets):
    train, labels, _, _ = sets
    folds = cross_validation.stratified_folds(np.arange(len(labels)), labels, 3, rng=np.random.default_rng(0))
    good, twin, bad = Setting("rbf", 3.0, 0.1), Setting("rbf", 3.0, 0.1), Setting("rbf", 1e-6, 1e3)
    choice = cross_validation.tune(train, labels, [bad, good, twin], exact.fit, folds=folds)
    assert choice.setting is good and 0.7 < choice.accuracy < 1


def test_a_fold_is_never_seen_by_the_machine_that_it_judges(sets):
    train, labels, _, _ = sets
    rows = np.arange(0, len(labels), 2)
    folds = cross_validation.stratified_folds(rows, labels, 3, rng=np.random.default_rng(0))
    seen = []

    class Machine:
        def __init__(self, features):
            self.features = {row.tobytes() for row in features}

        def predict(self, features):
            seen.append(len(self.features) + len(features))
            assert not self.features & {row.tobytes() for row in features}
            return np.zeros(len(features))

    cross_validation.tune(train, labels, [Setting("rbf", 1, 1)], lambda features, *_: Machine(features), folds=folds)
    assert seen == [len(rows)] * 3


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
@pytest.mark.parametrize("rows", [None, 10])
def test_an_evaluation_can_be_saved_as_plain_arrays(sets, kernel, rows, monkeypatch):
    train, labels, test, truth = sets
    if rows:
        monkeypatch.setattr(exact, "MAX_ROWS", rows)
        monkeypatch.setattr(intelex, "available", lambda: False)
    folds = cross_validation.stratified_folds(np.arange(len(labels)), labels, 2, rng=np.random.default_rng(0))
    ticks = []
    outcome = evaluation.evaluate(train, labels, test, kernel, folds=folds, tick=lambda: ticks.append(1))
    assert len(ticks) == evaluation.steps(kernel, 2)
    assert outcome.method == (approximate_svm if rows else exact).method(kernel)
    assert np.mean(outcome.predictions == truth) > 0.75 and outcome.setting in kernels.grid(kernel, 6)
    assert min(outcome.tune_seconds, outcome.fit_seconds, outcome.predict_seconds) > 0

    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **evaluation.arrays(outcome))
    file.seek(0)
    with np.load(file, allow_pickle=False) as saved:
        scale, machine = evaluation.restored(dict(saved))
    np.testing.assert_array_equal(machine.predict(scale.apply(test)), outcome.predictions)


@pytest.mark.parametrize("installed", [False, True])
def test_the_solver_goes_by_training_images_and_the_extra(monkeypatch, installed):
    monkeypatch.setattr(intelex, "available", lambda: installed)
    many = np.arange(60_000) % 10
    assert evaluation.solver(np.arange(10_440) % 10) is exact
    assert evaluation.solver(many) is evaluation.solver(np.arange(exact.MAX_PAIR_ROWS + 2) % 2)
    assert evaluation.solver(many) is (intelex if installed else approximate_svm)
    assert evaluation.solver(many, approximate=True) is approximate_svm


@pytest.fixture
def stand_in(monkeypatch):
    """scikit-learn's SVC in the place of scikit-learn-intelex's, which need not be installed."""
    package, module = types.ModuleType("sklearnex"), types.ModuleType("sklearnex.svm")
    module.SVC, package.svm = SVC, module
    monkeypatch.setitem(sys.modules, "sklearnex", package)
    monkeypatch.setitem(sys.modules, "sklearnex.svm", module)
    monkeypatch.setattr(intelex.metadata, "version", lambda name: "1.2.3")
    monkeypatch.setattr(exact, "MAX_ROWS", 100)
    intelex.available.cache_clear()
    yield
    intelex.available.cache_clear()


@pytest.mark.parametrize("setting", [Setting("linear", 0.3, 0.0), Setting("rbf", 3.0, 0.1)])
@pytest.mark.parametrize("classes", [2, 4])
def test_what_the_extra_solves_is_the_same_machine(sets, stand_in, setting, classes):
    train, labels, test, _ = sets
    train, labels = train[labels < classes], labels[labels < classes]
    machine = intelex.fit(train, labels, setting)
    sklearns = SVC(kernel=setting.kernel, C=setting.c, gamma=setting.gamma or "scale").fit(train, labels)
    np.testing.assert_array_equal(machine.predict(test), sklearns.predict(test))
    assert machine.support_vectors == len(sklearns.support_)
    assert np.mean(machine.predict(test) == exact.fit(train, labels, setting).predict(test)) > 0.99


def test_an_evaluation_by_the_extra_says_so(sets, stand_in):
    train, labels, test, truth = sets
    folds = cross_validation.stratified_folds(np.arange(0, len(labels), 3), labels, 2, rng=np.random.default_rng(0))
    outcome = evaluation.evaluate(train, labels, test, "rbf", folds=folds)
    assert outcome.method == "SVC (scikit-learn-intelex 1.2.3)" and np.mean(outcome.predictions == truth) > 0.75
    _, machine = evaluation.restored(evaluation.arrays(outcome))
    assert isinstance(machine, exact.Classifier)
    other = evaluation.evaluate(train, labels, test, "rbf", folds=folds, approximate=True)
    assert other.method == approximate_svm.method("rbf")


def test_without_the_extra_nothing_breaks(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearnex", None)
    intelex.available.cache_clear()
    assert not intelex.available()
    intelex.available.cache_clear()


def test_more_images_and_the_accuracies_of_a_curve(sets):
    train, labels, test, truth = sets
    folds = cross_validation.stratified_folds(np.arange(len(labels)), labels, 2, rng=np.random.default_rng(0))
    outcome = evaluation.evaluate(train, labels, test, "rbf", folds=folds)
    subsets = [np.arange(24), np.arange(len(labels))]
    few, whole = evaluation.accuracies_by_size(train, labels, test, truth, outcome, subsets=subsets)
    assert whole == np.mean(outcome.predictions == truth) and few < whole
