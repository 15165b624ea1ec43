"""Linear machines for training sets on which exact ones would take too long: LINEAR as it is, RBF through Nystroem.

The RBF kernel of a row with 1,000 training rows, whitened, are new features whose dot products are close to the kernel
(Williams and Seeger, 2001); a linear machine on them is close to the RBF one. LIBLINEAR solves one class against the
rest with squared hinge loss, so its accuracies are not those of SVC: a table never mixes the two.
"""

from typing import NamedTuple

import numpy as np

from pw13.svm.kernels import Mapper, Setting, matrix

LANDMARKS = 1000
ROWS_PER_BLOCK = 2000
# The dual solver, stopped early: a quarter of the primal one's time, the same weights to three digits.
TOLERANCE, PASSES = 1e-2, 300


class Machine(NamedTuple):
    """A fitted linear classifier of K classes on d features, or on m Nystroem features.

    `landmarks` `(m, d)` float32 and `whitening` `(m, m)` float64, both empty for the linear kernel; `weights`
    `(K, d or m)` and `intercepts` `(K,)` float64.
    """

    setting: Setting
    classes: np.ndarray
    landmarks: np.ndarray
    whitening: np.ndarray
    weights: np.ndarray
    intercepts: np.ndarray

    def predict(self, features: np.ndarray, each: Mapper = map) -> np.ndarray:
        """The class of each row, `(n, d)` float32 -> `(n,)` int64: the one of the highest score."""
        slabs = [features[start : start + ROWS_PER_BLOCK] for start in range(0, len(features), ROWS_PER_BLOCK)]
        return self.classes[np.concatenate(list(each(self._winners, slabs)))]

    def _winners(self, features: np.ndarray) -> np.ndarray:
        inputs = expand(features, self.landmarks, self.whitening, self.setting)
        return np.argmax(inputs @ self.weights.T + self.intercepts, axis=1)

    @property
    def support_vectors(self) -> None:
        """A linear machine keeps none."""
        return None

    def arrays(self) -> dict[str, np.ndarray]:
        """All of it as plain arrays, by name."""
        return {**self._asdict(), "setting": np.array([self.setting.c, self.setting.gamma])}


def method(kernel: str) -> str:
    return "LinearSVC" if kernel == "linear" else f"Nystroem {LANDMARKS} + LinearSVC"


def fit(features: np.ndarray, labels: np.ndarray, setting: Setting, each: Mapper = map) -> Machine:
    """The classifier of `(n, d)` float32 rows and `(n,)` labels of at least two classes; `each` spreads the classes."""
    landmarks, whitening = _nystroem(features, setting)
    inputs = expand(features, landmarks, whitening, setting).astype(np.float64)
    classes = np.unique(labels)
    against = classes[1:] if len(classes) == 2 else classes

    solved = list(each(lambda label: _against_rest(inputs, labels == label, setting.c), against))
    weights, intercepts = (np.array(values) for values in zip(*solved, strict=True))
    if len(classes) == 2:  # the first class has the opposite score of the second
        weights, intercepts = np.concatenate([-weights, weights]), np.concatenate([-intercepts, intercepts])
    return Machine(setting, classes, landmarks, whitening, weights, intercepts)


def expand(features: np.ndarray, landmarks: np.ndarray, whitening: np.ndarray, setting: Setting) -> np.ndarray:
    """`(n, d)` -> Nystroem features `(n, m)`; the features themselves where there are no landmarks."""
    return matrix(features, landmarks, setting) @ whitening if len(landmarks) else features


def _nystroem(features: np.ndarray, setting: Setting) -> tuple[np.ndarray, np.ndarray]:
    """Landmarks and whitening; evenly spaced rows do as landmarks, since the order of an image set says nothing."""
    if setting.kernel == "linear":
        return np.empty((0, features.shape[1]), np.float32), np.empty((0, 0))
    landmarks = features[np.linspace(0, len(features) - 1, min(LANDMARKS, len(features))).astype(np.int64)]
    values, vectors = np.linalg.eigh(matrix(landmarks, landmarks, setting))
    return landmarks, vectors / np.sqrt(np.maximum(values, 1e-12))


def _against_rest(inputs: np.ndarray, member: np.ndarray, c: float) -> tuple[np.ndarray, float]:
    from sklearn.svm import LinearSVC

    machine = LinearSVC(C=c, tol=TOLERANCE, max_iter=PASSES, random_state=0).fit(inputs, member)
    return machine.coef_[0], float(machine.intercept_[0])
