"""What an import is asked for, and what it records of the set that it made."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pw13.errors import OptionError

MAX_SIDE = 1024


class ImportOptions(NamedTuple):
    """How to import: side of the square to scale to (None: as they are), share of the test file, seed, transposed."""

    side: int | None = None
    test_share: float = 0.1
    seed: int = 0
    transpose: bool = False


def check(choice: ImportOptions) -> None:
    """Refuse what is out of range.

    Raises:
        OptionError: it names the option.
    """
    if choice.side is not None and not 1 <= choice.side <= MAX_SIDE:
        raise OptionError(f"--size: expected 1 to {MAX_SIDE}, received {choice.side}")
    if not 0 < choice.test_share < 1:
        raise OptionError(f"--test-share: expected a share between 0 and 1, received {choice.test_share}")
    if choice.seed < 0:
        raise OptionError(f"--seed: expected 0 or more, received {choice.seed}")


def source_record(
    source: Path,
    choice: ImportOptions,
    names: tuple[str, ...],
    train: np.ndarray,
    test: np.ndarray,
    shape: tuple[int, ...],
) -> dict[str, Any]:
    """What import.json says of every set: `train` and `test` are labels `(n,)`, `shape` is height and width."""
    return {
        "source": str(source),
        "seed": choice.seed,
        "test_share": choice.test_share,
        "height": shape[0],
        "width": shape[1],
        "classes": list(names),
        "train": np.bincount(train, minlength=len(names)).tolist(),
        "test": np.bincount(test, minlength=len(names)).tolist(),
    }


def parse_size(shape: tuple[int, ...]) -> str:
    """Height and width in words."""
    return "x".join(str(side) for side in shape)
