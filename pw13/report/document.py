"""The report as one renderer-neutral document: built once from the runs, rendered as PDF, HTML and notebook.

All text is plain; a renderer escapes it. Control characters arrive as escapes.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

# Whose words a marked paragraph has, by role or kind.
MARKS = {
    "comment": "computed from the runs by pw13",
    "answer": "prepared answer of pw13",
    "markdown": "our own words",
}
NUMBER = re.compile(r"|–|[-+<]?\d[\d,]*(\.\d+)?(e[-+]?\d+)?(–\d[\d.]*)?( %)?( \(.+ to .+\))?")


class Text(NamedTuple):
    """A paragraph.

    role: "comment" (computed from metrics), "answer" (prepared, to a question of the handout), "note" (context of the
    numbers beside it) or "plain".
    """

    text: str
    role: str = "plain"
    kind: str = "text"


class Markdown(NamedTuple):
    """The authors' own words, in CommonMark."""

    text: str
    kind: str = "markdown"


class Space(NamedTuple):
    """Room for an answer that is still to be written."""

    kind: str = "space"


class Sources(NamedTuple):
    """The references of an answer, one per line."""

    lines: tuple[str, ...]
    kind: str = "sources"


class Figure(NamedTuple):
    """A PNG; `alt` is its text alternative, `name` is unique in the document ("2g-names.png").

    run: which run drew it, if one did, and redraw: the command that draws it again. svg: the same as vectors; runs of
    older versions have none.
    """

    name: str
    png: bytes
    caption: str
    alt: str
    run: str = ""
    svg: bytes = b""
    redraw: str = ""
    kind: str = "figure"


class Table(NamedTuple):
    """A table of text cells; the columns marked in `numeric` are right-aligned."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    kind: str = "table"


class Verbatim(NamedTuple):
    """Text with significant whitespace: names, one per line, or the output of Keras's `summary()`."""

    text: str
    caption: str = ""
    kind: str = "verbatim"


class Missing(NamedTuple):
    """A result that no run provides, and the command that produces it."""

    what: str
    command: str
    kind: str = "missing"


Block = Text | Markdown | Space | Sources | Figure | Table | Verbatim | Missing


class Item(NamedTuple):
    """An item of the handout: `key` such as "conv-b", `label` such as "conv b", title, content, what is asked."""

    key: str
    label: str
    title: str
    blocks: tuple[Block, ...]
    question: str = ""


class Chapter(NamedTuple):
    """A part of the handout: `blocks`, then items."""

    title: str
    blocks: tuple[Block, ...]
    items: tuple[Item, ...]


class Document(NamedTuple):
    """The whole report.

    `date`: ISO date of the newest run; `notices`: caveats, printed on the first page. short: set in small type.
    """

    title: str
    authors: tuple[str, ...]
    date: str
    notices: tuple[str, ...]
    chapters: tuple[Chapter, ...]
    short: bool = False

    @property
    def figures(self) -> tuple[Figure, ...]:
        return tuple(block for block in self.blocks if isinstance(block, Figure))

    @property
    def items(self) -> tuple[Item, ...]:
        """Every item, in order."""
        return tuple(item for chapter in self.chapters for item in chapter.items)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Every block, in order."""
        blocks: list[Block] = []
        for chapter in self.chapters:
            blocks += chapter.blocks
            for item in chapter.items:
                blocks += item.blocks
        return tuple(blocks)


def table(caption: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Table:
    """Return a table whose numeric columns are right-aligned."""
    numeric = tuple(bool(rows) and all(_is_number(row[index]) for row in rows) for index in range(len(columns)))
    return Table(caption, columns, tuple(rows), numeric)


def as_sentence(text: str) -> str:
    """Return `text` with an initial capital (unless its first word has one, as notMNIST) and a full stop."""
    first = text.split(" ")[0]
    capital = text if any(letter.isupper() for letter in first) else text[:1].upper() + text[1:]
    return capital if capital.endswith((".", "!", "?")) else capital + "."


def _is_number(text: str) -> bool:
    """Return whether a cell is a number, with an optional sign, unit or range."""
    return NUMBER.fullmatch(text) is not None
