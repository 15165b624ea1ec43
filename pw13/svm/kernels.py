"""What every machine here shares: the scaling, the kernel, the grid of settings, the threads."""

import contextlib
import itertools
import os
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

Mapper = Callable[..., Any]  # `map`, or that of a pool of threads

# The same grid for any number of features d: it is in units of 1/d, since scaled rows have a squared length of about d.
LINEAR_C = (0.3, 1.0, 3.0, 10.0, 30.0)  # times 1/d
RBF_C = (1.0, 3.0, 10.0)
RBF_GAMMA = (0.5, 1.0, 2.0, 4.0)  # times 1/d


class Setting(NamedTuple):
    """Kernel ("linear" or "rbf"), C and gamma in scikit-learn's sense; gamma is 0 for linear."""

    kernel: str
    c: float
    gamma: float


class Scaling(NamedTuple):
    """Mean and deviation of each feature, `(d,)` float32, over the training rows."""

    mean: np.ndarray
    deviation: np.ndarray

    def apply(self, features: np.ndarray) -> np.ndarray:
        """`(n, d)` -> `(n, d)` float32: mean 0 and deviation 1 on the training rows."""
        return ((features - self.mean) / self.deviation).astype(np.float32, copy=False)


def scaling(features: np.ndarray) -> Scaling:
    """The scaling of `(n, d)` training rows; a feature that never changes is only centred."""
    mean = features.mean(axis=0, dtype=np.float64)
    deviation = features.std(axis=0, dtype=np.float64)
    still = deviation <= 1e-6 * deviation.max(initial=0)
    return Scaling(mean.astype(np.float32), np.where(still, 1, deviation).astype(np.float32))


def grid(kernel: str, size: int) -> list[Setting]:
    """The settings that cross-validation chooses from for `size` features, the smoothest first."""
    if kernel == "linear":
        return [Setting("linear", c / size, 0.0) for c in LINEAR_C]
    return [Setting("rbf", c, gamma / size) for gamma, c in itertools.product(RBF_GAMMA, RBF_C)]


def matrix(a: np.ndarray, b: np.ndarray, setting: Setting) -> np.ndarray:
    """The kernel of each pair of rows: `(n, d)` and `(m, d)` float32 -> `(n, m)` float64.

    Linear: the dot product. RBF: exp(-gamma |x - y|^2), the distance by way of dot products: one matrix product.
    """
    products = (a @ b.T).astype(np.float64)
    if setting.kernel == "linear":
        return products
    products *= -2
    products += np.einsum("ij,ij->i", a, a, dtype=np.float64)[:, None]
    products += np.einsum("ij,ij->i", b, b, dtype=np.float64)
    np.maximum(products, 0, out=products)
    products *= -setting.gamma
    return np.exp(products, out=products)


@contextlib.contextmanager
def workers() -> Iterator[ThreadPoolExecutor]:
    """A thread for each core, BLAS with one thread in each; LIBSVM and NumPy let go of the interpreter."""
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"), warnings.catch_warnings(), ThreadPoolExecutor(cores()) as pool:
        warnings.simplefilter("ignore", ConvergenceWarning)  # LinearSVC is stopped early on purpose
        yield pool


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
