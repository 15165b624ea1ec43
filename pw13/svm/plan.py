"""What an evaluation of SVMs takes in memory and time, and so which methods it uses.

Exact SVMs grow with the square of the images: they are fitted on as many as the memory takes. If those are not all, an
approximation that reads the images in blocks is fitted on all of them.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pw13.svm import approximate, exact, intelex
from pw13.svm.kernels import Labels, grid

EXACT_STEP = 1000  # of the number of images that fit, so that it does not depend on trifles
MIN_EXACT = 1000  # images, unless there are fewer: C and gamma are chosen on exact SVMs
HELD_SHARE = 0.25  # of the memory, at most, for features that are computed once and kept
BLOCKS = 300_000_000  # bytes of what is computed in blocks


class Job(NamedTuple):
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
    """How a job is done.

    exact: number of images that exact SVMs are fitted on. all_by: method by kernel for all of them. held: whether the
    features of each kind are computed once and kept, or in blocks each time. together: whether tuning fits the settings
    of all gammas together, which is faster but keeps all their kernel matrices. memory: bytes at most, about. seconds:
    about, on two cores.
    """

    exact: int
    all_by: dict[str, str]
    held: tuple[bool, ...]
    together: bool
    memory: int
    seconds: float


def make(job: Job, limit: int, *, threads: int, use_intelex: bool) -> Plan | None:
    """Choose the methods for a job in `limit` bytes; None if it does not fit at all.

    More memory never means fewer images of exact SVMs.
    """
    memory_of = _exact_memory(job, threads)
    images = _exact_images(job, limit, memory_of)
    needed = memory_of(images)
    if needed > limit:
        return None
    if images == len(job.labels):
        return _plan(job, images, dict.fromkeys(job.kernels, exact.METHOD), needed, limit, threads)
    by_intelex = max(needed, job.fixed + BLOCKS + intelex.memory(len(job.labels), max(job.sizes)))
    if use_intelex and by_intelex <= limit:
        return _plan(job, images, dict.fromkeys(job.kernels, intelex.method()), by_intelex, limit, threads)
    return _plan(job, images, {kernel: approximate.method(kernel) for kernel in job.kernels}, needed, limit, threads)


def least_memory(job: Job, *, threads: int) -> int:
    """Return about how many bytes the job takes at least: `make` has a plan for as many."""
    return _exact_memory(job, threads)(min(len(job.labels), MIN_EXACT))


def _exact_images(job: Job, limit: int, memory_of: Callable[[int], int]) -> int:
    """Return how many images exact SVMs are fitted on: all, or what fits beside the features kept, or the least."""
    count = len(job.labels)
    if memory_of(count) <= limit:
        return count
    room = _room(job, limit)
    fewer = range((count - 1) // EXACT_STEP * EXACT_STEP, 0, -EXACT_STEP)
    fitting = next((images for images in fewer if memory_of(images) <= room), 0)
    return max(fitting, min(count, MIN_EXACT))


def _exact_memory(job: Job, threads: int, gammas: int = 1) -> Callable[[int], int]:
    """Return the function of a number of images that gives about the bytes of exact SVMs on them.

    Without the features kept.
    """
    counts = np.bincount(job.labels)
    shares = counts[counts > 0] / len(job.labels)
    row = 3 * 4 * max(job.sizes)  # features, scaled, support vectors
    return lambda images: job.fixed + BLOCKS + row * images + exact.memory(shares * images, threads, gammas)


def _room(job: Job, limit: int) -> float:
    """Return the bytes of `limit` that the features kept leave.

    Where a little more memory would keep one more kind, they are no more than would be left then.
    """
    totals = _totals(job)
    kept = np.flatnonzero(totals <= HELD_SHARE * limit)[-1]
    return float(np.min([limit - totals[kept], *(totals[kept + 1 :] * (1 / HELD_SHARE - 1))]))


def _totals(job: Job) -> npt.NDArray[np.int64]:
    """Return the bytes of the 0, 1, 2, ... smallest kinds of features, `(kinds + 1,)`."""
    return np.concatenate([[0], np.cumsum(np.sort(_bytes(job)))])


def _bytes(job: Job) -> npt.NDArray[np.int64]:
    return np.array([4 * size * (len(job.labels) + job.test) for size in job.sizes])


def _plan(job: Job, images: int, all_by: dict[str, str], needed: int, limit: int, threads: int) -> Plan:
    """Keep the smallest features, as many kinds as a share of the memory takes and what is `needed` leaves.

    What is left then is for tuning.
    """
    totals = _totals(job)
    kept = int(np.flatnonzero(totals <= min(HELD_SHARE * limit, limit - needed))[-1])
    smallest = np.argsort(_bytes(job), kind="stable")[:kept]
    held = tuple(kind in smallest for kind in range(len(job.sizes)))
    tuning = _tuning_memory(job, images, threads)
    together = tuning + int(totals[kept]) <= limit
    memory = (max(needed, tuning) if together else needed) + int(totals[kept])
    return Plan(images, all_by, held, together, memory, seconds(job, images, all_by))


def _tuning_memory(job: Job, images: int, threads: int) -> int:
    """Return about how many bytes tuning takes if it fits the settings of all gammas together."""
    rows = min(job.tune_on, images) * (job.folds - 1) // job.folds
    gammas = max(len({setting.gamma for setting in grid(kernel, 1)}) for kernel in job.kernels)
    return _exact_memory(job, threads, gammas)(rows)


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


def seconds(job: Job, images: int, all_by: dict[str, str]) -> float:
    """Estimate the seconds of a job with exact SVMs on so many images, on two cores."""
    count, total = len(job.labels), START_SECONDS + PCA_SECONDS * len(job.labels)
    tuned, tests = min(job.tune_on, images) / 4000, job.test / 10_000
    for size in job.sizes:
        total += CURVE.of(size) * tests
        for kernel, method in all_by.items():
            total += TUNING[kernel].of(size) * tuned**2 * job.folds / 3
            total += EXACT[kernel].of(size) * (images / 20_000) ** 2 + PREDICTION.of(size) * tests * images / 20_000
            if method == approximate.method(kernel):
                total += BLOCKWISE[kernel].of(size) * approximate.passes(count) * count
            elif method != exact.METHOD:
                total += EXACT[kernel].of(size) * (count / 20_000) ** 2
    return total
