"""Render the report as PDF with Typst, from a static template that reads the document as JSON."""

import datetime
import functools
import struct
import tempfile
from pathlib import Path
from typing import Any

from pw13.report.document import Block, Document, Figure
from pw13.system import files

MAX_WIDTH, MAX_HEIGHT = 164.0, 82.0  # of a figure, mm
DPI = 120  # of the figures of a run
SCALE = 0.78  # of a figure's own size, so that a page holds text and figure
GLYPH_NOTICE = "Characters missing from the fonts of this PDF are escaped, as in \\u65e5; report.html shows them."


def pdf(document: Document) -> bytes:
    """Return the PDF: the same bytes for the same document, with the fonts built into Typst and without network."""
    import typst

    with tempfile.TemporaryDirectory(prefix="pw13-report-") as scratch:
        folder = Path(scratch)
        for figure in document.figures:
            (folder / figure.name).write_bytes(figure.png)
        (folder / "document.json").write_text(
            files.to_json(escape_missing_glyphs(template_data(document))), encoding="utf-8"
        )
        (folder / "report.typ").write_bytes((Path(__file__).parent / "report.typ").read_bytes())
        return typst.compile(
            folder / "report.typ",
            root=folder,
            ignore_system_fonts=True,
            package_path=folder,
            package_cache_path=folder,
            timestamp=_timestamp(document.date),
        )


def _timestamp(date: str) -> int:
    """Return the Unix time of midnight UTC of an ISO date."""
    return int(datetime.datetime.fromisoformat(date).replace(tzinfo=datetime.UTC).timestamp())


def template_data(document: Document) -> dict[str, Any]:
    """Return the document as the template reads it."""
    chapters = [
        {
            "title": chapter.title,
            "blocks": [block_data(block) for block in chapter.blocks],
            "items": [
                {**item._asdict(), "blocks": [block_data(block) for block in item.blocks]} for item in chapter.items
            ],
        }
        for chapter in document.chapters
    ]
    return {**document._asdict(), "chapters": chapters}


def escape_missing_glyphs(content: dict[str, Any]) -> dict[str, Any]:
    """Escape characters that the PDF has no glyph for, and add a notice if there are any."""
    escaped: dict[str, Any] = _escape_strings(content)
    if escaped != content:
        escaped["notices"] = [*escaped["notices"], GLYPH_NOTICE]
    return escaped


def _escape_strings(value: Any) -> Any:
    if isinstance(value, str):
        return "".join(c if c.isascii() or ord(c) in glyphs() else c.encode("unicode_escape").decode() for c in value)
    if isinstance(value, dict):
        return {key: _escape_strings(item) for key, item in value.items()}
    return type(value)(map(_escape_strings, value)) if isinstance(value, (list, tuple)) else value


@functools.cache
def glyphs() -> frozenset[int]:
    """Return the characters of DejaVu Sans Mono, the fallback font of Typst."""
    import matplotlib
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(str(Path(matplotlib.get_data_path(), "fonts/ttf/DejaVuSansMono.ttf"))).get_charmap())


def block_data(block: Block) -> dict[str, Any]:
    """Return a block as the template reads it; a figure with its file name and its width in mm."""
    if not isinstance(block, Figure):
        return block._asdict()
    return {
        "kind": "figure",
        "file": block.name,
        "caption": block.caption,
        "alt": block.alt,
        "width": width_mm(block.png),
    }


def width_mm(png: bytes) -> float:
    """Return the width of a figure on the page in mm: its scaled size, or less to fit."""
    width: int
    height: int
    width, height = struct.unpack(">II", png[16:24])
    natural = SCALE * 25.4 * width / DPI
    return round(min(natural, MAX_WIDTH, MAX_HEIGHT * width / height), 1)
