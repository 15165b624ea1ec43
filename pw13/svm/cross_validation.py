"""C and gamma by cross-validation on training rows."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from pw13.svm.kernels import Labels, MapFn, Rows, Setting


class Predictor(Protocol):
    """A fitted classifier."""

    def predict(self, features: Rows, /) -> Labels: ...


FitEach = Callable[..., Sequence[Predictor]]  # of features, labels, settings and a function that maps


class TuningResult(NamedTuple):
    """The chosen setting and its mean accuracy on the validation rows."""

    setting: Setting
    accuracy: float


def tune(
    features: Rows, labels: Labels, settings: Sequence[Setting], fit_each: FitEach, *,
    folds: Sequence[Labels], map_fn: MapFn = map, tick: Callable[[], None] = lambda: None,
) -> TuningResult:  # fmt: skip
    """Return the setting of the highest mean accuracy over the folds, the first of equals.

    `folds`: the rows of each, as from `stratified_folds`. `tick` is called once per fold and setting.
    """
    accuracies = []
    for held_out in folds:
        rest = np.setdiff1d(np.concatenate(folds), held_out)
        classifiers = fit_each(features[rest], labels[rest], settings, map_fn)
        unseen, unseen_labels = features[held_out], labels[held_out]

        def accuracy(classifier: Predictor, unseen: Rows = unseen, expected: Labels = unseen_labels) -> float:
            share = float(np.mean(classifier.predict(unseen) == expected))
            tick()
            return share

        accuracies.append(list(map_fn(accuracy, classifiers)))
    means = np.mean(accuracies, axis=0)
    best = int(np.argmax(means))
    return TuningResult(settings[best], float(means[best]))


def stratified_folds(rows: Labels, labels: Labels, count: int, *, rng: np.random.Generator) -> list[Labels]:
    """Split `rows` into `count` folds, int64, stratified by class; `labels` `(n,)` are those of all images."""
    folds: list[list[Labels]] = [[] for _ in range(count)]
    for label in np.unique(labels[rows]):
        shuffled = rng.permutation(rows[labels[rows] == label])
        for number, part in enumerate(np.array_split(shuffled, count)):
            folds[(number + int(label)) % count].append(part)  # so that the larger parts do not all go to one fold
    return [np.sort(np.concatenate(fold)).astype(np.int64) for fold in folds]
