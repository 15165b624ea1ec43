"""Linear classifiers for training sets too large for exact ones: LINEAR directly, RBF through Nystroem.

The RBF kernel of a row with 1,000 training rows, whitened, gives features whose dot products approximate the kernel
(Williams and Seeger, 2001); a linear classifier on them approximates the RBF one. Both minimise what SVC does, the
hinge loss of each pair of classes, by stochastic gradient descent, block after block, so that memory does not grow with
the rows. The averages of the weights classify (Polyak and Juditsky, 1992). Accuracies are close to those of SVC but not
the same: tables name the method of each row.
"""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pw13.svm.exact import pairs
from pw13.svm.kernels import Doubles, Features, Labels, MapFn, Rows, Setting, blocks, kernel_matrix

LANDMARKS = 1000
ROWS_PER_BLOCK = 8192
ROWS_PER_TASK = 2048  # whose features are computed at a time: bounds their kernel matrix
ROWS_SEEN = 2_000_000  # in all passes over the rows; the weights of the second half of the passes are averaged
MIN_PASSES, MAX_PASSES = 2, 20
MIN_EIGENVALUE = 1e-6  # of the landmarks' kernel, relative to the largest: below it there is only rounding


class Classifier(NamedTuple):
    """Fitted linear classifiers of the P pairs of K classes, on d features or on m Nystroem features.

    `landmarks` `(l, d)` and `whitening` `(l, m)` float32, both empty for the linear kernel; `weights` `(P, d or m)`
    and `intercepts` `(P,)` float64, of the pairs (0, 1), (0, 2), ... . A pair's decision is positive for its second
    class.
    """

    setting: Setting
    classes: Labels
    landmarks: Features
    whitening: Features
    weights: Doubles
    intercepts: Doubles

    def predict(self, features: Rows, map_fn: MapFn = map) -> Labels:
        """Return the class of most pairwise votes per row, the first of equals, `(n, d)` float32 -> `(n,)` int64."""
        winners = list(map_fn(lambda rows: self._vote(features[rows]), blocks(len(features), ROWS_PER_TASK)))
        return np.asarray(self.classes[np.concatenate(winners)])

    def _vote(self, features: Features) -> npt.NDArray[np.intp]:
        inputs = nystroem_features(features, self.landmarks, self.whitening, self.setting)
        second_wins = inputs @ self.weights.T + self.intercepts > 0
        votes = np.zeros((len(features), len(self.classes)), np.int32)
        for wins, (first, second) in zip(second_wins.T, pairs(len(self.classes)), strict=True):
            votes[:, second] += wins
            votes[:, first] += ~wins
        return np.asarray(votes.argmax(axis=1))

    @property
    def support_vectors(self) -> None:
        """None: a linear classifier keeps no support vectors."""
        return None

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the classifier as plain arrays, by name."""
        return {**self._asdict(), "setting": np.array([self.setting.c, self.setting.gamma])}


def method(kernel: str) -> str:
    """Return the name of the method in tables."""
    return "SGD" if kernel == "linear" else f"Nystroem {LANDMARKS} + SGD"


def fit(
    features: Rows, labels: Labels, setting: Setting, map_fn: MapFn = map, *,
    rng: np.random.Generator, tick: Callable[[], None] = lambda: None,
) -> Classifier:  # fmt: skip
    """Fit `(n, d)` float32 rows with `(n,)` labels of at least two classes; `map_fn` maps over pairs of classes.

    rng: of the order of the rows. tick: called `steps(n)` times, once per block.
    """
    landmarks, whitening = _nystroem(features, setting)
    classes, codes = np.unique(labels, return_inverse=True)
    counts = np.bincount(codes)
    solvers = [_solver(setting.c, int(counts[first] + counts[second])) for first, second in pairs(len(classes))]
    total, averaged, half = np.zeros(()), 0, passes(len(labels)) / 2
    for number in range(passes(len(labels))):
        order = rng.permutation(len(labels))
        for block in blocks(len(order), ROWS_PER_BLOCK):
            rows = order[block][np.argsort(codes[order[block]], kind="stable")]
            inputs = _inputs(features[rows], landmarks, whitening, setting, map_fn)
            groups = np.split(inputs, np.searchsorted(codes[rows], np.arange(1, len(classes))))
            list(map_fn(functools.partial(_learn, groups), solvers, pairs(len(classes))))
            if number >= half:
                total, averaged = total + _coefficients(solvers), averaged + 1
            tick()
    mean = total / averaged
    return Classifier(setting, classes, landmarks, whitening, mean[:, :-1], mean[:, -1])


def steps(count: int) -> int:
    """Return how often `fit` calls `tick` for so many rows."""
    return passes(count) * len(blocks(count, ROWS_PER_BLOCK))


def passes(count: int) -> int:
    """Return how often `fit` goes through so many rows."""
    return min(MAX_PASSES, max(MIN_PASSES, math.ceil(ROWS_SEEN / count)))


def nystroem_features(features: Features, landmarks: Features, whitening: Features, setting: Setting) -> Features:
    """Map `(n, d)` to Nystroem features `(n, m)`, all in float32; without landmarks, return the features unchanged."""
    if not len(landmarks):
        return features
    similarities = features @ landmarks.T
    similarities -= np.einsum("ij,ij->i", features, features)[:, None] / 2
    similarities -= np.einsum("ij,ij->i", landmarks, landmarks) / 2
    similarities *= np.float32(2 * setting.gamma)
    np.exp(similarities, out=similarities)
    return np.asarray(similarities @ whitening)


def _nystroem(features: Rows, setting: Setting) -> tuple[Features, Features]:
    """Return landmarks and whitening; landmarks are evenly spaced rows, as the order of an image set is arbitrary."""
    if setting.kernel == "linear":
        return np.empty((0, features[:1].shape[1]), np.float32), np.empty((0, 0), np.float32)
    landmarks = features[np.linspace(0, len(features) - 1, min(LANDMARKS, len(features))).astype(np.int64)]
    values, vectors = np.linalg.eigh(kernel_matrix(landmarks, landmarks, setting))
    kept = values > MIN_EIGENVALUE * values[-1]
    return landmarks, (vectors[:, kept] / np.sqrt(values[kept])).astype(np.float32)


def _inputs(features: Features, landmarks: Features, whitening: Features, setting: Setting, map_fn: MapFn) -> Features:
    parts = [features[rows] for rows in blocks(len(features), ROWS_PER_TASK)]
    return np.concatenate(list(map_fn(lambda part: nystroem_features(part, landmarks, whitening, setting), parts)))


def _solver(c: float, count: int) -> Any:
    from sklearn.linear_model import SGDClassifier

    return SGDClassifier(loss="hinge", alpha=1 / (c * count), random_state=0)


def _learn(groups: Sequence[Features], solver: Any, pair: tuple[int, int]) -> None:
    """Go on with a pair's classifier on a block, whose rows are grouped by class."""
    first, second = (groups[label] for label in pair)
    is_second = np.arange(len(first) + len(second)) >= len(first)
    if len(is_second):
        solver.partial_fit(np.concatenate([first, second]), is_second, classes=(False, True))


def _coefficients(solvers: Sequence[Any]) -> Doubles:
    """Return weights and intercept of each pair, `(P, d + 1)`."""
    return np.array([np.append(solver.coef_[0], solver.intercept_) for solver in solvers])
