"""Evaluate one classifier on one kind of features, from scaling to predictions, and time each step."""

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pw13.svm import approximate as approximate_svm
from pw13.svm import cross_validation, exact, few_labels, intelex, kernels
from pw13.svm.kernels import Features, Labels, MapFn, Rows, Scaling, Setting
from pw13.system.streams import stream

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
# So: exact as long as memory allows, then the same classifier by scikit-learn-intelex where installed, else linear ones
# that read the images in blocks; `plan` decides.

Tick = Callable[[], None]

Classifier = exact.Classifier | approximate_svm.Classifier


class Solver(NamedTuple):
    """How a classifier is fitted, and on which training rows.

    method: its name in tables. fit: of rows, labels, setting and a function that maps; keyword `tick`. steps: how often
    it calls that. rows: `(n,)` int64, None for all.
    """

    method: str
    fit: Callable[..., Classifier]
    steps: int = 1
    rows: Labels | None = None


class Outcome(NamedTuple):
    """`predictions` `(n,)` int64 of the test rows; wall-clock seconds on all cores."""

    method: str
    n_train: int
    setting: Setting
    cv_accuracy: float
    scaling: Scaling
    classifier: Classifier
    predictions: Labels
    tune_seconds: float
    fit_seconds: float
    predict_seconds: float


class Subset(NamedTuple):
    """Labelled training rows, `(n,)` int64, of all; `folds`: those of the n that choose C and gamma, `(m,)` int64 each.

    Without folds the subset gets C and gamma of all rows.
    """

    rows: Labels
    folds: Sequence[Labels] = ()


def choose_solver(method: str, count: int, *, seed: int) -> Solver:
    """Return the solver of a method for `count` training rows.

    seed: of the order in which an approximation reads them, the same in every fit.

    Raises:
        ValueError: no such method.
    """
    if method == exact.METHOD:
        return exact_solver(None)
    if method in map(approximate_svm.method, ("rbf", "linear")):
        return Solver(method, _in_order(seed), approximate_svm.steps(count))
    if intelex.available() and method == intelex.method():
        return Solver(method, _without_ticks(intelex.fit))
    raise ValueError(f"unknown method {method!r}")


def exact_solver(rows: Labels | None) -> Solver:
    """Return the solver of exact classifiers on the given training rows."""
    return Solver(exact.METHOD, _without_ticks(exact.fit), rows=rows)


def _in_order(seed: int) -> Callable[..., Classifier]:
    """Return an approximate fit that draws from the start of its stream each time: no fit depends on those before."""

    def fitted(*arguments: Any, tick: Tick) -> Classifier:
        return approximate_svm.fit(*arguments, rng=stream("SVM order", seed), tick=tick)

    return fitted


def _without_ticks(fit: Callable[..., Classifier]) -> Callable[..., Classifier]:
    """Give a function that fits in one step, on an array, the interface of a solver."""

    def fitted(features: Rows, labels: Labels, setting: Setting, map_fn: MapFn, *, tick: Tick) -> Classifier:
        classifier = fit(features[:], labels, setting, map_fn)
        tick()
        return classifier

    return fitted


def evaluate(
    train: Rows, labels: Labels, test: Rows, kernel: str, *,
    folds: Sequence[Labels], solvers: Sequence[Solver], together: bool = True, map_fn: MapFn = map,
    tick: Tick = lambda: None,
) -> list[Outcome]:  # fmt: skip
    """Scale, choose C and gamma on `folds` of training rows, then with each of `solvers` fit and predict `test`.

    `train`, `test`: `(n, d)` float32; `labels` `(n,)`. together: as in `cross_validation.tune`. `tick` is called
    `steps` times.
    """
    started = time.perf_counter()
    scaling = kernels.fit_scaling(train)
    train, test = scaling.applied(train), scaling.applied(test)
    grid = kernels.grid(kernel, train[:1].shape[1])
    tuned = cross_validation.tune(
        train, labels, grid, exact.fit_each, folds=folds, together=together, map_fn=map_fn, tick=tick
    )
    seconds = time.perf_counter() - started

    def outcome(solver: Solver) -> Outcome:
        rows = slice(None) if solver.rows is None else solver.rows
        times = [time.perf_counter()]
        fitted_on = train if solver.rows is None else train[rows]
        classifier = solver.fit(fitted_on, labels[rows], tuned.setting, map_fn, tick=tick)
        times.append(time.perf_counter())
        predictions = classifier.predict(test, map_fn)
        times.append(time.perf_counter())
        fit_seconds, predict_seconds = map(float, np.diff(times))
        return Outcome(solver.method, len(fitted_on), *tuned, scaling, classifier, predictions,
                       seconds, fit_seconds, predict_seconds)  # fmt: skip

    return [outcome(solver) for solver in solvers]


def predict(outcome: Outcome, test: Features, map_fn: MapFn = map) -> Labels:
    """Return the classes `(n,)` of other rows `(n, d)` float32, by the classifier of an outcome."""
    return outcome.classifier.predict(outcome.scaling.apply(test), map_fn)


def steps(kernel: str, folds: int, solvers: Sequence[Solver]) -> int:
    """Return how often `evaluate` calls `tick`."""
    return len(kernels.grid(kernel, 1)) * folds + sum(solver.steps for solver in solvers)


def accuracies_by_size(
    train: Rows, labels: Labels, test: Rows, test_labels: Labels, outcome: Outcome, *,
    subsets: Sequence[Subset], map_fn: MapFn = map,
) -> list[float]:  # fmt: skip
    """Return the test accuracy of an exact classifier on each of `subsets` of the rows.

    C and gamma are chosen on the subset's folds, from the grid that the outcome's were chosen from.
    """
    train, test = outcome.scaling.applied(train), outcome.scaling.applied(test)
    accuracies = []
    for rows, folds in subsets:
        few, few_labelled, setting = train[rows], labels[rows], outcome.setting
        if folds:
            grid = kernels.grid(setting.kernel, few.shape[1])
            setting = few_labels.tune(few, few_labelled, grid, folds=folds, map_fn=map_fn)
        classifier = exact.fit(few, few_labelled, setting, map_fn)
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
