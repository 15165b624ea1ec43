"""Losses per test image or held-out name, kept with a run so that two runs can be compared example by example."""

from collections.abc import Mapping

import numpy as np

from pw13.metrics import bootstrap
from pw13.metrics.bootstrap import ExampleLosses
from pw13.metrics.intervals import Interval
from pw13.runs.arrays import read_arrays
from pw13.runs.folder import Run
from pw13.runs.record import Record
from pw13.system.streams import stream

FILE = "losses"  # checkpoints/losses.npz
PARTS = ("sums", "weights", "digest")  # an array of each per metric: METRIC.sums, ...


def save(run: Run, losses: Mapping[str, ExampleLosses]) -> None:
    """Save the losses that add up to each metric, sums as float32."""
    run.save_arrays(
        FILE,
        {
            f"{metric}.{part}": np.asarray(value, np.float32 if part == "sums" else None)
            for metric, examples in losses.items()
            for part, value in zip(PARTS, examples, strict=True)
        },
    )


def read(record: Record, metric: str) -> ExampleLosses | None:
    """Return the losses that add up to a metric; None if the run has none, as those of earlier versions.

    Raises:
        UserError: the file is corrupt, or larger than pw13 writes.
    """
    arrays = read_arrays(record, FILE)
    found = [arrays.get(f"{metric}.{part}") for part in PARTS]
    sums, weights, digest = found
    if sums is None or weights is None or digest is None or sums.ndim != 1 or sums.shape != weights.shape:
        return None
    if not all(np.issubdtype(array.dtype, np.number) for array in (sums, weights)):
        return None
    return ExampleLosses(sums.astype(float), weights.astype(float), str(digest))


def difference(first: Record, second: Record, metric: str) -> Interval | None:
    """Return the interval of the first run's metric minus the second's; None unless both have the same examples.

    Raises:
        UserError: see `read`.
    """
    losses = read(first, metric), read(second, metric)
    return bootstrap_difference(*losses)


def bootstrap_difference(first: ExampleLosses | None, second: ExampleLosses | None) -> Interval | None:
    """Return mean and 95 % interval of the first loss minus the second, from the same resamples each time.

    None unless both are losses of the same examples.
    """
    if first is None or second is None:
        return None
    return bootstrap.paired_difference(first, second, rng=stream("bootstrap", 0))
