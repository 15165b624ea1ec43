"""Evaluate one classifier on one kind of features, from scaling to predictions, and time each step."""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pw13.svm import approximate as approximate_svm
from pw13.svm import cross_validation, exact, intelex, kernels
from pw13.svm.kernels import Features, Labels, MapFn, Scaling, Setting

# Seconds per fit and the memory of the process, on two cores of a busy AMD EPYC, ten classes; codes are those of PCA
# with 32 components, images beyond the 10,440 of notMNIST are rotated, shifted and noisy copies:
#
#                              10,440 images   20,000 images       60,000 images
#   exact        codes  RBF     1.1             6.3 (0.9 GiB)       not run: 5 to 6 GiB
#                codes  linear  0.8             4.2 (0.9 GiB)
#                pixels RBF     2.0             14.4 (1.0 GiB)
#                pixels linear  1.3             6.0 (1.0 GiB)
#   intelex      codes  RBF     2.3             7.6 (0.4 GiB)       29 (0.8 GiB), accuracy 0.910
#                codes  linear  2.4             4.8 (0.4 GiB)       25 (0.8 GiB), accuracy 0.889
#                pixels RBF     4.6             14.7 (1.0 GiB)      91 (2.3 GiB)
#                pixels linear  4.3             11.3 (0.5 GiB)      50 (1.1 GiB), accuracy 0.896
#   approximate  codes  RBF     4.8                                 51 (2.5 GiB), accuracy 0.908
#                codes  linear  0.2                                 1.6 (0.6 GiB), accuracy 0.867
#                pixels RBF     4.6                                 37 (2.7 GiB)
#                pixels linear  9.6                                 83 (2.1 GiB), accuracy 0.875
#
# So: exact as long as memory allows, then the same classifier by scikit-learn-intelex where installed, else LinearSVC
# and Nystroem, which need neither but lose up to two points.

Classifier = exact.Classifier | approximate_svm.Classifier


class Solver(NamedTuple):
    """How classifiers are fitted, and the name of the method in tables."""

    method: str
    fit: Callable[[Features, Labels, Setting, MapFn], Classifier]


class Outcome(NamedTuple):
    """`predictions` `(n,)` int64 of the test rows; wall-clock seconds on all cores."""

    method: str
    setting: Setting
    cv_accuracy: float
    scaling: Scaling
    classifier: Classifier
    predictions: Labels
    tune_seconds: float
    fit_seconds: float
    predict_seconds: float


def choose_solver(labels: Labels, kernel: str, *, approximate: bool = False) -> Solver:
    """Choose by the training labels: the same for all features of a table, and exact for both kernels or none.

    `approximate`: for large sets, even if scikit-learn-intelex is installed.
    """
    if exact.fits_in_memory(labels):
        return Solver(exact.METHOD, exact.fit)
    if not approximate and intelex.available():
        return Solver(intelex.method(), intelex.fit)
    return Solver(approximate_svm.method(kernel), approximate_svm.fit)


def evaluate(
    train: Features, labels: Labels, test: Features, kernel: str, *,
    folds: Sequence[Labels], map_fn: MapFn = map, tick: Callable[[], None] = lambda: None, approximate: bool = False,
) -> Outcome:  # fmt: skip
    """Scale, choose C and gamma on `folds` of training rows, fit on all of `train`, predict `test`.

    `train`, `test`: `(n, d)` float32; `labels` `(n,)`. `tick` is called `steps` times, once per fit.
    """
    scaling = kernels.fit_scaling(train)
    train, test = scaling.apply(train), scaling.apply(test)
    solver = choose_solver(labels, kernel, approximate=approximate)

    def fit(rows: Features, row_labels: Labels, setting: Setting) -> Classifier:
        classifier = solver.fit(rows, row_labels, setting, map)
        tick()
        return classifier

    times = [time.perf_counter()]
    grid = kernels.grid(kernel, train.shape[1])
    setting, accuracy = cross_validation.tune(train, labels, grid, fit, folds=folds, map_fn=map_fn)
    times.append(time.perf_counter())
    classifier = solver.fit(train, labels, setting, map_fn)
    times.append(time.perf_counter())
    predictions = classifier.predict(test, map_fn)
    times.append(time.perf_counter())
    tick()
    seconds = map(float, np.diff(times))
    return Outcome(solver.method, setting, accuracy, scaling, classifier, predictions, *seconds)


def predict(outcome: Outcome, test: Features, map_fn: MapFn = map) -> Labels:
    """Return the classes `(n,)` of other rows `(n, d)` float32, by the classifier of an outcome."""
    return outcome.classifier.predict(outcome.scaling.apply(test), map_fn)


def steps(kernel: str, folds: int) -> int:
    """Return how often `evaluate` calls `tick`."""
    return len(kernels.grid(kernel, 1)) * folds + 1


def accuracies_by_size(
    train: Features, labels: Labels, test: Features, test_labels: Labels, outcome: Outcome, *,
    subsets: Sequence[Labels], map_fn: MapFn = map, approximate: bool = False,
) -> list[float]:  # fmt: skip
    """Return the test accuracy for each of `subsets` of the training rows, with the setting chosen on all."""
    train, test = outcome.scaling.apply(train), outcome.scaling.apply(test)
    solver = choose_solver(labels, outcome.setting.kernel, approximate=approximate)
    accuracies = []
    for rows in subsets:
        classifier = solver.fit(train[rows], labels[rows], outcome.setting, map_fn)
        accuracies.append(float(np.mean(classifier.predict(test, map_fn) == test_labels)))
    return accuracies


def arrays(outcome: Outcome) -> dict[str, npt.NDArray[np.generic]]:
    """Return all that a prediction needs as plain arrays: scaling, kernel, classifier."""
    return {
        "mean": outcome.scaling.mean,
        "deviation": outcome.scaling.deviation,
        "kernel": np.array(outcome.setting.kernel),
        "method": np.array(outcome.method),
        **outcome.classifier.arrays(),
    }
