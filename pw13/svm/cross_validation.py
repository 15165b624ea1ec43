"""C and gamma by cross-validation on training rows."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from pw13.svm.kernels import Labels, MapFn, Rows, Setting, by_gamma


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
    folds: Sequence[Labels], together: bool = True, map_fn: MapFn = map, tick: Callable[[], None] = lambda: None,
) -> TuningResult:  # fmt: skip
    """Return the setting of the highest mean accuracy over the folds, the first of equals.

    `folds`: the rows of each, as from `stratified_folds`. together: fit all settings of a fold at once, else those of
    one gamma at a time, to the same bits in less memory. `tick` is called once per fold and setting.
    """
    parts = [settings] if together else by_gamma(settings)

    def accuracies(held_out: Labels) -> list[float]:
        rest = np.setdiff1d(np.concatenate(folds), held_out)
        rows, unseen = features[rest], features[held_out]

        def accuracy(classifier: Predictor) -> float:
            share = float(np.mean(classifier.predict(unseen) == labels[held_out]))
            tick()
            return share

        def of_part(part: Sequence[Setting]) -> list[float]:  # whose classifiers are freed before the next one's
            return list(map_fn(accuracy, fit_each(rows, labels[rest], part, map_fn)))

        return [each for part in parts for each in of_part(part)]

    means = np.mean([accuracies(held_out) for held_out in folds], axis=0)
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
