"""How much memory an evaluation of SVMs may take, and what it does in it."""

import contextlib
import math
from collections.abc import Iterator, Sequence

import numpy as np

from pw13 import console
from pw13.config.settings import SvmEval
from pw13.data.images import ImageSet
from pw13.errors import OptionError, UserError
from pw13.experiments import svm_features
from pw13.inference.encoders import Encoder
from pw13.svm import intelex, plan
from pw13.svm.plan import Plan, Workload
from pw13.system import machine, memory

GB = 1e9
DEFAULT_LIMIT, FREE_SHARE = 3 * GB, 0.75
PROCESS = 350_000_000  # bytes of Python and its libraries
TENSORFLOW = 700_000_000  # which the encoders of convolutional runs need


def make_plan(images: ImageSet, labels: np.ndarray, encoders: Sequence[Encoder], config: SvmEval) -> tuple[Plan, int]:
    """Choose the methods, say what they take, and return them with the limit of the memory in bytes.

    Raises:
        OptionError, UserError: see `choose_plan`.
    """
    workload = describe(images, labels, encoders, config)
    chosen, limit = choose_plan(workload, config)
    console.message(sentence(workload, chosen, limit))
    return chosen, limit


def choose_plan(workload: Workload, config: SvmEval) -> tuple[Plan, int]:
    """Choose the methods and return them with the limit of the memory in bytes.

    Raises:
        OptionError: --memory is too small for the images.
        UserError: too little memory is free.
    """
    limit, threads = memory_limit(config), machine.cores()
    chosen = plan.make(workload, limit, threads=threads, use_intelex=not config.approximate and intelex.available())
    if chosen is None:
        least = f"about {suggested(workload, threads):.1f} GB for {len(workload.labels):,} images"
        if config.memory is not None:
            raise OptionError(f"--memory: expected {least}, received {config.memory:g}; or use fewer with --limit")
        raise UserError(
            f"too little memory: expected {least}, of the free memory {limit / GB:.1f} GB may be used; "
            "use fewer with --limit, or set --memory"
        )
    return chosen, limit


def suggested(workload: Workload, threads: int) -> float:
    """Return the least `--memory` that has a plan, in GB, to one digit."""
    return math.ceil(10 * plan.least_memory(workload, threads=threads) / GB) / 10


def describe(images: ImageSet, labels: np.ndarray, encoders: Sequence[Encoder], config: SvmEval) -> Workload:
    fixed = PROCESS + images.train_images.nbytes + images.test_images.nbytes
    fixed += TENSORFLOW * any(encoder.kind == "conv-dae" for encoder in encoders)
    fixed += max(0, svm_features.pca_memory(images, encoders) - plan.BLOCKS)  # PCA is fitted before any SVM
    kernels = ("rbf", "linear") if config.kernel == "both" else (config.kernel,)
    sizes = svm_features.sizes(images, encoders)
    return Workload(labels, len(images.test_labels), sizes, kernels, config.tune_on, config.folds, fixed)


def memory_limit(config: SvmEval) -> int:
    """Return the bytes that the command may take."""
    if config.memory is not None:
        return int(config.memory * GB)
    return int(min(DEFAULT_LIMIT, FREE_SHARE * memory.free_memory()))


def sentence(workload: Workload, chosen: Plan, limit: int) -> str:
    """Say how long it takes, how much memory, and which methods are used on how many images."""
    taken = f"about {console.format_duration(chosen.seconds)}, {chosen.memory / GB:.1f} of {limit / GB:.1f} GB memory"
    methods = " and ".join(f"{method} ({kernel})" for kernel, method in chosen.all_by.items())
    if len(set(chosen.all_by.values())) == 1:
        methods = next(iter(chosen.all_by.values()))
    exact = "" if chosen.exact == len(workload.labels) else f", SVC on {chosen.exact:,} of them"
    return f"{taken}: {methods} on {len(workload.labels):,} images{exact}"


@contextlib.contextmanager
def out_of_memory_refused() -> Iterator[None]:
    """Turn a lack of memory into an error with the way on."""
    try:
        yield
    except MemoryError:
        raise UserError("out of memory; set a smaller --memory, or use fewer images with --limit") from None
