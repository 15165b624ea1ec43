"""Master bitmaps of the letters A-J in many typefaces, and the split of typefaces into training and test.

`tools/build_masters.py` writes them; NOTICE lists every typeface with its licence.
"""

import json
import lzma
from typing import NamedTuple

import numpy as np

from pw13.data.builtin.shapes import CELL

LETTERS = 10

TEST_FAMILIES = (
    "DejaVu Serif", "Computer Modern Sans", "STIX Math Script", "Lato", "Caladea", "Fredoka One", "EB Garamond",
    "Righteous", "Dancing Script", "Black Ops One", "Arvo", "Crimson Text", "Great Vibes", "Josefin Sans", "Rowdies",
    "Titan One",
)  # fmt: skip

# Sampling weights of families: unusual ones are rarer, as in notMNIST.
COMMON_WEIGHT, RARE_WEIGHT = 5, 2
RARE_FAMILIES = (
    "STIX Math Script", "STIX Math Fraktur", "STIX Math Double-struck", "Computer Modern Calligraphic",
    "Great Vibes", "Indie Flower", "Press Start 2P",
)  # fmt: skip


class Masters(NamedTuple):
    """Rows of ten letters, one row per face.

    Attributes:
        families: name of the typeface family of each row.
        lower: `(rows,)` bool, lower or upper case.
        italic: `(rows,)` bool.
        aspects: `(rows, 10)` int64, true width of the letter in 64ths of its height.
        grow_limits: `(rows, 10)` int64, pixels that strokes may grow before a counter or an opening closes.
        shrink_limits: `(rows, 10)` int64, pixels that strokes may shrink before one disappears.
        cells: `(rows, 10, 64, 64)` bool, the letter stretched to the whole cell.
    """

    families: tuple[str, ...]
    lower: np.ndarray
    italic: np.ndarray
    aspects: np.ndarray
    grow_limits: np.ndarray
    shrink_limits: np.ndarray
    cells: np.ndarray


def read_masters(data: bytes) -> Masters:
    """Decode the bytes of letters.xz."""
    head, bits = lzma.decompress(data).split(b"\n", 1)
    families, cases, italic, aspects, grow_limits, shrink_limits = zip(*json.loads(head), strict=True)
    return Masters(
        families,
        lower=np.array([case == "lower" for case in cases]),
        italic=np.array(italic),
        aspects=np.array(aspects, np.int64),
        grow_limits=np.array(grow_limits, np.int64),
        shrink_limits=np.array(shrink_limits, np.int64),
        cells=np.unpackbits(np.frombuffer(bits, np.uint8)).reshape(-1, LETTERS, CELL, CELL).astype(bool),
    )


def families_for(masters: Masters, *, testing: bool) -> dict[str, int]:
    """Return the families of the test or the training set with their sampling weights."""
    names = [name for name in dict.fromkeys(masters.families) if (name in TEST_FAMILIES) == testing]
    return {name: RARE_WEIGHT if name in RARE_FAMILIES else COMMON_WEIGHT for name in names}


def choose_rows(
    masters: Masters, families: dict[str, int], family: np.ndarray, lower: np.ndarray, face: np.ndarray
) -> np.ndarray:
    """Choose a row per image: a family by its weight, then one of its faces.

    Args:
        masters: all masters.
        families: the families to choose from and their weights.
        family: `(n,)` in [0, 1).
        lower: `(n,)` bool, lower case where the family has it.
        face: `(n,)` in [0, 1).

    Returns:
        `(n,)` int64.
    """
    totals = np.cumsum(list(families.values()))
    number = np.searchsorted(totals, family * totals[-1], side="right")
    names, rows = np.array(masters.families), np.empty(len(number), np.int64)
    for position, name in enumerate(families):
        for wanted, small in ((number == position, False), ((number == position) & lower, True)):
            pool = np.flatnonzero((names == name) & (masters.lower == small))
            if len(pool):
                rows[wanted] = pool[(face[wanted] * len(pool)).astype(np.int64)]
    return rows
