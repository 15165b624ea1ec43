"""What all classifiers share: scaling, kernel, hyperparameter grid, threads."""

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

Features = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
MapFn = Callable[..., Any]  # `map`, or the `map` of a thread pool

ROWS_PER_BLOCK = 10_000

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
        scaled: Features = np.subtract(features, self.mean, dtype=np.float32)
        scaled /= self.deviation
        return scaled

    def applied(self, rows: "Rows") -> "Rows":
        """Return standardised rows: an array of an array, else rows that are standardised when they are asked for."""
        return self.apply(rows) if isinstance(rows, np.ndarray) else Scaled(rows, self)


class Rows(Protocol):
    """Features of n images, `(n, d)` float32: an array, or what computes the rows that it is asked for."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: Any, /) -> Features: ...


@dataclass(frozen=True)
class Scaled:
    """Rows that are standardised when they are asked for."""

    rows: Rows
    scaling: Scaling

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: Any) -> Features:
        return self.scaling.apply(self.rows[rows])


def blocks(count: int, size: int) -> list[slice]:
    """Cut `count` rows into slices of `size`."""
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]


def fit_scaling(features: Rows) -> Scaling:
    """Return the scaling of `(n, d)` training rows; a constant feature is only centred."""
    mean, deviation = _mean_and_deviation(features)
    constant = deviation <= 1e-6 * deviation.max(initial=0)
    return Scaling(mean.astype(np.float32), np.where(constant, 1, deviation).astype(np.float32))


def _mean_and_deviation(features: Rows) -> tuple[Doubles, Doubles]:
    if isinstance(features, np.ndarray):
        return features.mean(axis=0, dtype=np.float64), features.std(axis=0, dtype=np.float64)
    sums = [_sums(features[rows]) for rows in blocks(len(features), ROWS_PER_BLOCK)]
    total, squares = (sum(part) / len(features) for part in zip(*sums, strict=True))
    return total, np.sqrt(np.maximum(squares - total**2, 0))


def _sums(block: Features) -> tuple[Doubles, Doubles]:
    return block.sum(axis=0, dtype=np.float64), np.einsum("ij,ij->j", block, block, dtype=np.float64)


def grid(kernel: str, size: int) -> list[Setting]:
    """Return the settings to choose from by cross-validation for `size` features, the smoothest first."""
    if kernel == "linear":
        return [Setting("linear", c / size, 0.0) for c in LINEAR_C]
    return [Setting("rbf", c, gamma / size) for gamma, c in itertools.product(RBF_GAMMA, RBF_C)]


def by_gamma(settings: Sequence[Setting]) -> list[list[Setting]]:
    """Split settings where gamma changes."""
    return [list(run) for _, run in itertools.groupby(settings, key=lambda setting: setting.gamma)]


def kernel_matrix(a: Features, b: Features, setting: Setting) -> Doubles:
    """Return the kernel of each pair of rows: `(n, d)` and `(m, d)` float32 -> `(n, m)` float64.

    Linear: the dot product. RBF: exp(-gamma |x - y|^2), with the distances from dot products, so one matrix product.
    """
    return _kernel(_base(a, b, setting.kernel), setting)


def kernel_matrices(a: Features, b: Features, settings: Sequence[Setting]) -> dict[float, Doubles]:
    """Return the kernel matrix for each gamma of the settings, which are of one kernel."""
    base = _base(a, b, settings[0].kernel)
    by_gamma = {setting.gamma: setting for setting in settings}
    copies = [base.copy() for _ in range(len(by_gamma) - 1)]
    return {gamma: _kernel(each, by_gamma[gamma]) for gamma, each in zip(by_gamma, [*copies, base], strict=True)}


def _base(a: Features, b: Features, kernel: str) -> Doubles:
    """Return what the kernels of every gamma are computed from: dot products, or squared distances."""
    products = np.asarray((a @ b.T).astype(np.float64))
    if kernel == "linear":
        return products
    products *= -2
    products += np.einsum("ij,ij->i", a, a, dtype=np.float64)[:, None]
    products += np.einsum("ij,ij->i", b, b, dtype=np.float64)
    return np.asarray(np.maximum(products, 0, out=products))


def _kernel(base: Doubles, setting: Setting) -> Doubles:
    """Turn the base into the kernel, in place."""
    if setting.kernel == "linear":
        return base
    base *= -setting.gamma
    return np.asarray(np.exp(base, out=base))


@contextlib.contextmanager
def thread_pool(threads: int) -> Iterator[ThreadPoolExecutor]:
    """Yield a pool of threads, each with single-threaded BLAS; LIBSVM and NumPy release the GIL."""
    import sklearn.svm  # noqa: F401  # its BLAS too: the limit holds for libraries that are loaded
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(threads) as pool:
        yield pool
