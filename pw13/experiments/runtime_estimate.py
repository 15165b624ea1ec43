"""Runtime estimates: a cost model of an epoch and of a whole run, before any epoch has been timed."""

import math
from typing import Any

# Measured on two cores of an AMD EPYC.
IMAGES_PER_SECOND = {"dense-ae": 150_000, "conv-dae": 500}
WINDOWS_PER_SECOND = {"simple": 160_000, "gru": 64_000, "lstm": 50_000}  # of 10 characters, many-to-one, 64 units
MIN_UNITS = 24  # a smaller network is no faster
# Of GRUs with 64, 256, 512 and 1024 units, 8 epochs took 2.6, 8, 29 and 100 minutes of one core (docs/names.md).
QUADRATIC_UNITS = 384  # from which on the seconds grow with the square of the units
# With a code of 128, 256, 512 and 1024 values an epoch took 2.5, 4.2, 10 and 23 times as long as with 32 (busy cores).
LINEAR_CODE = 48  # code size from which on the seconds grow with it
OVERHEAD_SECONDS = {"dense-ae": 12, "conv-dae": 30, "svm-eval": 5, "charrnn": 6}  # data, compiling, figures, names


def epoch_seconds(kind: str, settings: Any, examples: float) -> float:
    """Estimate the seconds per epoch; `examples`: number of training images, or of characters in the training names."""
    if kind != "charrnn":
        size = max(settings.code_size / LINEAR_CODE, 1) if kind == "dense-ae" else 1
        return float(min(examples, settings.limit or examples) * size / IMAGES_PER_SECOND[kind])
    windows = examples / (settings.length if settings.carry_state else settings.skip)
    units = max(settings.units, MIN_UNITS) * max(settings.units / QUADRATIC_UNITS, 1)
    size = units / 64 * settings.length / 10 * settings.layers
    predicted = 2 if settings.target == "many-to-many" else 1
    return float(windows * size * predicted / WINDOWS_PER_SECOND[settings.cell])


def estimate_seconds(kind: str, settings: Any, *, images: int = 0, characters: int = 0, encoders: int = 0) -> float:
    """Estimate the seconds of a whole run on two cores.

    images: number of training images. characters: of the whole corpus. encoders: how many `svm-eval` compares.
    """
    seconds = float(OVERHEAD_SECONDS[kind])
    if kind == "svm-eval":
        images = min(images, settings.limit or images)
        return seconds + (1 + encoders) * (4 + 15 * math.pow(images / 10_000, 1.5))
    if kind == "charrnn":
        seconds += characters / 140_000  # n-grams, evaluation, sampling
    return seconds + float(settings.epochs) * epoch_seconds(kind, settings, characters if kind == "charrnn" else images)
