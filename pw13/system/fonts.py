"""Fonts of this system for characters that the fonts of matplotlib and Typst lack, such as Chinese and Korean ones."""

import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

NO_LETTERS = ("last resort", ".lastresort", "adobe blank", "emoji")  # boxes for everything, or coloured pictures


class Font(NamedTuple):
    """A font file, the name of its family, and the code points that it has glyphs for."""

    path: Path
    family: str
    glyphs: frozenset[int]


def covering(characters: Iterable[str]) -> tuple[Font, ...]:
    """Return the fonts that together have as many of the characters as any fonts here, the most useful first."""
    return _covering(frozenset(map(ord, characters)))


@functools.cache
def _covering(wanted: frozenset[int]) -> tuple[Font, ...]:
    chosen: list[Font] = []
    while wanted:
        best = max(_system_fonts(), key=lambda font: len(font.glyphs & wanted), default=None)
        if best is None or not best.glyphs & wanted:
            break
        chosen.append(best)
        wanted -= best.glyphs
    return tuple(chosen)


@functools.cache
def _system_fonts() -> tuple[Font, ...]:
    """Return all fonts of the system, upright ones of usual weight first."""
    from matplotlib.font_manager import fontManager

    entries = sorted(fontManager.ttflist, key=lambda entry: (_oddity(entry), entry.name, entry.fname))
    letters = [entry for entry in entries if not any(part in entry.name.lower() for part in NO_LETTERS)]
    files = {entry.fname: entry.name for entry in reversed(letters)}  # of the faces in one file, the first
    fonts = (Font(Path(path), family, glyphs_of(path)) for path, family in reversed(files.items()))
    return tuple(font for font in fonts if font.glyphs)


def _oddity(entry: Any) -> int:
    return int(entry.style != "normal") + int(entry.weight not in (400, "normal", "regular"))


@functools.cache
def glyphs_of(path: str) -> frozenset[int]:
    """Return the code points that a font file has glyphs for; none if it cannot be read."""
    from matplotlib.ft2font import FT2Font

    try:
        return frozenset(FT2Font(path).get_charmap())
    except (OSError, RuntimeError, ValueError):
        return frozenset()


@functools.cache
def bundled(name: str) -> frozenset[int]:
    """Return the code points of a font that comes with matplotlib, such as "DejaVuSans"."""
    import matplotlib

    return glyphs_of(str(Path(matplotlib.get_data_path(), f"fonts/ttf/{name}.ttf")))
