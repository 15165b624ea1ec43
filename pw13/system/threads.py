"""Threads of the libraries below NumPy and scikit-learn: how many, and what they do while they wait."""

import os

# While it waits a thread of OpenMP or OpenBLAS runs in circles by default. As soon as other threads work on the same
# cores, each of the hundreds of short parallel loops of a t-SNE then takes a time slice of the scheduler.
SLEEP_WHILE_WAITING = {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0", "OPENBLAS_THREAD_TIMEOUT": "4"}
COUNTS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def let_sleep() -> None:
    """Let waiting threads sleep, in this process and its children; a library reads this when it is loaded."""
    for name, value in SLEEP_WHILE_WAITING.items():
        os.environ.setdefault(name, value)


def limit(count: int) -> None:
    """Hold the libraries to `count` threads each, those that are loaded and those that will be."""
    from threadpoolctl import threadpool_limits

    let_sleep()
    os.environ.update(dict.fromkeys(COUNTS, str(count)))
    threadpool_limits(count)
