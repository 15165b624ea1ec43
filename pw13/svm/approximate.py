"""Linear classifiers for training sets too large for exact ones: LINEAR directly, RBF through Nystroem.

The RBF kernel of a row with 1,000 training rows, whitened, gives features whose dot products approximate the kernel
(Williams and Seeger, 2001); a linear classifier on them approximates the RBF one. LIBLINEAR solves one-vs-rest with
squared hinge loss, so its accuracies are not those of SVC: no table mixes the two.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pw13.svm.kernels import Doubles, Features, Labels, MapFn, Setting, kernel_matrix

LANDMARKS = 1000
ROWS_PER_BLOCK = 2000
# The dual solver, stopped early: a quarter of the primal one's time, the same weights to three digits.
TOLERANCE, MAX_ITERATIONS = 1e-2, 300


class Classifier(NamedTuple):
    """A fitted linear classifier of K classes on d features, or on m Nystroem features.

    `landmarks` `(m, d)` float32 and `whitening` `(m, m)` float64, both empty for the linear kernel; `weights`
    `(K, d or m)` and `intercepts` `(K,)` float64.
    """

    setting: Setting
    classes: Labels
    landmarks: Features
    whitening: Doubles
    weights: Doubles
    intercepts: Doubles

    def predict(self, features: Features, map_fn: MapFn = map) -> Labels:
        """Return the class of the highest score per row, `(n, d)` float32 -> `(n,)` int64."""
        blocks = [features[start : start + ROWS_PER_BLOCK] for start in range(0, len(features), ROWS_PER_BLOCK)]
        return np.asarray(self.classes[np.concatenate(list(map_fn(self._best_class, blocks)))])

    def _best_class(self, features: Features) -> npt.NDArray[np.intp]:
        inputs = nystroem_features(features, self.landmarks, self.whitening, self.setting)
        return np.asarray(np.argmax(inputs @ self.weights.T + self.intercepts, axis=1))

    @property
    def support_vectors(self) -> None:
        """None: a linear classifier keeps no support vectors."""
        return None

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the classifier as plain arrays, by name."""
        return {**self._asdict(), "setting": np.array([self.setting.c, self.setting.gamma])}


def method(kernel: str) -> str:
    """Return the name of the method in tables."""
    return "LinearSVC" if kernel == "linear" else f"Nystroem {LANDMARKS} + LinearSVC"


def fit(features: Features, labels: Labels, setting: Setting, map_fn: MapFn = map) -> Classifier:
    """Fit `(n, d)` float32 rows with `(n,)` labels of at least two classes; `map_fn` maps over the classes."""
    landmarks, whitening = _nystroem(features, setting)
    inputs = nystroem_features(features, landmarks, whitening, setting).astype(np.float64)
    classes = np.unique(labels)
    positives = classes[1:] if len(classes) == 2 else classes

    solutions = list(map_fn(lambda label: _fit_one_vs_rest(inputs, labels == label, setting.c), positives))
    weights, intercepts = (np.array(values) for values in zip(*solutions, strict=True))
    if len(classes) == 2:  # the first class has the negated score of the second
        weights, intercepts = np.concatenate([-weights, weights]), np.concatenate([-intercepts, intercepts])
    return Classifier(setting, classes, landmarks, whitening, weights, intercepts)


def nystroem_features(
    features: Features, landmarks: Features, whitening: Doubles, setting: Setting
) -> Features | Doubles:
    """Map `(n, d)` to Nystroem features `(n, m)`; without landmarks, return the features unchanged."""
    return np.asarray(kernel_matrix(features, landmarks, setting) @ whitening) if len(landmarks) else features


def _nystroem(features: Features, setting: Setting) -> tuple[Features, Doubles]:
    """Return landmarks and whitening; landmarks are evenly spaced rows, as the order of an image set is arbitrary."""
    if setting.kernel == "linear":
        return np.empty((0, features.shape[1]), np.float32), np.empty((0, 0))
    landmarks = features[np.linspace(0, len(features) - 1, min(LANDMARKS, len(features))).astype(np.int64)]
    values, vectors = np.linalg.eigh(kernel_matrix(landmarks, landmarks, setting))
    return landmarks, vectors / np.sqrt(np.maximum(values, 1e-12))


def _fit_one_vs_rest(inputs: Doubles, is_class: npt.NDArray[np.bool_], c: float) -> tuple[Doubles, float]:
    from sklearn.svm import LinearSVC

    fitted = LinearSVC(C=c, tol=TOLERANCE, max_iter=MAX_ITERATIONS, random_state=0).fit(inputs, is_class)
    return fitted.coef_[0], float(fitted.intercept_[0])
