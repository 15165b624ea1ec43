"""The report on a few pages: results and answers, without what the notebook and the long report have as well."""

from collections import Counter
from collections.abc import Iterable, Iterator

from pw13.report.document import Block, Document, Figure, Item, Table, Text
from pw13.report.sections.generated_names import CHOSEN, RUNNER_UP

# The one figure of each item that shows what the handout asks for.
FIGURES = (
    "1e-reconstructions.png",
    "1f-rate_distortion.png",
    "1g-confusion.png",
    "conv-e-denoising.png",
    "2g-names.png",
)
KEPT = {"table": 1, "answer": 1, "comment": 2, "plain": 2, "verbatim": 0, "sources": 0}  # blocks of an item
MAX_ROWS = 6  # of a table, but for chosen names and the items below
WHOLE = ("1g", "conv-e")  # whose last rows are the baselines
NAMES_COLUMN = "name"  # first of the table of chosen names, which the handout asks for


def shorten(document: Document) -> Document:
    """Return the report without summaries of models, secondary figures and tables, references and provenance."""
    kept = [chapter for chapter in document.chapters if not chapter.title.startswith("Appendix")]
    chapters = [chapter._replace(items=tuple(map(_shorten_item, chapter.items))) for chapter in kept]
    return document._replace(chapters=tuple(chapters), short=True)


def _shorten_item(item: Item) -> Item:
    return item._replace(blocks=tuple(_blocks(item.blocks, item.key in WHOLE)))


def _blocks(blocks: Iterable[Block], whole: bool) -> Iterator[Block]:
    """Yield what a short report keeps of an item: blocks of each sort, first rows of tables, all chosen names."""
    counts: Counter[str] = Counter()
    for block in blocks:
        sort = block.role if isinstance(block, Text) else block.kind
        wanted = block.name in FIGURES if isinstance(block, Figure) else counts[sort] < KEPT.get(sort, 100)
        if isinstance(block, Table) and block.columns[0] == NAMES_COLUMN:
            yield _chosen(block)
        elif wanted:
            counts[sort] += 1
            yield _first_rows(block) if isinstance(block, Table) and not whole else block


def _first_rows(table: Table) -> Table:
    """Return the table with its first rows, and with a caption that says so if there are more."""
    if len(table.rows) <= MAX_ROWS:
        return table
    caption = f"{table.caption} First {MAX_ROWS} of {len(table.rows)} rows."
    return table._replace(rows=table.rows[:MAX_ROWS], caption=caption)


def _chosen(names: Table) -> Table:
    """Return the table of names without those that are not selected."""
    rows = tuple(row for row in names.rows if row[-1] != RUNNER_UP)
    return names._replace(rows=rows, caption=CHOSEN)
