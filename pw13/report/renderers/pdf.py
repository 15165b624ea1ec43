"""The document as a PDF, by Typst: a static template and the document as JSON beside it."""

import datetime
import functools
import struct
import tempfile
from pathlib import Path
from typing import Any

from pw13.report.document import Block, Document, Figure
from pw13.system import files

WIDEST, TALLEST = 164.0, 82.0  # mm a figure may take of the page
PER_INCH = 120  # pixels; as the figures of a run are saved
SCALE = 0.78  # of a figure's own size, so that a page holds text and figure
MISSING_GLYPH = (
    "Characters that the fonts of this PDF lack are written as escapes such as \\u65e5; report.html shows them."
)


def pdf(document: Document) -> bytes:
    """The PDF; the same document gives the same bytes. Uses only the fonts inside Typst, and no network."""
    import typst

    with tempfile.TemporaryDirectory(prefix="pw13-report-") as scratch:
        folder = Path(scratch)
        for figure in document.figures:
            (folder / figure.name).write_bytes(figure.png)
        (folder / "document.json").write_text(files.to_json(drawable(data(document))), encoding="utf-8")
        (folder / "report.typ").write_bytes((Path(__file__).parent / "report.typ").read_bytes())
        return typst.compile(
            folder / "report.typ",
            root=folder,
            ignore_system_fonts=True,
            package_path=folder,
            package_cache_path=folder,
            timestamp=fixed_time(document.date),
        )


def fixed_time(date: str) -> int:
    """The Unix time at which a day begins in Greenwich."""
    return int(datetime.datetime.fromisoformat(date).replace(tzinfo=datetime.UTC).timestamp())


def data(document: Document) -> dict[str, Any]:
    """The document as the template reads it."""
    chapters = [
        {
            "title": chapter.title,
            "blocks": [of_block(block) for block in chapter.blocks],
            "items": [
                {**item._asdict(), "blocks": [of_block(block) for block in item.blocks]} for item in chapter.items
            ],
        }
        for chapter in document.chapters
    ]
    return {**document._asdict(), "chapters": chapters}


def drawable(content: dict[str, Any]) -> dict[str, Any]:
    """The document with characters that the PDF has no glyph for as escapes, and a notice where there are any."""
    escaped = _mapped(content)
    if escaped != content:
        escaped["notices"] = [*escaped["notices"], MISSING_GLYPH]
    return escaped


def _mapped(value: Any) -> Any:
    if isinstance(value, str):
        return "".join(c if c.isascii() or ord(c) in glyphs() else c.encode("unicode_escape").decode() for c in value)
    if isinstance(value, dict):
        return {key: _mapped(item) for key, item in value.items()}
    return type(value)(map(_mapped, value)) if isinstance(value, (list, tuple)) else value


@functools.cache
def glyphs() -> frozenset[int]:
    """The characters of DejaVu Sans Mono, to which Typst turns for those that the text's font lacks."""
    import matplotlib
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(str(Path(matplotlib.get_data_path(), "fonts/ttf/DejaVuSansMono.ttf"))).get_charmap())


def of_block(block: Block) -> dict[str, Any]:
    """A block as JSON; a figure as the name of its file and its width in mm."""
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
    """How wide a figure stands on the page: its own size, or what fits."""
    width, height = struct.unpack(">II", png[16:24])
    natural = SCALE * 25.4 * width / PER_INCH
    return round(min(natural, WIDEST, TALLEST * width / height), 1)
