"""How long an epoch takes, guessed before there is one: what settings cost beside each other."""

from typing import Any

# Measured on two cores of an AMD EPYC.
IMAGES_PER_SECOND = {"dense-ae": 200_000, "conv-dae": 700}
WINDOWS_PER_SECOND = {"simple": 200_000, "gru": 75_000, "lstm": 60_000}  # of 10 characters, many-to-one, 64 units
MIN_UNITS = 24  # units below which a smaller network is no faster
# Seconds beside training: data, figures, names.
OVERHEAD_SECONDS = {"dense-ae": 8, "conv-dae": 40, "svm-eval": 5, "charrnn": 3}


def epoch_seconds(kind: str, settings: Any, examples: float = 1e6) -> float:
    """Seconds of an epoch of a trainer on so many training images, or characters of training names."""
    if kind != "charrnn":
        return min(examples, settings.limit or examples) / IMAGES_PER_SECOND[kind]
    windows = examples / (settings.length if settings.carry_state else settings.skip)
    size = max(settings.units, MIN_UNITS) / 64 * settings.length / 10 * settings.layers
    predicted = 2 if settings.target == "many-to-many" else 1
    return windows * size * predicted / WINDOWS_PER_SECOND[settings.cell]


def estimate_seconds(kind: str, settings: Any, *, images: int = 0, characters: int = 0, encoders: int = 0) -> float:
    """Return the seconds that a whole run may take on two cores.

    images: number of training images. characters: of the whole corpus. encoders: how many `svm-eval` compares.
    """
    overhead = OVERHEAD_SECONDS[kind]
    if kind == "svm-eval":
        images = min(images, settings.limit or images)
        return overhead + (1 + encoders) * (4 + 15 * (images / 10_000) ** 1.5)
    if kind == "charrnn":
        counting = characters / 140_000  # n-grams, and measuring and sampling
        return overhead + counting + settings.epochs * epoch_seconds(kind, settings, characters)
    return overhead + settings.epochs * epoch_seconds(kind, settings, images)
