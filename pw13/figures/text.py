"""Text of the user's in figures: drawn as it is, in any script that a font of the system has."""

import unicodedata

import matplotlib

from pw13 import console
from pw13.system import fonts

FONT = "DejaVuSans"  # matplotlib's own
_told: set[str] = set()  # missing characters; the user is told of the first


def plain(text: str) -> str:
    """Return text to be drawn literally: no mathematics, and escapes for characters that no font here has.

    Fonts of the system that it needs are added to those that figures use from now on.
    """
    shown = console.printable(text)
    foreign = {c for c in shown if ord(c) not in fonts.bundled(FONT) and unicodedata.category(c) != "Cf"}
    if foreign:
        shown = "".join(_drawn(character, foreign - _add_fonts(foreign)) for character in shown)
    return shown.replace("$", r"\$")


def _add_fonts(characters: set[str]) -> set[str]:
    """Let figures use the fonts that have these characters; return those that some font has."""
    covered = set()
    for font in fonts.covering(characters):
        covered |= {character for character in characters if ord(character) in font.glyphs}
        if font.family not in matplotlib.rcParams["font.family"]:
            matplotlib.rcParams["font.family"] = [*matplotlib.rcParams["font.family"], font.family]
    missing = sorted(characters - covered)
    if missing and not _told:
        name = f"{missing[0]} ({unicodedata.name(missing[0], 'no name')})"
        console.note(f"no font here has {name}; figures show escapes. Install one, such as Noto Sans CJK")
    _told.update(missing)
    return covered


def _drawn(character: str, missing: set[str]) -> str:
    return character.encode("unicode_escape").decode() if character in missing else character
