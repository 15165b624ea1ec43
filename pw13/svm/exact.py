"""The support vector classifier of LIBSVM, one-vs-one, as `sklearn.svm.SVC` has it.

Each pair of classes is solved by SVC on a kernel matrix that NumPy computes as one matrix product: the same solution in
a fraction of the time, on all cores, with only a pair's matrix in memory at once; few images of many classes are solved
in one call. A fitted classifier is plain arrays.
"""

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pw13.svm import libsvm
from pw13.svm.kernels import (
    Doubles,
    Features,
    Labels,
    MapFn,
    Rows,
    Setting,
    blocks,
    by_gamma,
    kernel_matrices,
    kernel_matrix,
)

# Rows predicted at a time, at most, and entries of their kernel matrix, which has a column per support vector.
ROWS_PER_BLOCK, ENTRIES_PER_BLOCK = 500, 5_000_000

METHOD = "SVC"  # in tables
MATRIX_BYTES = 12  # per entry of a kernel matrix while it is computed: float64, and the products in float32
PAIR_BYTES = 10  # per entry of a pair's matrix while it is solved: float64, and the quarter between the classes again
CACHE_BYTES, CACHE_SIZE = 4, 200 << 20  # LIBSVM's cache: per entry, and at most

# Up to either, one call solves all pairs: 470 images of 47 classes in 0.02 s instead of 1.3 s, 4,700 in 1.8 s either
# way; 10,440 of 10 classes in 6.0 s instead of 1.9 s.
SMALL_CLASS = 100  # images per class
SMALL_SET = 5_000


