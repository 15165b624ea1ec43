"""The support vector classifier of LIBSVM, one machine for each pair of classes, as `sklearn.svm.SVC` has it.

Each pair is solved by SVC on a kernel matrix that NumPy computes as one matrix product: the same solution many times
sooner, on all cores, and a pair's matrix is the most that memory must hold; few images of many classes are solved in
one call. What remains of a fit is plain arrays.
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pw13.svm.kernels import Mapper, Setting, matrix

ROWS_PER_BLOCK = 500  # rows predicted at a time: their kernel matrix stays small

# Above either the kernel matrices take too much memory: 0.6 GiB with 20,000 images of ten classes, growing with the
# square, so 5 to 6 GiB with 60,000. What is used then, and how the two compare, stands in `evaluation`.
MAX_ROWS = 20_000  # training images
MAX_PAIR_ROWS = 6_000  # training images of the two largest classes: their kernel matrix has this many rows

# Up to either, one call that solves all pairs: 470 images of 47 classes in 0.02 s instead of 1.3 s, 4,700 in 1.8 s
# either way; 10,440 of 10 classes in 6.0 s instead of 1.9 s.
SMALL_CLASS = 100  # images a class
SMALL_SET = 5_000


class Machine(NamedTuple):
    """A fitted classifier of K classes with s support vectors, in LIBSVM's layout.

    `support` `(s, d)` float32 grouped by class, `counts` `(K,)` of each; `coefficients` `(s, K - 1)` float64: against
    each other class, in their order; `intercepts` `(K (K - 1) / 2,)` of the pairs (0, 1), (0, 2), ... . A pair's
    decision is above 0 for its second class.
    """

    setting: Setting
    classes: np.ndarray
    support: np.ndarray
    counts: np.ndarray
    coefficients: np.ndarray
    intercepts: np.ndarray

    def predict(self, features: np.ndarray, each: Mapper = map) -> np.ndarray:
        """The class of each row, `(n, d)` float32 -> `(n,)` int64: most votes of the pairs, the first of equals."""
        slabs = [features[start : start + ROWS_PER_BLOCK] for start in range(0, len(features), ROWS_PER_BLOCK)]
        return self.classes[np.concatenate(list(each(self._votes, slabs)))]

    def _votes(self, features: np.ndarray) -> np.ndarray:
        kernel = matrix(features, self.support, self.setting)
        edges = np.cumsum(self.counts)[:-1]
        by_class = zip(np.split(kernel, edges, axis=1), np.split(self.coefficients, edges), strict=True)
        sums = [part @ coefficients for part, coefficients in by_class]
        votes = np.zeros((len(features), len(self.classes)), np.int32)
        for (first, second), intercept in zip(pairs(len(self.classes)), self.intercepts, strict=True):
            wins = sums[first][:, second - 1] + sums[second][:, first] + intercept > 0
            votes[:, second] += wins
            votes[:, first] += ~wins
        return votes.argmax(axis=1)

    @property
    def support_vectors(self) -> int:
        return len(self.support)

    def arrays(self) -> dict[str, np.ndarray]:
        """All of it as plain arrays, by name."""
        return {**self._asdict(), "setting": np.array([self.setting.c, self.setting.gamma])}


class Solution(NamedTuple):
    """What one pair gives: a coefficient for each row of either class, and the intercept."""

    first: np.ndarray
    second: np.ndarray
    intercept: float


def takes(labels: np.ndarray) -> bool:
    """Whether training labels `(n,)` are few enough."""
    counts = np.sort(np.bincount(labels))
    return len(labels) <= MAX_ROWS and int(counts[-2:].sum()) <= MAX_PAIR_ROWS


def method(kernel: str) -> str:
    return "SVC"


def pairs(classes: int) -> list[tuple[int, int]]:
    return list(itertools.combinations(range(classes), 2))


def fit(features: np.ndarray, labels: np.ndarray, setting: Setting, each: Mapper = map) -> Machine:
    """The classifier of `(n, d)` float32 rows and `(n,)` labels of at least two classes; `each` spreads the pairs."""
    classes = np.unique(labels)
    if len(labels) <= min(SMALL_CLASS * len(classes), SMALL_SET):
        return _fit_at_once(features, labels, setting)
    groups = [features[labels == label] for label in classes]
    own = list(each(lambda rows: matrix(rows, rows, setting), groups))

    def solved(pair: tuple[int, int]) -> Solution:
        first, second = pair
        cross = matrix(groups[first], groups[second], setting)
        return solve(np.block([[own[first], cross], [cross.T, own[second]]]), len(groups[first]), setting.c)

    return assembled(setting, classes, groups, list(each(solved, pairs(len(classes)))))


def _fit_at_once(features: np.ndarray, labels: np.ndarray, setting: Setting) -> Machine:
    from sklearn.svm import SVC

    kernel = matrix(features, features, setting)
    return machine(SVC(kernel="precomputed", C=setting.c).fit(kernel, labels), features, setting)


def machine(fitted: object, features: np.ndarray, setting: Setting) -> Machine:
    """An SVC that was fitted on `(n, d)` float32 rows, scikit-learn's or scikit-learn-intelex's, as plain arrays.

    With two classes a decision above 0 is for the second, with more for the first of a pair, where `Machine` has the
    second: hence the sign.
    """
    classes, counts, rows, coefficients, intercepts = (
        np.asarray(getattr(fitted, name)) for name in ("classes_", "n_support_", "support_", "dual_coef_", "intercept_")
    )
    sign = 1.0 if len(classes) == 2 else -1.0
    return Machine(
        setting,
        classes,
        features[rows],
        counts,
        sign * coefficients.T.astype(np.float64),
        sign * intercepts.astype(np.float64),
    )


def solve(kernel: np.ndarray, first: int, c: float) -> Solution:
    """One pair, from its kernel matrix `(m, m)`, whose `first` rows are of the first class."""
    from sklearn.svm import SVC

    machine = SVC(kernel="precomputed", C=c).fit(kernel, np.arange(len(kernel)) >= first)
    coefficients = np.zeros(len(kernel))
    coefficients[machine.support_] = machine.dual_coef_[0]
    return Solution(coefficients[:first], coefficients[first:], float(machine.intercept_[0]))


def assembled(
    setting: Setting, classes: np.ndarray, groups: Sequence[np.ndarray], solutions: Sequence[Solution]
) -> Machine:
    """One classifier of the solutions of all pairs; rows that support none of them are dropped."""
    coefficients = [np.zeros((len(rows), len(groups) - 1)) for rows in groups]
    for (first, second), solution in zip(pairs(len(groups)), solutions, strict=True):
        coefficients[first][:, second - 1] = solution.first
        coefficients[second][:, first] = solution.second
    kept = [each.any(axis=1) for each in coefficients]
    return Machine(
        setting,
        classes,
        np.concatenate([rows[keep] for rows, keep in zip(groups, kept, strict=True)]),
        np.array([keep.sum() for keep in kept]),
        np.concatenate([each[keep] for each, keep in zip(coefficients, kept, strict=True)]),
        np.array([solution.intercept for solution in solutions]),
    )
