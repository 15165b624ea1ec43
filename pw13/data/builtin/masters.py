"""Master pictures of the letters A-J in many typefaces, and which typefaces are for training and which for testing.

`tools/build_masters.py` made them; NOTICE names every typeface with its licence.
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

# How often a family is drawn: the odd ones more seldom than the others, as in notMNIST.
USUAL, SELDOM = 5, 2
ODD_FAMILIES = (
    "STIX Math Script", "STIX Math Fraktur", "STIX Math Double-struck", "Computer Modern Calligraphic",
    "Great Vibes", "Indie Flower", "Press Start 2P",
)  # fmt: skip


class Masters(NamedTuple):
    """Rows of ten letters each, in a face.

    Attributes:
        families: name of the typeface family of each row.
        lower: `(rows,)` bool, small letters or capitals.
        italic: `(rows,)` bool.
        aspects: `(rows, 10)` int64, true width of the letter in 64ths of its height.
        rooms: `(rows, 10)` int64, by how many pixels strokes may swell before a counter or an opening closes.
        strengths: `(rows, 10)` int64, by how many pixels strokes may shrink before one is lost.
        cells: `(rows, 10, 64, 64)` bool, the letter stretched to the whole cell.
    """

    families: tuple[str, ...]
    lower: np.ndarray
    italic: np.ndarray
    aspects: np.ndarray
    rooms: np.ndarray
    strengths: np.ndarray
    cells: np.ndarray


def read_masters(data: bytes) -> Masters:
    """The masters that the bytes of letters.xz hold."""
    head, bits = lzma.decompress(data).split(b"\n", 1)
    families, cases, italic, aspects, rooms, strengths = zip(*json.loads(head), strict=True)
    return Masters(
        families,
        lower=np.array([case == "lower" for case in cases]),
        italic=np.array(italic),
        aspects=np.array(aspects, np.int64),
        rooms=np.array(rooms, np.int64),
        strengths=np.array(strengths, np.int64),
        cells=np.unpackbits(np.frombuffer(bits, np.uint8)).reshape(-1, LETTERS, CELL, CELL).astype(bool),
    )


def families_for(masters: Masters, *, testing: bool) -> dict[str, int]:
    """The families of the test set or those of the training set, and how often each is drawn."""
    names = [name for name in dict.fromkeys(masters.families) if (name in TEST_FAMILIES) == testing]
    return {name: SELDOM if name in ODD_FAMILIES else USUAL for name in names}


def choose_rows(
    masters: Masters, families: dict[str, int], family: np.ndarray, lower: np.ndarray, face: np.ndarray
) -> np.ndarray:
    """A row for each image: a family by its weight, then one of its faces.

    Args:
        masters: all of them.
        families: the families to choose from and their weights.
        family: `(n,)` in [0, 1).
        lower: `(n,)` bool, small letters where the family has them.
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
