"""LIBSVM on kernel matrices, by scikit-learn's binding, with what `sklearn.svm.SVC` hands to it.

SVC itself checks its arguments longer than LIBSVM takes to solve a small problem, and holds up the other threads
meanwhile: four times as long for a pair of classes, longer than all the rest for 50 rows.
"""

from typing import Any, NamedTuple

import numpy as np

from pw13.svm.kernels import Doubles, Labels


class Solution(NamedTuple):
    """What LIBSVM returns; `support` are row numbers of the matrix.

    dual: `(classes - 1, s)` for `s` support vectors. intercept: `(pairs,)`.
    """

    support: Labels
    vectors: Doubles
    counts: Labels
    dual: Doubles
    intercept: Doubles


def fit(kernel: Doubles, codes: Labels, c: float) -> Solution:
    """Solve all pairs of classes 0, 1, ... (`codes`, `(m,)`) from the kernel matrix `(m, m)` float64 of their rows."""
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

    predicted: Any = _libsvm.predict(kernel, *solution, kernel="precomputed")
    return predicted.astype(np.int64)  # type: ignore[no-any-return]
