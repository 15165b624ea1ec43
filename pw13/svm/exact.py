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

from pw13.svm.kernels import (
    Doubles,
    Features,
    Labels,
    MapFn,
    Rows,
    Setting,
    blocks,
    kernel_matrices,
    kernel_matrix,
)

ROWS_PER_BLOCK = 500  # rows predicted at a time: bounds their kernel matrix

METHOD = "SVC"  # in tables
# Bytes per entry of a pair's kernel matrix, while it is solved: with what it is made of, and LIBSVM's cache in float32.
MATRIX_BYTES, CACHE_BYTES = 12, 4

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
        winners = list(map_fn(lambda rows: self._vote(features[rows]), blocks(len(features), ROWS_PER_BLOCK)))
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


def memory(counts: npt.NDArray[Any], threads: int, gammas: int = 1) -> int:
    """Return about how many bytes a fit takes at most on so many images of each class, solving `threads` pairs at once.

    The kernel matrices within the classes are kept in float64. gammas: of the settings that are fitted together.
    """
    pair = int(np.sort(counts)[-2:].sum())
    pairs_at_once = min(threads, len(counts) * (len(counts) - 1) // 2)
    entry = gammas * MATRIX_BYTES + CACHE_BYTES
    return int(gammas * 8 * np.square(counts).sum() + pairs_at_once * entry * pair**2)


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


def fit_by_gamma(
    features: Features, labels: Labels, settings: Sequence[Setting], map_fn: MapFn = map
) -> list[Classifier]:
    """Fit as `fit_each` does, to the same bits, with the kernel matrices of only one gamma in memory."""
    runs = itertools.groupby(settings, key=lambda setting: setting.gamma)
    return [classifier for _, run in runs for classifier in fit_each(features, labels, list(run), map_fn)]


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
    """Solve one pair from its kernel matrix `(m, m)`, whose `first` rows belong to the first class.

    By scikit-learn's binding of LIBSVM, with what SVC hands to it: the thousands of calls of SVC itself check their
    arguments four times as long as they solve, and hold up the other threads meanwhile.
    """
    from sklearn.svm import _libsvm

    second = (np.arange(len(kernel)) >= first).astype(np.float64)
    _libsvm.set_verbosity_wrap(0)
    support, _, _, dual, intercept, *_ = _libsvm.fit(
        kernel, second, kernel="precomputed", C=c, class_weight=np.ones(2), cache_size=200
    )
    coefficients = np.zeros(len(kernel))
    coefficients[support] = -dual[0]  # LIBSVM's positive class is the first, SVC's the second
    return PairSolution(coefficients[:first], coefficients[first:], -float(intercept[0]))


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
