"""One machine on one kind of features, from scaling to predictions, with the time that each step took."""

import time
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import NamedTuple

import numpy as np

from pw13.svm import exact, kernels, large, tuning
from pw13.svm.kernels import Mapper, Scaling, Setting

# Above either, an exact machine takes gigabytes. On 784 pixels, linear, a fit took 5 seconds of processor time with
# 10,440 images and 11 with 20,000 (LinearSVC: 23, and 120 with 60,000).
EXACT_ROWS = 20_000  # training images
EXACT_PAIR = 6_000  # training images of the two largest classes: their kernel matrix has this many rows


class Outcome(NamedTuple):
    """`predictions` `(n,)` int64 of the test rows; seconds on the wall with all cores at it."""

    method: str
    setting: Setting
    cv_accuracy: float
    scaling: Scaling
    machine: exact.Machine | large.Machine
    predictions: np.ndarray
    tune_seconds: float
    fit_seconds: float
    predict_seconds: float


def solver(labels: np.ndarray) -> ModuleType:
    """Exact or large, by the number of training images alone: the same for all features and kernels of a table."""
    counts = np.sort(np.bincount(labels))
    return exact if len(labels) <= EXACT_ROWS and counts[-2:].sum() <= EXACT_PAIR else large


def evaluate(
    train: np.ndarray, labels: np.ndarray, test: np.ndarray, kernel: str, *,
    parts: Sequence[np.ndarray], each: Mapper = map, tick: Callable[[], None] = lambda: None,
) -> Outcome:  # fmt: skip
    """Scale, choose C and gamma on `parts` (folds of training rows), fit on all of `train`, predict `test`.

    `train`, `test`: `(n, d)` float32; `labels` `(n,)`. `tick` is called after each fit of `steps`.
    """
    scale = kernels.scaling(train)
    train, test = scale.apply(train), scale.apply(test)
    chosen_solver = solver(labels)

    def fit(rows: np.ndarray, row_labels: np.ndarray, setting: Setting) -> exact.Machine | large.Machine:
        machine = chosen_solver.fit(rows, row_labels, setting)
        tick()
        return machine

    times = [time.perf_counter()]
    choice = tuning.choose(train, labels, kernels.grid(kernel, train.shape[1]), fit, parts=parts, each=each)
    times.append(time.perf_counter())
    machine = chosen_solver.fit(train, labels, choice.setting, each)
    times.append(time.perf_counter())
    predictions = machine.predict(test, each)
    times.append(time.perf_counter())
    tick()
    method = chosen_solver.method(kernel)
    return Outcome(method, choice.setting, choice.accuracy, scale, machine, predictions, *map(float, np.diff(times)))


def steps(kernel: str, folds: int) -> int:
    """How often `evaluate` calls `tick`."""
    return len(kernels.grid(kernel, 1)) * folds + 1


def accuracies_by_size(
    train: np.ndarray, labels: np.ndarray, test: np.ndarray, test_labels: np.ndarray, outcome: Outcome, *,
    subsets: Sequence[np.ndarray], each: Mapper = map,
) -> list[float]:  # fmt: skip
    """Test accuracy with each of `subsets` of the training rows, at the setting that was chosen for all."""
    train, test = outcome.scaling.apply(train), outcome.scaling.apply(test)
    shares = []
    for rows in subsets:
        machine = solver(labels).fit(train[rows], labels[rows], outcome.setting, each)
        shares.append(float(np.mean(machine.predict(test, each) == test_labels)))
    return shares


def arrays(outcome: Outcome) -> dict[str, np.ndarray]:
    """All that a prediction needs, as plain arrays: scaling, kernel, machine."""
    scale = {"mean": outcome.scaling.mean, "deviation": outcome.scaling.deviation}
    return {
        **scale,
        "kernel": np.array(outcome.setting.kernel),
        "method": np.array(outcome.method),
        **outcome.machine.arrays(),
    }


def restored(saved: dict[str, np.ndarray]) -> tuple[Scaling, exact.Machine | large.Machine]:
    """Scaling and machine out of what `arrays` gave."""
    setting = Setting(str(saved["kernel"]), *map(float, saved["setting"]))
    cls = exact.Machine if "support" in saved else large.Machine
    rest = {name: saved[name] for name in cls._fields if name != "setting"}
    return Scaling(saved["mean"], saved["deviation"]), cls(setting=setting, **rest)
