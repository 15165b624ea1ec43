"""What an evaluation of SVMs takes in memory and time, and so which methods it uses.

Exact SVMs grow with the square of the images: they are fitted on as many as the memory takes. If those are not all, an
approximation that reads the images in blocks is fitted on all of them.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pw13.svm import approximate, exact, intelex
from pw13.svm.kernels import Labels, Setting, grid

EXACT_STEP = 1000  # of the number of images that fit, so that it does not depend on trifles
MIN_EXACT = 1000  # images, unless there are fewer: C and gamma are chosen on exact SVMs
HELD_SHARE = 0.25  # of the memory, at most, for features that are computed once and kept, and one kind's scaled copy
BLOCKS = 300_000_000  # bytes of what is computed in blocks


class Workload(NamedTuple):
    """What is to be evaluated: `labels` `(n,)` int64, number of test images, size of each kind of features.

    fixed: bytes that are taken whatever the method, by the images and the process.
    """

    labels: Labels
    test: int
    sizes: Sequence[int]
    kernels: Sequence[str]
    tune_on: int
    folds: int
    fixed: int


class Plan(NamedTuple):
    """How a workload is done.

    exact: number of images that exact SVMs are fitted on. all_by: method by kernel for all of them. held: whether the
    features of each kind are computed once and kept, or in blocks each time. together: whether tuning fits the settings
    of all gammas together, which is faster but keeps all their kernel matrices. memory: bytes at most. seconds: about,
    on two cores.
    """

    exact: int
    all_by: dict[str, str]
    held: tuple[bool, ...]
    together: bool
    memory: int
    seconds: float


def make(workload: Workload, limit: int, *, threads: int, use_intelex: bool) -> Plan | None:
    """Choose the methods for a workload in `limit` bytes; None if it does not fit at all.

    More memory never means fewer images of exact SVMs.
    """
    images, count = _exact_images(workload, limit, threads), len(workload.labels)
    if _memory(workload, threads)(images, 0) > limit:
        return None
    if images == count:
        return _plan(workload, images, dict.fromkeys(workload.kernels, exact.METHOD), 0, limit, threads)
    by_intelex = workload.fixed + BLOCKS + intelex.memory(count, max(workload.sizes))
    if use_intelex and by_intelex <= limit:
        return _plan(workload, images, dict.fromkeys(workload.kernels, intelex.method()), by_intelex, limit, threads)
    return _plan(
        workload, images, {kernel: approximate.method(kernel) for kernel in workload.kernels}, 0, limit, threads
    )


def least_memory(workload: Workload, *, threads: int) -> int:
    """Return how many bytes the workload takes at least: `make` has a plan for as many."""
    return _memory(workload, threads)(min(len(workload.labels), MIN_EXACT), 0)


def _exact_images(workload: Workload, limit: int, threads: int) -> int:
    """Return how many images exact SVMs are fitted on: all, or what fits beside the features kept, or the least.

    Where a little more memory would keep one more kind of features, they are no more than would fit then.
    """
    count, memory = len(workload.labels), _memory(workload, threads)
    if memory(count, 0) <= limit:
        return count
    limits = np.sum(_kept(workload), axis=0) / HELD_SHARE  # from which on 0, 1, 2, ... kinds are kept
    kept = int(np.flatnonzero(limits <= limit)[-1])
    limits[kept] = limit
    fewer = range((count - 1) // EXACT_STEP * EXACT_STEP, 0, -EXACT_STEP)
    kinds = range(kept, len(limits))
    fitting = (n for n in fewer if all(memory(n, kind) <= limits[kind] for kind in kinds))
    return max(next(fitting, 0), min(count, MIN_EXACT))


def _memory(workload: Workload, threads: int, *, together: bool = False) -> Callable[[int, int], int]:
    """Return the bytes that exact SVMs take at most: a function of their images and of how many kinds are kept.

    The smallest are. While one kind is evaluated it is scaled, all of it if it is kept, and the classifiers of the
    others are in memory.
    """
    counts = np.bincount(workload.labels)
    counts, size, per_row = counts[counts > 0], max(workload.sizes), 4 * max(workload.sizes)
    coefficients = 8 * (len(counts) - 1)
    classifiers = (
        len(workload.kernels) * sum(4 * each + coefficients for each in workload.sizes) - per_row - coefficients
    )
    grids = [grid(kernel, size) for kernel in workload.kernels]

    def fit(rows: int, settings: Sequence[Setting]) -> int:
        return exact.memory(counts / len(workload.labels) * rows, size, threads, settings, together=together)

    def memory(images: int, kept: int) -> int:
        features, scaled = map(int, _kept(workload)[:, kept])
        tuned = min(workload.tune_on, images)
        rest = tuned - tuned // workload.folds
        tuning = scaled + per_row * tuned + max(fit(rest, each) for each in grids)
        rows = scaled + per_row * images if images < len(workload.labels) else max(scaled, per_row * images)
        fitting = rows + fit(images, grids[0][:1])
        return workload.fixed + BLOCKS + classifiers * images + features + max(tuning, fitting)

    return memory


def _kept(workload: Workload) -> npt.NDArray[np.int64]:
    """Return the bytes of the 0, 1, 2, ... smallest kinds of features, and of the largest of them: `(2, kinds + 1)`."""
    ascending = np.sort(_bytes(workload))
    return np.pad([np.cumsum(ascending), ascending], ((0, 0), (1, 0)))


def _bytes(workload: Workload) -> npt.NDArray[np.int64]:
    return np.array([4 * size * (len(workload.labels) + workload.test) for size in workload.sizes])


def _plan(workload: Workload, images: int, all_by: dict[str, str], other: int, limit: int, threads: int) -> Plan:
    """Keep the smallest features, as many kinds as a share of the memory takes and what is needed leaves.

    What is left then is for tuning. other: bytes that another method takes beside the features kept.
    """
    features, scaled = _kept(workload)

    def memory(kept: int, *, together: bool = False) -> int:
        return max(_memory(workload, threads, together=together)(images, kept), other + int(features[kept]))

    wanted = np.flatnonzero(features + scaled <= HELD_SHARE * limit)
    kept = max(int(k) for k in wanted if k == 0 or memory(int(k)) <= limit)
    smallest = np.argsort(_bytes(workload), kind="stable")[:kept]
    held = tuple(kind in smallest for kind in range(len(workload.sizes)))
    together = memory(kept, together=True) <= limit
    return Plan(images, all_by, held, together, memory(kept, together=together), seconds(workload, images, all_by))


class Cost(NamedTuple):
    """Seconds on two cores of an AMD EPYC, ten classes: on few features, and how much more on 784."""

    few: float
    more: float

    def of(self, size: int) -> float:
        return self.few + self.more * size / 784


START_SECONDS = 6.0  # data, figures
TUNING = {"rbf": Cost(3.0, 3.0), "linear": Cost(0.7, 0.8)}  # 3 folds of 4,000 images
EXACT = {"rbf": Cost(5.0, 7.0), "linear": Cost(3.0, 2.5)}  # a fit on 20,000 images
PREDICTION = Cost(0.6, 1.2)  # of 10,000 images by a fit on 20,000
CURVE = Cost(3.0, 2.0)  # C and gamma of few images, exact fits on them, and their predictions of 10,000 images
BLOCKWISE = {"rbf": Cost(32e-6, 19e-6), "linear": Cost(6e-6, 10e-6)}  # an image once, by the approximation
PCA_SECONDS = 30e-6  # an image of 784 pixels


def seconds(workload: Workload, images: int, all_by: dict[str, str]) -> float:
    """Estimate the seconds of a workload with exact SVMs on so many images, on two cores."""
    count, total = len(workload.labels), START_SECONDS + PCA_SECONDS * len(workload.labels)
    tuned, tests = min(workload.tune_on, images) / 4000, workload.test / 10_000
    for size in workload.sizes:
        total += CURVE.of(size) * tests
        for kernel, method in all_by.items():
            total += TUNING[kernel].of(size) * tuned**2 * workload.folds / 3
            total += EXACT[kernel].of(size) * (images / 20_000) ** 2 + PREDICTION.of(size) * tests * images / 20_000
            if method == approximate.method(kernel):
                total += BLOCKWISE[kernel].of(size) * approximate.passes(count) * count
            elif method != exact.METHOD:
                total += EXACT[kernel].of(size) * (count / 20_000) ** 2
    return total
