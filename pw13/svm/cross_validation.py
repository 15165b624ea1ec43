"""C and gamma by cross-validation on training rows."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from pw13.svm.kernels import Mapper, Setting

Fit = Callable[[np.ndarray, np.ndarray, Setting], "object"]


class TuningResult(NamedTuple):
    """The chosen setting, and the share of validation rows that it gets right."""

    setting: Setting
    accuracy: float


def tune(
    features: np.ndarray, labels: np.ndarray, settings: Sequence[Setting], fit: Fit, *,
    parts: Sequence[np.ndarray], each: Mapper = map,
) -> TuningResult:  # fmt: skip
    """The setting of the highest mean accuracy over the folds, the first of equals.

    `parts`: the rows of each fold, as `folds` gives them. What `fit(features, labels, setting)` gives predicts.
    """

    def accuracy(task: tuple[Setting, np.ndarray]) -> float:
        setting, held = task
        rest = np.setdiff1d(np.concatenate(parts), held)
        machine = fit(features[rest], labels[rest], setting)
        return float(np.mean(machine.predict(features[held]) == labels[held]))  # type: ignore[attr-defined]

    tasks = [(setting, held) for setting in settings for held in parts]
    means = np.reshape(list(each(accuracy, tasks)), (len(settings), len(parts))).mean(axis=1)
    best = int(np.argmax(means))
    return TuningResult(settings[best], float(means[best]))


def folds(rows: np.ndarray, labels: np.ndarray, count: int, *, rng: np.random.Generator) -> list[np.ndarray]:
    """`rows` in `count` parts, int64, each class spread evenly; `labels` `(n,)` are those of all images."""
    parts: list[list[np.ndarray]] = [[] for _ in range(count)]
    for label in np.unique(labels[rows]):
        shuffled = rng.permutation(rows[labels[rows] == label])
        for number, part in enumerate(np.array_split(shuffled, count)):
            parts[(number + int(label)) % count].append(part)  # so that the larger parts do not all meet in one fold
    return [np.sort(np.concatenate(part)).astype(np.int64) for part in parts]
