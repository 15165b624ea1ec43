"""A small font, made for a test."""

from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen


def make_font(path: Path, characters: str, family: str = "Pw13 Test") -> Path:
    """Write a font in which the n-th character is a bar of height n."""
    names = [".notdef", *(f"u{ord(character):04X}" for character in characters)]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(character): f"u{ord(character):04X}" for character in characters})
    builder.setupGlyf({name: _bar(900 * (index + 1) // len(names)) for index, name in enumerate(names)})
    builder.setupHorizontalMetrics(dict.fromkeys(names, (600, 0)))
    builder.setupHorizontalHeader(ascent=900, descent=-100)
    builder.setupNameTable({"familyName": family, "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=900, sTypoDescender=-100, usWinAscent=900, usWinDescent=100)
    builder.setupPost()
    builder.save(path)
    return path


def _bar(height: int):
    pen = TTGlyphPen(None)
    pen.moveTo((50, 0))
    for point in ((50, height), (550, height), (550, 0)):
        pen.lineTo(point)
    pen.closePath()
    return pen.glyph()


def only_fonts(monkeypatch: pytest.MonkeyPatch, *paths: Path) -> None:
    """Let the system have these fonts only."""
    import matplotlib
    from matplotlib.font_manager import fontManager

    from pw13.figures import text
    from pw13.system import fonts

    known = [entry for entry in fontManager.ttflist if entry.name.startswith("DejaVu Sans")]
    monkeypatch.setattr(fontManager, "ttflist", known)
    for path in paths:
        fontManager.addfont(path)
    monkeypatch.setattr(text, "_told", set())
    monkeypatch.setitem(matplotlib.rcParams, "font.family", ["sans-serif"])
    fonts._system_fonts.cache_clear()
    fonts._covering.cache_clear()
