"""LIBSVM on kernel matrices, by scikit-learn's binding, with what `sklearn.svm.SVC` hands to it.

SVC's checks of its arguments take longer than LIBSVM takes to solve a small problem (four times as long for a pair of
classes), and hold up the other threads.
"""

from typing import NamedTuple

import numpy as np

from pw13.svm.kernels import Doubles, Labels


class Solution(NamedTuple):
    """What LIBSVM returns.

    support: row numbers of the `s` support vectors in the matrix, by class. vectors: empty, for lack of features.
    counts: support vectors per class. dual: coefficients, `(classes - 1, s)`. intercept: `(pairs,)`.
    """

    support: Labels
    vectors: Doubles
    counts: Labels
    dual: Doubles
    intercept: Doubles


def fit(kernel: Doubles, codes: Labels, c: float) -> Solution:
    """Solve all pairs of classes 0, 1, ... (`codes`, `(m,)`) from the kernel matrix `(m, m)` float64 of their rows.

    c: the penalty of rows on the wrong side of the margin, above 0.
    """
    from sklearn.svm import _libsvm

    _libsvm.set_verbosity_wrap(0)
    fitted = _libsvm.fit(
        kernel, codes.astype(np.float64),
        kernel="precomputed", C=c, class_weight=np.ones(int(codes.max()) + 1), cache_size=200,
    )  # fmt: skip
    return Solution(*fitted[:5])


def predict(kernel: Doubles, solution: Solution) -> Labels:
    """Return the class of each row of the kernel matrix `(n, m)` between `n` new rows and those fitted."""
    from sklearn.svm import _libsvm

    return np.asarray(_libsvm.predict(kernel, *solution, kernel="precomputed"), np.int64)
