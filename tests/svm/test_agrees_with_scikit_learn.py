"""Every way to fit a classifier agrees with scikit-learn's SVC, exactly or approximately."""

import numpy as np
import pytest
from sklearn.svm import SVC

from pw13.svm import approximate as approximate_svm
from pw13.svm import exact, intelex, kernels
from pw13.svm.kernels import Setting

both_kernels = pytest.mark.parametrize("setting", [Setting("linear", 0.3, 0.0), Setting("rbf", 3.0, 0.1)])
two_or_more_classes = pytest.mark.parametrize("classes", [2, 4])


def approximate(train, labels, setting):
    return approximate_svm.fit(train, labels, setting, rng=np.random.default_rng(0))


def below(classes, sets):
    """Return the sets with the labels below `classes` only."""
    train, labels, test, test_labels = sets
    train_mask, test_mask = labels < classes, test_labels < classes
    return train[train_mask], labels[train_mask], test[test_mask], test_labels[test_mask]


def fit_svc(train, labels, setting, **options):
    return SVC(kernel=setting.kernel, C=setting.c, gamma=setting.gamma or "scale", **options).fit(train, labels)


@both_kernels
@two_or_more_classes
def test_an_exact_classifier_predicts_like_svc(sets, setting, classes):
    train, labels, _, _ = below(classes, sets)
    test = sets[2]
    svc = fit_svc(train, labels, setting, tol=1e-6)
    classifier = exact.fit(train, labels, setting)
    assert np.mean(classifier.predict(test) == svc.predict(test)) >= 0.995  # SVC stops at a tolerance of its own
    assert abs(classifier.support_vectors - len(svc.support_)) <= 2


@both_kernels
@two_or_more_classes
def test_solving_pairs_in_one_call_or_one_by_one_gives_the_same_classifier(sets, monkeypatch, setting, classes):
    train, labels, _, _ = below(classes, sets)
    classifiers = []
    for limit in (0, 1000):
        monkeypatch.setattr(exact, "SMALL_SET", limit)
        classifiers.append(exact.fit(train, labels, setting))
    for name, array in classifiers[0].arrays().items():
        np.testing.assert_allclose(array, classifiers[1].arrays()[name], rtol=1e-3, atol=1e-3)
    np.testing.assert_array_equal(*(classifier.predict(sets[2]) for classifier in classifiers))


@both_kernels
def test_settings_fitted_together_give_the_classifiers_of_each_alone(sets, monkeypatch, setting):
    monkeypatch.setattr(exact, "SMALL_SET", 0)
    train, labels, _, _ = sets
    settings = [setting, setting._replace(c=2 * setting.c), setting._replace(gamma=2 * setting.gamma)]
    for together, each in zip(exact.fit_each(train, labels, settings), settings, strict=True):
        alone = exact.fit(train, labels, each)
        for name, array in together.arrays().items():
            np.testing.assert_array_equal(array, alone.arrays()[name])


def test_threads_do_not_change_the_result(sets, monkeypatch):
    train, labels, test, _ = sets
    monkeypatch.setattr(exact, "SMALL_SET", 0)
    with kernels.thread_pool(3) as pool:
        threaded = exact.fit(train, labels, Setting("rbf", 3.0, 0.1), pool.map)
        predicted = threaded.predict(test, pool.map)
    single = exact.fit(train, labels, Setting("rbf", 3.0, 0.1))
    for name, array in single.arrays().items():
        np.testing.assert_array_equal(array, threaded.arrays()[name])
    np.testing.assert_array_equal(predicted, single.predict(test))


@both_kernels
@two_or_more_classes
def test_an_approximate_classifier_is_about_as_accurate(sets, setting, classes):
    train, labels, test, test_labels = below(classes, sets)
    accuracies = [np.mean(fit(train, labels, setting).predict(test) == test_labels) for fit in (exact.fit, approximate)]
    assert accuracies[0] > 0.7 and abs(accuracies[0] - accuracies[1]) < 0.06


@pytest.mark.parametrize("fit", [exact.fit, approximate])
def test_labels_may_be_any_integers(sets, fit):
    train, labels, test, test_labels = sets
    values = np.array([3, 7, 8, 200])
    predicted = fit(train, values[labels], Setting("linear", 0.3, 0.0)).predict(test)
    assert set(predicted) <= set(values)
    assert np.mean(predicted == values[test_labels]) > 0.7


@both_kernels
@two_or_more_classes
def test_an_intelex_classifier_is_the_one_that_the_package_fits(sets, fake_intelex, setting, classes):
    train, labels, _, _ = below(classes, sets)
    test = sets[2]
    classifier = intelex.fit(train, labels, setting)
    svc = fit_svc(train, labels, setting)
    np.testing.assert_array_equal(classifier.predict(test), svc.predict(test))
    assert classifier.support_vectors == len(svc.support_)
    assert np.mean(classifier.predict(test) == exact.fit(train, labels, setting).predict(test)) > 0.99


@both_kernels
def test_a_pair_is_solved_to_the_bits_of_svc(sets, setting):
    train, labels, _, _ = below(2, sets)
    train = train[np.argsort(labels, kind="stable")]
    first = int(np.sum(labels == 0))
    kernel = kernels.kernel_matrix(train, train, setting)
    svc = SVC(kernel="precomputed", C=setting.c).fit(kernel, np.arange(len(train)) >= first)
    expected = np.zeros(len(train))
    expected[svc.support_] = svc.dual_coef_[0]
    solution = exact._solve_pair(kernel, first, setting.c)
    np.testing.assert_array_equal(np.concatenate([solution.first, solution.second]), expected)
    assert solution.intercept == svc.intercept_[0]