class Classifier(NamedTuple):
    """A fitted classifier of K classes with s support vectors, in LIBSVM's layout.

    `support` `(s, d)` float32 grouped by class, `counts` `(K,)` of each; `coefficients` `(s, K - 1)` float64: against
    each other class, in their order; `intercepts` `(K (K - 1) / 2,)` of the pairs (0, 1), (0, 2), ... . A pair's
    decision is positive for its second class.
    """

    setting: Setting
    classes: Labels
    support: Features
    counts: Labels
    coefficients: Doubles
    intercepts: Doubles

    def predict(self, features: Rows, map_fn: MapFn = map) -> Labels:
        """Return the class of most pairwise votes per row, the first of equals, `(n, d)` float32 -> `(n,)` int64."""
        size = max(1, min(ROWS_PER_BLOCK, ENTRIES_PER_BLOCK // len(self.support)))
        winners = list(map_fn(lambda rows: self._vote(features[rows]), blocks(len(features), size)))
        return np.asarray(self.classes[np.concatenate(winners)])

    def _vote(self, features: Features) -> npt.NDArray[np.intp]:
        kernel = kernel_matrix(features, self.support, self.setting)
        edges = np.cumsum(self.counts)[:-1]
        by_class = zip(np.split(kernel, edges, axis=1), np.split(self.coefficients, edges), strict=True)
        sums = [block @ coefficients for block, coefficients in by_class]
        votes = np.zeros((len(features), len(self.classes)), np.int32)
        for (first, second), intercept in zip(pairs(len(self.classes)), self.intercepts, strict=True):
            second_wins = sums[first][:, second - 1] + sums[second][:, first] + intercept > 0
            votes[:, second] += second_wins
            votes[:, first] += ~second_wins
        return np.asarray(votes.argmax(axis=1))

    @property
    def support_vectors(self) -> int:
        return len(self.support)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the classifier as plain arrays, by name."""
        return {**self._asdict(), "setting": np.array([self.setting.c, self.setting.gamma])}


class PairSolution(NamedTuple):
    """The solution of one pair of classes: a coefficient per row of either class, and the intercept."""

    first: Doubles
    second: Doubles
    intercept: float


def memory(
    counts: npt.NDArray[Any], size: int, threads: int, settings: Sequence[Setting], *, together: bool = False
) -> int:
    """Return how many bytes a fit and then predictions take at most, beside the rows.

    No fit of one of the settings on fewer images takes more. counts: images of each class, of `size` features.
    together: all settings, else gamma by gamma.
    """
    if not together:
        return max(memory(counts, size, threads, each, together=True) for each in by_gamma(settings))
    count, classes = float(counts.sum()), len(counts)
    gammas = len(by_gamma(settings))
    coefficients = len(settings) * 8 * (classes - 1) * count
    classifiers = len(settings) * 4 * size * count + coefficients  # all rows may be support vectors
    predicted = min(ROWS_PER_BLOCK, ENTRIES_PER_BLOCK / count)  # rows at a time: their kernel, and sums of each pair
    sums = 8 * classes * (classes - 1)
    prediction = classifiers + threads * predicted * max(MATRIX_BYTES * count, 8 * count + sums)

    small = min(SMALL_CLASS * classes, SMALL_SET)
    matrices = min(threads, len(settings)) if count <= small else 1
    at_once = classifiers + matrices * MATRIX_BYTES * min(count, small) ** 2
    if count <= small:
        return int(max(at_once, prediction))
    pair = float(np.sort(counts)[-2:].sum())
    solving = gammas * PAIR_BYTES * pair**2 + min(CACHE_BYTES * pair**2, CACHE_SIZE)
    pairs_at_once = min(threads, classes * (classes - 1) // 2)
    kept = 4 * size * count + coefficients + gammas * 8 * float(np.square(counts).sum())
    return int(max(at_once, prediction, kept + max(pairs_at_once * solving, classifiers)))


def pairs(classes: int) -> list[tuple[int, int]]:
    return list(itertools.combinations(range(classes), 2))


def fit(features: Features, labels: Labels, setting: Setting, map_fn: MapFn = map) -> Classifier:
    """Fit `(n, d)` float32 rows with `(n,)` labels of at least two classes; `map_fn` maps over pairs of classes."""
    return fit_each(features, labels, [setting], map_fn)[0]


def fit_each(features: Features, labels: Labels, settings: Sequence[Setting], map_fn: MapFn = map) -> list[Classifier]:
    """Fit a classifier for each of the settings, of one kernel: the same as one by one, but sooner."""
    classes = np.unique(labels)
    if len(labels) <= min(SMALL_CLASS * len(classes), SMALL_SET):
        return list(map_fn(lambda setting: _fit_at_once(features, labels, setting), settings))
    groups = [features[labels == label] for label in classes]
    own = list(map_fn(lambda rows: kernel_matrices(rows, rows, settings), groups))

    def solve(pair: tuple[int, int]) -> list[PairSolution]:
        first, second = pair
        cross = kernel_matrices(groups[first], groups[second], settings)
        joined = {
            gamma: np.block([[own[first][gamma], between], [between.T, own[second][gamma]]])
            for gamma, between in cross.items()
        }
        return [_solve_pair(joined[each.gamma], len(groups[first]), each.c) for each in settings]

    solutions = zip(*map_fn(solve, pairs(len(classes))), strict=True)
    return [_assemble(each, classes, groups, solved) for each, solved in zip(settings, solutions, strict=True)]


def _fit_at_once(features: Features, labels: Labels, setting: Setting) -> Classifier:
    from sklearn.svm import SVC

    kernel = kernel_matrix(features, features, setting)
    return from_sklearn(SVC(kernel="precomputed", C=setting.c).fit(kernel, labels), features, setting)


def from_sklearn(fitted: object, features: Features, setting: Setting) -> Classifier:
    """Convert an SVC fitted on `(n, d)` float32 rows, of scikit-learn or scikit-learn-intelex.

    With two classes a positive decision is for the second, with more for the first of a pair, where `Classifier` has
    the second: hence the sign.
    """
    classes, counts, rows, coefficients, intercepts = (
        np.asarray(getattr(fitted, name)) for name in ("classes_", "n_support_", "support_", "dual_coef_", "intercept_")
    )
    sign = 1.0 if len(classes) == 2 else -1.0
    return Classifier(
        setting,
        classes,
        features[rows],
        counts,
        sign * coefficients.T.astype(np.float64),
        sign * intercepts.astype(np.float64),
    )


def _solve_pair(kernel: Doubles, first: int, c: float) -> PairSolution:
    """Solve one pair from its kernel matrix `(m, m)`, whose `first` rows belong to the first class."""
    solution = libsvm.fit(kernel, (np.arange(len(kernel)) >= first).astype(np.int64), c)
    coefficients = np.zeros(len(kernel))
    coefficients[solution.support] = -solution.dual[0]  # LIBSVM's positive class is the first, SVC's the second
    return PairSolution(coefficients[:first], coefficients[first:], -float(solution.intercept[0]))


def _assemble(
    setting: Setting, classes: Labels, groups: Sequence[Features], solutions: Sequence[PairSolution]
) -> Classifier:
    """Combine the solutions of all pairs into one classifier; rows that support no pair are dropped."""
    coefficients = [np.zeros((len(rows), len(groups) - 1)) for rows in groups]
    for (first, second), solution in zip(pairs(len(groups)), solutions, strict=True):
        coefficients[first][:, second - 1] = solution.first
        coefficients[second][:, first] = solution.second
    masks = [rows.any(axis=1) for rows in coefficients]
    return Classifier(
        setting,
        classes,
        np.concatenate([rows[mask] for rows, mask in zip(groups, masks, strict=True)]),
        np.array([mask.sum() for mask in masks]),
        np.concatenate([rows[mask] for rows, mask in zip(coefficients, masks, strict=True)]),
        np.array([solution.intercept for solution in solutions]),
    )
