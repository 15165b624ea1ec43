"""Render the report as PDF with Typst, from a static template that reads the document as JSON."""

import datetime
import re
import shutil
import struct
import tempfile
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pw13.errors import UserError
from pw13.report.document import MARKS, Block, Document, Figure, Item, Markdown
from pw13.system import files, fonts

MAX_WIDTH, MAX_HEIGHT = 164.0, 82.0  # of a figure, mm
DPI = 120  # of the figures of a run
FALLBACK = "DejaVuSansMono"  # of Typst
PNG, PNG_HEADER = b"\x89PNG\r\n\x1a\n", 24  # how one begins, and the bytes up to the end of its size
TYPEFACE = "Libertinus Serif"  # as in report.typ
ENLARGED = 1.2  # its text in figures
SCALE = 0.78  # of a figure's own size, so that a page holds text and figure
GLYPH_NOTICE = "Characters missing from the fonts of this PDF are escaped, as in \\u65e5; report.html shows them."


def pdf(document: Document) -> bytes:
    """Return the PDF, without network: the same bytes for the same document and fonts.

    The fonts are those built into Typst, and of the system's those that have characters which these lack.

    Raises:
        UserError: the folder for temporary files is full, or a figure is corrupt.
    """
    import typst

    content = template_data(document)
    with tempfile.TemporaryDirectory(prefix="pw13-report-") as scratch:
        folder = Path(scratch)
        try:
            _write_sources(folder, document, escape_missing_glyphs(content))
        except OSError as error:
            raise UserError(f"{scratch}: {error.strerror}; set TMPDIR to another folder for temporary files") from None
        try:
            return typst.compile(
                folder / "report.typ",
                root=folder,
                font_paths=[folder / "fonts"],
                ignore_system_fonts=True,
                package_path=folder,
                package_cache_path=folder,
                timestamp=_timestamp(document.date),
            )
        except typst.TypstError:
            _refuse_corrupt(document.figures, folder)
            raise


def _refuse_corrupt(figures: Sequence[Figure], folder: Path) -> None:
    """Refuse the first of the figures in `folder` that Typst cannot draw, whose error does not say which it is.

    Raises:
        UserError: there is one.
    """
    import typst

    alone = folder / "figure.typ"
    for figure in figures:
        alone.write_text(f'#image("{file_name(figure)}")', "utf-8")
        try:
            typst.compile(alone, root=folder, ignore_system_fonts=True)
        except typst.TypstError as error:
            raise _corrupt(figure, str(error)) from None


def _corrupt(figure: Figure, fault: str) -> UserError:
    of_run = f"{figure.run}: " if figure.run else ""
    redraw = f"; draw it again with: {figure.redraw or f'pw13 runs figures {figure.run}'}" if figure.run else ""
    return UserError(f"{of_run}corrupt figure {file_name(figure)}: {fault}{redraw}")


def _write_sources(folder: Path, document: Document, content: dict[str, Any]) -> None:
    (folder / "fonts").mkdir()
    labels = [figure.svg.decode("utf-8", "replace") for figure in document.figures]
    for number, font in enumerate(fonts.covering(foreign_characters([content, labels]))):
        shutil.copyfile(font.path, folder / "fonts" / f"{number}-{font.path.name}")
    for figure in document.figures:
        (folder / file_name(figure)).write_bytes(in_typeface(figure.svg) if figure.svg else figure.png)
    files.write_json(folder / "document.json", content)
    (folder / "report.typ").write_bytes((Path(__file__).parent / "report.typ").read_bytes())


def _timestamp(date: str) -> int:
    """Return the Unix time of midnight UTC of an ISO date."""
    return int(datetime.datetime.fromisoformat(date).replace(tzinfo=datetime.UTC).timestamp())


def template_data(document: Document) -> dict[str, Any]:
    """Return the document as the template reads it."""
    chapters = [
        {
            "title": chapter.title,
            "blocks": [block_data(block) for block in chapter.blocks],
            "items": [_item_data(item) for item in chapter.items],
        }
        for chapter in document.chapters
    ]
    return {**document._asdict(), "chapters": chapters, "marks": MARKS}


