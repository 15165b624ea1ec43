"""C and gamma by cross-validation on training rows."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from pw13.svm.kernels import Features, Labels, MapFn, Setting


class Predictor(Protocol):
    """A fitted classifier."""

    def predict(self, features: Features, /) -> Labels: ...


Fit = Callable[[Features, Labels, Setting], Predictor]


class TuningResult(NamedTuple):
    """The chosen setting and its mean accuracy on the validation rows."""

    setting: Setting
    accuracy: float


def tune(
    features: Features, labels: Labels, settings: Sequence[Setting], fit: Fit, *,
    folds: Sequence[Labels], map_fn: MapFn = map,
) -> TuningResult:  # fmt: skip
    """Return the setting of the highest mean accuracy over the folds, the first of equals.

    `folds`: the rows of each, as from `stratified_folds`.
    """

    def accuracy(task: tuple[Setting, Labels]) -> float:
        setting, held_out = task
        rest = np.setdiff1d(np.concatenate(folds), held_out)
        classifier = fit(features[rest], labels[rest], setting)
        return float(np.mean(classifier.predict(features[held_out]) == labels[held_out]))

    tasks = [(setting, fold) for setting in settings for fold in folds]
    means = np.reshape(list(map_fn(accuracy, tasks)), (len(settings), len(folds))).mean(axis=1)
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
