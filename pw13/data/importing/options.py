"""Options of an import, and the record that it writes."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pw13.errors import OptionError

MAX_SIDE = 1024
TEST_SHARE, SEED = 0.1, 0  # of class folders and archives, where the options are None


class ImportOptions(NamedTuple):
    """Options of an import.

    Attributes:
        side: scale every image to `side` x `side` pixels (None = keep the size).
        test_share: fraction of each class to use as test set (None = `TEST_SHARE`; IDX files are split already).
        seed: seed for splitting and shuffling (None = `SEED`; IDX files keep their order).
        transpose: swap rows and columns.
    """

    side: int | None = None
    test_share: float | None = None
    seed: int | None = None
    transpose: bool = False


def check(options: ImportOptions) -> None:
    """Check the ranges of the options.

    Raises:
        OptionError: an option is out of range; the message names it.
    """
    if options.side is not None and not 1 <= options.side <= MAX_SIDE:
        raise OptionError(f"--size: expected 1 to {MAX_SIDE}, received {options.side}")
    if options.test_share is not None and not 0 < options.test_share < 1:
        raise OptionError(f"--test-share: expected a fraction above 0 and below 1, received {options.test_share}")
    if options.seed is not None and options.seed < 0:
        raise OptionError(f"--seed: expected 0 or more, received {options.seed}")


def refuse_split(source: Path, options: ImportOptions) -> None:
    """Refuse the options of a split for IDX files, which have one.

    Raises:
        OptionError: one of them is given.
    """
    for name, value in (("--test-share", options.test_share), ("--seed", options.seed)):
        if value is not None:
            raise OptionError(f"{name}: the IDX files in {source} keep their split and order; leave {name} out")


def source_record(
    source: Path, names: tuple[str, ...], train_labels: np.ndarray, test_labels: np.ndarray, shape: tuple[int, ...]
) -> dict[str, Any]:
    """Return the content of import.json common to all sources, from labels `(n,)` and `shape` (height, width)."""
    return {
        "source": str(source),
        "height": shape[0],
        "width": shape[1],
        "classes": list(names),
        "train": np.bincount(train_labels, minlength=len(names)).tolist(),
        "test": np.bincount(test_labels, minlength=len(names)).tolist(),
    }
