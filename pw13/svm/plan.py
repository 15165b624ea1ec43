"""What an evaluation of SVMs takes in memory and time, and so which methods it uses.

Exact SVMs grow with the square of the images: they are fitted on as many as the memory takes. If those are not all, an
approximation that reads the images in blocks is fitted on all of them.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pw13.svm import approximate, exact, intelex
from pw13.svm.kernels import Labels

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
    features of each kind are computed once and kept, or in blocks each time. memory: bytes at most, about. seconds:
    about, on two cores.
    """

    exact: int
    all_by: dict[str, str]
    held: tuple[bool, ...]
    memory: int
    seconds: float


def make(job: Job, limit: int, *, threads: int, use_intelex: bool) -> Plan | None:
    """Choose the methods for a job in `limit` bytes; None if it does not fit at all."""
    count, held = len(job.labels), _held(job, limit)
    fixed = job.fixed + BLOCKS + sum(size for size, keep in zip(_bytes(job), held, strict=True) if keep)
    shares = np.bincount(job.labels) / count

    def exact_memory(images: int) -> int:
        arrays = 3 * 4 * images * max(job.sizes)  # features, scaled, support vectors
        return fixed + arrays + exact.memory(shares[shares > 0] * images, threads)

    sizes = [count, *range((count - 1) // EXACT_STEP * EXACT_STEP, 0, -EXACT_STEP)]
    fitting = next((images for images in sizes if exact_memory(images) <= limit), 0)
    if fitting < min(count, MIN_EXACT):
        return None
    if fitting == count:
        return _plan(job, fitting, dict.fromkeys(job.kernels, exact.METHOD), held, exact_memory(count))
    by_intelex = fixed + intelex.memory(count, max(job.sizes))
    if use_intelex and by_intelex <= limit:
        return _plan(job, fitting, dict.fromkeys(job.kernels, intelex.method()), held, by_intelex)
    return _plan(job, fitting, {k: approximate.method(k) for k in job.kernels}, held, exact_memory(fitting))


def least_memory(job: Job, *, threads: int) -> int:
    """Return about how many bytes the job takes at least."""
    images = min(len(job.labels), MIN_EXACT)
    counts = np.bincount(job.labels)
    exact_memory = exact.memory(counts[counts > 0] * images / len(job.labels), threads)
    return job.fixed + BLOCKS + 3 * 4 * images * max(job.sizes) + exact_memory


def _bytes(job: Job) -> list[int]:
    return [4 * size * (len(job.labels) + job.test) for size in job.sizes]


def _held(job: Job, limit: int) -> tuple[bool, ...]:
    """Keep the smallest features, as many kinds as a share of the memory takes."""
    sizes = np.array(_bytes(job))
    order = np.argsort(sizes, kind="stable")
    fits = np.cumsum(sizes[order]) <= HELD_SHARE * limit
    return tuple(bool(fits[list(order).index(kind)]) for kind in range(len(sizes)))


def _plan(job: Job, images: int, all_by: dict[str, str], held: tuple[bool, ...], memory: int) -> Plan:
    return Plan(images, all_by, held, memory, seconds(job, images, all_by))


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
CURVE = Cost(1.5, 2.0)  # exact fits on few images, and their predictions of 10,000 images
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
