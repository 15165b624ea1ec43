"""How long an epoch takes, guessed before there is one: what settings cost beside each other."""

from typing import Any

# Measured on two cores of an AMD EPYC.
IMAGES_A_SECOND = {"dense-ae": 200_000, "conv-dae": 700}
WINDOWS_A_SECOND = {"simple": 200_000, "gru": 75_000, "lstm": 60_000}  # of 10 characters, many-to-one, 64 units
FEWEST = 24  # units below which a smaller network is no faster


def epoch_seconds(kind: str, settings: Any, examples: float = 1e6) -> float:
    """Seconds of an epoch of a trainer on so many training images, or characters of training names."""
    if kind != "charrnn":
        return min(examples, settings.limit or examples) / IMAGES_A_SECOND[kind]
    windows = examples / (settings.length if settings.carry_state else settings.skip)
    size = max(settings.units, FEWEST) / 64 * settings.length / 10 * settings.layers
    predicted = 2 if settings.target == "many-to-many" else 1
    return windows * size * predicted / WINDOWS_A_SECOND[settings.cell]