def escape_missing_glyphs(content: dict[str, Any]) -> dict[str, Any]:
    """Escape characters that no font here has a glyph for, and add a notice if there are any."""
    missing = missing_characters(content)
    half = frozenset(c for c in set(_strings(content)) if unicodedata.category(c) == "Cs")  # bytes of file names
    if not missing and not half:
        return content
    escaped: dict[str, Any] = _escape_strings(content, missing | half)
    return {**escaped, "notices": [*escaped["notices"], GLYPH_NOTICE]} if missing else escaped


def missing_characters(content: Any) -> frozenset[str]:
    """Return the characters of the strings in `content` that no font here has a glyph for."""
    foreign = foreign_characters(content)
    return frozenset(c for c in foreign if not any(ord(c) in font.glyphs for font in fonts.covering(foreign)))


def foreign_characters(content: Any) -> frozenset[str]:
    """Return the characters of the strings in `content` that Typst's fallback font lacks; joiners need no glyph."""
    visible = (c for c in set(_strings(content)) if not c.isascii() and unicodedata.category(c) not in ("Cf", "Cs"))
    return frozenset(c for c in visible if ord(c) not in fonts.bundled(FALLBACK))


def _strings(value: Any) -> str:
    if isinstance(value, str):
        return value
    items = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return "".join(map(_strings, items))


def _escape_strings(value: Any, missing: frozenset[str]) -> Any:
    if isinstance(value, str):
        return "".join(c.encode("unicode_escape").decode() if c in missing else c for c in value)
    if isinstance(value, dict):
        return {key: _escape_strings(item, missing) for key, item in value.items()}
    return [_escape_strings(item, missing) for item in value] if isinstance(value, (list, tuple)) else value


def _item_data(item: Item) -> dict[str, Any]:
    return {**item._asdict(), "blocks": [block_data(block, item.label) for block in item.blocks]}


def block_data(block: Block, label: str = "") -> dict[str, Any]:
    """Return a block as the template reads it; a figure with its file name, its width in mm and its item's label.

    Figures float, so the caption says to which item they belong.

    Raises:
        UserError: a figure is no PNG.
    """
    if isinstance(block, Markdown):
        return {"kind": "markdown", "nodes": markdown_nodes(block.text)}
    if not isinstance(block, Figure):
        return block._asdict()
    if not block.png.startswith(PNG) or len(block.png) < PNG_HEADER or not all(_size(block.png)):
        raise _corrupt(block._replace(svg=b""), "not a PNG")
    return {
        "kind": "figure",
        "file": file_name(block),
        "caption": f"{label}: {block.caption}" if label else block.caption,
        "alt": block.alt,
        "width": width_mm(block.png),
    }


def markdown_nodes(text: str) -> list[dict[str, Any]]:
    """Return CommonMark as a tree that the template draws: kind, text, children."""
    from markdown_it import MarkdownIt
    from markdown_it.tree import SyntaxTreeNode

    def as_dict(node: SyntaxTreeNode) -> dict[str, Any]:
        children = [as_dict(child) for child in node.children]
        return {"kind": node.type, "text": node.content if not children else "", "children": children}

    tokens = MarkdownIt("commonmark", {"html": False}).parse(text)
    return [as_dict(node) for node in SyntaxTreeNode(tokens).children]


def file_name(figure: Figure) -> str:
    """Return the name of a figure's file: that of its vectors, if there are any."""
    return figure.name.removesuffix(".png") + ".svg" if figure.svg else figure.name


def in_typeface(svg: bytes) -> bytes:
    """Return a figure with its text in the typeface of the report: narrower than that of matplotlib, so set larger."""

    def enlarged(match: re.Match[str]) -> str:
        return f"font-size: {ENLARGED * float(match[1]):.4g}px"

    text = re.sub(r"font-size: (\d+(?:\.\d+)?)px", enlarged, svg.decode("utf-8", "replace"))
    return re.sub(r"font-family: 'DejaVu Sans'[^;\"]*", f"font-family: '{TYPEFACE}', 'DejaVu Sans Mono'", text).encode()


def width_mm(png: bytes) -> float:
    """Return the width of a figure on the page in mm: its scaled size, or less to fit."""
    width, height = _size(png)
    natural = SCALE * 25.4 * width / DPI
    return round(min(natural, MAX_WIDTH, MAX_HEIGHT * width / height), 1)


def _size(png: bytes) -> tuple[int, int]:
    """Return width and height in the header of a PNG."""
    width, height = struct.unpack(">II", png[16:PNG_HEADER])
    return width, height
