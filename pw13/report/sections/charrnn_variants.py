"""The optional parts of exercise 2: many-to-many, LSTM and GRU."""

from collections.abc import Sequence

from pw13.report.commentary import charrnn as comments
from pw13.report.commentary import phrasing
from pw13.report.document import Block, Verbatim
from pw13.report.run_selection import RunSelection, Series
from pw13.report.sections.blocks import computed_comment, figure_block, missing, note, safe, seeds
from pw13.report.sections.charrnn import CELLS, TRAIN, validated
from pw13.report.sections.generated_names import examples, losses, usual

LOSS_COLUMNS = "Loss in nats a character; names at the usual temperature."


def many_to_many(found: RunSelection) -> list[Block]:
    command = f"{TRAIN} --target many-to-many"
    series = {s.setting: s for s in found.series(found.baseline_rnn, "target", free=("carry_state",))}
    if "many-to-many" not in series or "many-to-one" not in series:
        return missing("No many-to-many run with the settings of the many-to-one one.", command)
    one, many = series["many-to-one"], series["many-to-many"]
    told = (
        "The target of a window is the same window moved on by one character: y has the shape of X, the "
        "recurrent layer returns its output at every step "
        "(return_sequences=True), and Dense is applied to each."
    )
    if one.value("held_out_nats") is not None and many.value("held_out_nats") is not None:
        told += " Both are measured on the same held-out characters: many-to-many reads each name from its beginning."
    said = comments.many_to_many(
        one.value("held_out_nats"),
        many.value("held_out_nats"),
        (one.first.metrics or {}).get("names") or {},
        (many.first.metrics or {}).get("names") or {},
    )
    return [
        *note(told),
        losses(LOSS_COLUMNS, "approach", [("many-to-one", one), ("many-to-many", many)]),
        *sample_block([("many-to-one", one), ("many-to-many", many)]),
        *computed_comment(said, seeds([one, many])),
        *figure_block(
            many.first,
            "loss",
            "m2m",
            f"Loss of the many-to-many SimpleRNN{validated(many.first)}.",
            "Line plot of training and validation loss against the epoch.",
        ),
    ]


def other_cells(found: RunSelection) -> list[Block]:
    series = {s.setting: s for s in found.series(found.baseline_rnn, "cell")}
    absent = [cell for cell in ("gru", "lstm") if cell not in series]
    blocks: list[Block] = []
    for cell in absent:
        blocks += missing(f"No {CELLS[cell]} run with the settings of the SimpleRNN.", f"{TRAIN} --cell {cell}")
    named = [(CELLS[cell], series[cell]) for cell in CELLS if cell in series]
    if len(named) < 2:
        return blocks
    held_out = all(s.value("held_out_nats") is not None for _, s in named)
    metric, place = ("held_out_nats", "held-out names") if held_out else ("train_nats", "training names")
    loss = comments.cells([(name, s.value(metric)) for name, s in named], place=place)
    quality = comments.cell_names([(name, (s.first.metrics or {}).get("names") or {}) for name, s in named])
    sizes = listed_parameters(named)
    return [
        losses(LOSS_COLUMNS, "cell", named),
        *sample_block(named),
        *computed_comment(loss),
        *computed_comment(quality),
        *computed_comment(sizes, seeds(s for _, s in named)),
        *blocks,
    ]


def listed_parameters(named: Sequence[tuple[str, Series]]) -> str:
    """The cells do not have the same number of parameters, which a fair reader wants to know."""
    counts = [f"{name} {phrasing.figure(s.value('parameters'))}" for name, s in named if s.value("parameters")]
    return f"At equal units the cells differ in size: {phrasing.listed(counts)} parameters." if len(counts) > 1 else ""


def sample_block(named: Sequence[tuple[str, Series]]) -> list[Block]:
    lines = [f"{name}: {' | '.join(safe(examples(s.first)[:5]))}" for name, s in named if examples(s.first)]
    return [Verbatim("\n".join(lines), f"New names at temperature {usual(named[0][1].first):g}")] if lines else []
