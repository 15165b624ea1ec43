"""The hand-in as one neutral document: made once from the runs, then rendered as PDF, as HTML and as a notebook.

All text is plain: a renderer escapes it. Control characters are shown escaped already.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

NUMBER = re.compile(r"|–|[-+<]?\d[\d,]*(\.\d+)?(e[-+]?\d+)?(–\d[\d.]*)?( %)?( \(.+ to .+\))?")


class Text(NamedTuple):
    """One paragraph. role: "comment" is computed from numbers, "answer" answers a question of the handout, "own" is the
    user's, "note" a fact that belongs beside the figures, "plain" anything else."""

    text: str
    role: str = "plain"
    kind: str = "text"


class Sources(NamedTuple):
    """What an answer rests on, one reference a line."""

    lines: tuple[str, ...]
    kind: str = "sources"


class Figure(NamedTuple):
    """A PNG of a run; `alt` says in words what it shows, `name` is unique in the document ("2g-names.png")."""

    name: str
    png: bytes
    caption: str
    alt: str
    kind: str = "figure"


class Table(NamedTuple):
    """Cells are text; where `numeric`, a column stands at the right."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    kind: str = "table"


class Verbatim(NamedTuple):
    """Text in which every space counts: names, one a line, or what `summary()` prints."""

    text: str
    caption: str = ""
    kind: str = "verbatim"


class Missing(NamedTuple):
    """Something that no run covers, and the command that makes it."""

    what: str
    command: str
    kind: str = "missing"


Block = Text | Sources | Figure | Table | Verbatim | Missing


class Item(NamedTuple):
    """One item of the handout: `key` such as "1f" or "conv-b", `label` such as "1f", a title, and what answers it."""

    key: str
    label: str
    title: str
    blocks: tuple[Block, ...]


class Chapter(NamedTuple):
    """A part of the handout with its items; `blocks` stand before them."""

    title: str
    blocks: tuple[Block, ...]
    items: tuple[Item, ...]


class Document(NamedTuple):
    """The whole hand-in. `date` is that of the newest run, ISO; `notices` stand on the first page."""

    title: str
    authors: tuple[str, ...]
    date: str
    notices: tuple[str, ...]
    chapters: tuple[Chapter, ...]

    @property
    def figures(self) -> tuple[Figure, ...]:
        return tuple(block for block in self.blocks if isinstance(block, Figure))

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Every block, in order."""
        found: list[Block] = []
        for chapter in self.chapters:
            found += chapter.blocks
            for item in chapter.items:
                found += item.blocks
        return tuple(found)


def table(caption: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Table:
    """A table whose columns of numbers stand at the right."""
    numeric = tuple(bool(rows) and all(_is_number(row[place]) for row in rows) for place in range(len(columns)))
    return Table(caption, columns, tuple(rows), numeric)


def sentence(text: str) -> str:
    """`text` with a capital at the start (unless its first word has its own, as notMNIST) and a full stop."""
    first = text.split(" ")[0]
    capital = text if any(letter.isupper() for letter in first) else text[:1].upper() + text[1:]
    return capital if capital.endswith((".", "!", "?")) else capital + "."


def _is_number(text: str) -> bool:
    """Whether a cell holds a figure, perhaps with a unit, a sign or a range."""
    return NUMBER.fullmatch(text) is not None
