"""One machine on one kind of features, from scaling to predictions, with the time that each step took."""

import time
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import NamedTuple

import numpy as np

from pw13.svm import approximate as approximate_svm
from pw13.svm import cross_validation, exact, intelex, kernels
from pw13.svm.kernels import Mapper, Scaling, Setting

# Seconds of one fit, and the memory of the process, two cores of an AMD EPYC beside other work, ten classes; codes are
# 32 of PCA, images beyond the 10,440 of notMNIST the same ones turned, shifted and with noise:
#
#                         10,440 images   20,000 images       60,000 images
#   exact  codes  RBF     1.1             6.3 (0.9 GiB)       not run: 5 to 6 GiB
#          codes  linear  0.8             4.2 (0.9 GiB)
#          pixels RBF     2.0             14.4 (1.0 GiB)
#          pixels linear  1.3             6.0 (1.0 GiB)
#   fast   codes  RBF     2.3             7.6 (0.4 GiB)       29 (0.8 GiB), accuracy 0.910
#          codes  linear  2.4             4.8 (0.4 GiB)       25 (0.8 GiB), accuracy 0.889
#          pixels RBF     4.6             14.7 (1.0 GiB)      91 (2.3 GiB)
#          pixels linear  4.3             11.3 (0.5 GiB)      50 (1.1 GiB), accuracy 0.896
#   large  codes  RBF     4.8                                 51 (2.5 GiB), accuracy 0.908
#          codes  linear  0.2                                 1.6 (0.6 GiB), accuracy 0.867
#          pixels RBF     4.6                                 37 (2.7 GiB)
#          pixels linear  9.6                                 83 (2.1 GiB), accuracy 0.875
#
# So: exact as long as its memory allows, then the same machine by scikit-learn-intelex where that is installed, else
# LinearSVC and Nystroem, which need neither but lose up to two points.


class Outcome(NamedTuple):
    """`predictions` `(n,)` int64 of the test rows; seconds on the wall with all cores at it."""

    method: str
    setting: Setting
    cv_accuracy: float
    scaling: Scaling
    machine: exact.Machine | approximate_svm.Machine
    predictions: np.ndarray
    tune_seconds: float
    fit_seconds: float
    predict_seconds: float


def solver(labels: np.ndarray, *, approximate: bool = False) -> ModuleType:
    """Exact, fast or large, by the training labels alone: the same for all features and kernels of a table.

    `approximate`: large rather than fast.
    """
    if exact.takes(labels):
        return exact
    return intelex if not approximate and intelex.available() else approximate_svm


def evaluate(
    train: np.ndarray, labels: np.ndarray, test: np.ndarray, kernel: str, *,
    parts: Sequence[np.ndarray], each: Mapper = map, tick: Callable[[], None] = lambda: None, approximate: bool = False,
) -> Outcome:  # fmt: skip
    """Scale, choose C and gamma on `parts` (folds of training rows), fit on all of `train`, predict `test`.

    `train`, `test`: `(n, d)` float32; `labels` `(n,)`. `tick` is called after each fit of `steps`.
    """
    scale = kernels.scaling(train)
    train, test = scale.apply(train), scale.apply(test)
    chosen_solver = solver(labels, approximate=approximate)

    def fit(rows: np.ndarray, row_labels: np.ndarray, setting: Setting) -> exact.Machine | approximate_svm.Machine:
        machine = chosen_solver.fit(rows, row_labels, setting)
        tick()
        return machine

    times = [time.perf_counter()]
    choice = cross_validation.tune(train, labels, kernels.grid(kernel, train.shape[1]), fit, parts=parts, each=each)
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
    subsets: Sequence[np.ndarray], each: Mapper = map, approximate: bool = False,
) -> list[float]:  # fmt: skip
    """Test accuracy with each of `subsets` of the training rows, at the setting that was chosen for all."""
    train, test = outcome.scaling.apply(train), outcome.scaling.apply(test)
    shares = []
    for rows in subsets:
        machine = solver(labels, approximate=approximate).fit(train[rows], labels[rows], outcome.setting, each)
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


def restored(saved: dict[str, np.ndarray]) -> tuple[Scaling, exact.Machine | approximate_svm.Machine]:
    """Scaling and machine out of what `arrays` gave."""
    setting = Setting(str(saved["kernel"]), *map(float, saved["setting"]))
    cls = exact.Machine if "support" in saved else approximate_svm.Machine
    rest = {name: saved[name] for name in cls._fields if name != "setting"}
    return Scaling(saved["mean"], saved["deviation"]), cls(setting=setting, **rest)
