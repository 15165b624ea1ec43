"""Exercise 2 of the report, item by item in the handout's order."""

from typing import Any

from pw13.report import cells, charrnn, names
from pw13.report.blocks import missing
from pw13.report.choosing import Chosen
from pw13.report.document import Block, Item
from pw13.report.evidence import Evidence


def items(found: Evidence, chosen: Chosen | None) -> list[Item]:
    """Items 2a to 2g and the optional parts, in the handout's order."""
    run = found.simple

    def of_simple(tell: Any) -> tuple[Block, ...]:
        return tuple(tell(run) if run else missing("No run of a many-to-one SimpleRNN.", charrnn.TRAIN))

    return [
        Item("2a", "2a", "How text is prepared", of_simple(charrnn.preparation)),
        Item("2b", "2b", "The file", of_simple(charrnn.corpus)),
        Item("2c", "2c", "One string", of_simple(charrnn.one_string)),
        Item("2d", "2d", "Dictionaries, windows, one-hot vectors", of_simple(charrnn.data)),
        Item("2e", "2e", "The model", of_simple(charrnn.model)),
        Item("2f", "2f", "Training", of_simple(charrnn.training)),
        Item("2g", "2g", "Generated names and what changes them", (*names.generated(found), *names.selected(chosen))),
        Item("m2m", "optional", "Many-to-many", tuple(cells.many_to_many(found))),
        Item("cells", "optional", "LSTM and GRU", tuple(cells.other_cells(found))),
    ]
