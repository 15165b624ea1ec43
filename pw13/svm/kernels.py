"""What all classifiers share: scaling, kernel, hyperparameter grid, threads."""

import contextlib
import itertools
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Features = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
MapFn = Callable[..., Any]  # `map`, or the `map` of a thread pool

# Both grids are in units of 1/d for d features, since scaled rows have a squared length of about d.
LINEAR_C = (0.3, 1.0, 3.0, 10.0, 30.0)  # times 1/d
RBF_C = (1.0, 3.0, 10.0)
RBF_GAMMA = (0.5, 1.0, 2.0, 4.0)  # times 1/d


class Setting(NamedTuple):
    """Kernel ("linear" or "rbf"), C and gamma as in scikit-learn; gamma is 0 for linear."""

    kernel: str
    c: float
    gamma: float


class Scaling(NamedTuple):
    """Mean and standard deviation of each feature over the training rows, `(d,)` float32."""

    mean: Features
    deviation: Features

    def apply(self, features: Features) -> Features:
        """Standardise `(n, d)` -> `(n, d)` float32: mean 0 and deviation 1 on the training rows."""
        return np.asarray(((features - self.mean) / self.deviation).astype(np.float32, copy=False))


def fit_scaling(features: Features) -> Scaling:
    """Return the scaling of `(n, d)` training rows; a constant feature is only centred."""
    mean = features.mean(axis=0, dtype=np.float64)
    deviation = features.std(axis=0, dtype=np.float64)
    constant = deviation <= 1e-6 * deviation.max(initial=0)
    return Scaling(mean.astype(np.float32), np.where(constant, 1, deviation).astype(np.float32))


def grid(kernel: str, size: int) -> list[Setting]:
    """Return the settings to choose from by cross-validation for `size` features, the smoothest first."""
    if kernel == "linear":
        return [Setting("linear", c / size, 0.0) for c in LINEAR_C]
    return [Setting("rbf", c, gamma / size) for gamma, c in itertools.product(RBF_GAMMA, RBF_C)]


def kernel_matrix(a: Features, b: Features, setting: Setting) -> Doubles:
    """Return the kernel of each pair of rows: `(n, d)` and `(m, d)` float32 -> `(n, m)` float64.

    Linear: the dot product. RBF: exp(-gamma |x - y|^2), with the distances from dot products, so one matrix product.
    """
    products = np.asarray((a @ b.T).astype(np.float64))
    if setting.kernel == "linear":
        return products
    products *= -2
    products += np.einsum("ij,ij->i", a, a, dtype=np.float64)[:, None]
    products += np.einsum("ij,ij->i", b, b, dtype=np.float64)
    np.maximum(products, 0, out=products)
    products *= -setting.gamma
    return np.asarray(np.exp(products, out=products))


@contextlib.contextmanager
def thread_pool(threads: int) -> Iterator[ThreadPoolExecutor]:
    """Yield a pool of threads, each with single-threaded BLAS; LIBSVM and NumPy release the GIL."""
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"), warnings.catch_warnings(), ThreadPoolExecutor(threads) as pool:
        warnings.simplefilter("ignore", ConvergenceWarning)  # LinearSVC is stopped early on purpose
        yield pool
