"""Render parts of the report as Markdown cells of the notebook, figures as attachments."""

import base64
import html
import itertools
import re
from collections.abc import Sequence

from pw13.report.document import (
    MARKS,
    Block,
    Document,
    Figure,
    Item,
    Markdown,
    Missing,
    Sources,
    Space,
    Table,
    Text,
    Verbatim,
)

# Figures of runs that the notebook's code draws itself, of its own small models and with the losses of the runs.
DRAWN_BY_CODE = (
    "1d-loss.png", "1e-reconstructions.png", "conv-d-loss.png", "conv-e-denoising.png", "2f-loss.png", "m2m-loss.png"
)  # fmt: skip

MARKUP = re.compile(r"([\\`*_{}\[\]#|$~])")  # of Markdown and MathJax


def item_cells(document: Document, name: str, part: str, *, with_code: bool) -> tuple[str, dict[str, dict[str, str]]]:
    """Return Markdown and attachments of the title, of a chapter's own blocks or of an item.

    name: "title", the title of a chapter, or the key of an item. part: of an item "open", its heading and the plain
    text before anything else, "rest", or "report", both; the item's code goes between open and rest.
    with_code: whether the item has code, which prints and draws some of its blocks instead.

    Raises:
        KeyError: there is no such part.
    """
    if name == "title":
        return _title(document), {}
    for chapter in document.chapters:
        if chapter.title == name:
            return _cell([f"# {chapter.title}"], chapter.blocks)
        for item in chapter.items:
            if item.key == name:
                return _item(item, part, with_code)
    raise KeyError(name)


def _item(item: Item, part: str, with_code: bool) -> tuple[str, dict[str, dict[str, str]]]:
    blocks = [block for block in item.blocks if not (with_code and _is_in_code(block))]
    heading = [f"## {escape(item.label)} {escape(item.title)}"]
    heading += [f"*{escape(item.question)}*"] if item.question else []
    plain = itertools.takewhile(lambda block: isinstance(block, Text) and block.role == "plain", blocks)
    end = len(list(plain))
    if part == "rest":
        return _cell([], blocks[end:])
    return _cell(heading, blocks[:end] if part == "open" else blocks)


def _is_in_code(block: Block) -> bool:
    """Return whether the code of the notebook prints or draws a block."""
    if isinstance(block, Verbatim):
        return block.caption == "summary()"
    return isinstance(block, Figure) and block.name in DRAWN_BY_CODE


def _title(document: Document) -> str:
    lines = [f"# {escape(document.title)}", "Practical work 13, TSM Deep Learning"]
    if document.authors:
        lines.append(escape(", ".join(document.authors)))
    lines.append(f"Latest run: {document.date}.")
    if document.notices:
        lines.append("**Notes**\n\n" + "\n".join(f"- {escape(text)}" for text in document.notices))
    return "\n\n".join(lines)


def _cell(heading: list[str], blocks: Sequence[Block]) -> tuple[str, dict[str, dict[str, str]]]:
    attachments = {
        block.name: {"image/png": base64.b64encode(block.png).decode("ascii")}
        for block in blocks
        if isinstance(block, Figure)
    }
    return "\n\n".join([*heading, *map(markdown, blocks)]), attachments


def markdown(block: Block) -> str:
    """Return a block as Markdown, its text escaped."""
    match block:
        case Text():
            mark = MARKS.get(block.role)
            return f"> *{mark}:* {escape(block.text)}" if mark else escape(block.text)
        case Markdown():
            return "\n".join(f"> {line}" for line in (f"*{MARKS['markdown']}:*", "", *block.text.split("\n")))
        case Space():
            return "*Your answer:*"
        case Sources():
            return "\n".join(f"- {escape(line)}" for line in block.lines)
        case Figure():
            run = f" Drawn by run {escape(block.run)}." if block.run else ""
            return f"![{escape(block.alt)}](attachment:{block.name})\n\n*{escape(block.caption)}{run}*"
        case Table():
            return _table(block)
        case Verbatim():
            return f"{escape(block.caption)}\n\n{indent(block.text)}".strip("\n")
        case Missing():
            return f"> **Missing.** {escape(block.what)} Run: `{block.command}`"


def _table(block: Table) -> str:
    rows = [[escape(cell) for cell in row] for row in (block.columns, *block.rows)]
    rows.insert(1, ["---:" if numeric else ":---" for numeric in block.numeric])
    return f"*{escape(block.caption)}*\n\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows)


def indent(text: str) -> str:
    """Return an indented code block, which no content can end."""
    return "\n".join(f"    {line}" for line in text.split("\n"))


def escape(text: str) -> str:
    """Escape Markdown, HTML and MathJax."""
    return MARKUP.sub(r"\\\1", html.escape(" ".join(text.split("\n")), quote=False))
