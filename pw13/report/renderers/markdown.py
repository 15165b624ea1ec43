"""The document's items as Markdown with attached figures, for the cells of the notebook."""

import base64
import html
import re
from collections.abc import Sequence

from pw13.report.document import Block, Document, Figure, Item, Missing, Sources, Table, Text, Verbatim

SPECIAL = re.compile(r"([\\`*_{}\[\]#|$~])")  # what Markdown and MathJax read as markup


def item_cells(document: Document, name: str, part: str = "report") -> tuple[str, dict[str, dict[str, str]]]:
    """Markdown and attachments of the title, of a chapter's own blocks (by its title), or of an item (by its key).

    An item's `part` "open" is its heading and what stands before any figure or number, "rest" all else: between the two
    stands its code.
    """
    if name == "title":
        return title(document), {}
    for chapter in document.chapters:
        if chapter.title == name:
            return _format_cell([f"# {chapter.title}"], chapter.blocks)
        for item in chapter.items:
            if item.key == name:
                return _of_item(item, part)
    raise KeyError(name)


def _of_item(item: Item, part: str) -> tuple[str, dict[str, dict[str, str]]]:
    blocks = [block for block in item.blocks if not (isinstance(block, Verbatim) and block.caption == "summary()")]
    place = next(
        (i for i, block in enumerate(blocks) if not isinstance(block, Text) or block.role != "plain"), len(blocks)
    )
    heading = [f"## {escaped(item.label)} {escaped(item.title)}"]
    if part == "rest":
        return _format_cell([], blocks[place:])
    return _format_cell(heading, blocks[:place] if part == "open" else blocks)


def title(document: Document) -> str:
    lines = [f"# {escaped(document.title)}", "Practical work 13, TSM Deep Learning"]
    if document.authors:
        lines.append(escaped(", ".join(document.authors)))
    lines.append(f"Runs up to {document.date}.")
    if document.notices:
        lines.append(
            "**Before reading the numbers**\n\n" + "\n".join(f"- {escaped(text)}" for text in document.notices)
        )
    return "\n\n".join(lines)


def _format_cell(heading: list[str], blocks: Sequence[Block]) -> tuple[str, dict[str, dict[str, str]]]:
    attachments = {
        block.name: {"image/png": base64.b64encode(block.png).decode("ascii")}
        for block in blocks
        if isinstance(block, Figure)
    }
    return "\n\n".join([*heading, *map(markdown, blocks)]), attachments


def markdown(block: Block) -> str:
    """One block as Markdown, its text escaped."""
    match block:
        case Text():
            mark = {"comment": "*Computed from the numbers:* ", "own": "*Our comment:* "}.get(block.role)
            return f"> {mark}{escaped(block.text)}" if mark else escaped(block.text)
        case Sources():
            return "\n".join(f"- {escaped(line)}" for line in block.lines)
        case Figure():
            return f"![{escaped(block.alt)}](attachment:{block.name})\n\n*{escaped(block.caption)}*"
        case Table():
            return _table(block)
        case Verbatim():
            return f"{escaped(block.caption)}\n\n{indented(block.text)}".strip("\n")
        case Missing():
            return f"> **Missing.** {escaped(block.what)} Make it with: `{block.command}`"


def _table(block: Table) -> str:
    lines = [[escaped(cell) for cell in row] for row in (block.columns, *block.rows)]
    lines.insert(1, ["---:" if numeric else ":---" for numeric in block.numeric])
    return f"*{escaped(block.caption)}*\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)


def indented(text: str) -> str:
    """A code block by indentation, which no content can end."""
    return "\n".join(f"    {line}" for line in text.split("\n"))


def escaped(text: str) -> str:
    """`text` so that Markdown, HTML and MathJax in it are shown and not read."""
    return SPECIAL.sub(r"\\\1", html.escape(" ".join(text.split("\n")), quote=False))
