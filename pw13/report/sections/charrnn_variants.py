"""The optional parts of exercise 2: many-to-many, LSTM and GRU."""

from collections.abc import Sequence

from pw13.report import hints
from pw13.report.commentary import charrnn as commentary
from pw13.report.commentary import sampled_names
from pw13.report.commentary.phrasing import format_number, join_words
from pw13.report.document import Block, Verbatim
from pw13.report.run_selection import RunSelection, Series, metric
from pw13.report.sections.blocks import (
    comment,
    curves,
    figure_block,
    missing,
    paragraph,
    printable,
    seeds_note,
    still_falling,
    too_short,
)
from pw13.report.sections.charrnn import CELLS, has_held_out_names, no_run, validation_note
from pw13.report.sections.generated_names import ONE_RUN, has_seeds, loss_table
from pw13.report.sections.name_measures import (
    AS_TRAINED,
    at_temperature,
    default_temperature,
    examples,
    names_table,
    ngram_at_temperature,
    ngram_name,
    real_names,
)

LOSS_CAPTION = "Loss in nats per character; statistics of names sampled at the default temperature."


def many_to_many(selection: RunSelection) -> list[Block]:
    base = selection.baseline_rnn
    if base is None:
        return no_run(selection)
    by_target = {series.value: series for series in selection.series(base, "target")}
    if "many-to-many" not in by_target:
        return missing(
            "No many-to-many run with the settings of the many-to-one run.", hints.rerun(base, target="many-to-many")
        )
    one, many = by_target["many-to-one"], by_target["many-to-many"]
    named = [("many-to-one", one), ("many-to-many", many)]
    losses = one.by_seed("held_out_nats"), many.by_seed("held_out_nats")
    evaluated = (
        " Both are evaluated on the same held-out characters: many-to-many reads each name from its start."
        if all(losses)
        else ""
    )
    names_one, names_many = ((series.first.metrics or {}).get("names") or {} for series in (one, many))
    too_early = too_short("many-to-one and many-to-many", named, with_first=True)
    compared = sampled_names.many_to_many(*losses, names_one, names_many, real_names(one.first))
    return [
        *paragraph(
            "The target of a window is the window shifted by one character: y has the shape of X, the recurrent layer "
            f"returns its output at every step (return_sequences=True), and Dense is applied to each.{evaluated}"
        ),
        loss_table(LOSS_CAPTION, "approach", named),
        *sample_block(named),
        *comment(too_early or compared, seeds_note([one, many])),
        *figure_block(
            many.first,
            "loss",
            "m2m",
            f"Loss of the many-to-many SimpleRNN{validation_note(many.first)}.",
            "Line plot of training and validation loss per epoch.",
        ),
        *comment(curves(many.first) if has_held_out_names(many.first) else ""),
    ]


def other_cells(selection: RunSelection) -> list[Block]:
    base = selection.baseline_rnn
    if base is None:
        return no_run(selection)
    named = cells(selection)
    absent = [
        block
        for cell in ("gru", "lstm")
        if CELLS[cell] not in dict(named)
        for block in missing(f"No {CELLS[cell]} run with the settings of the SimpleRNN.", hints.rerun(base, cell=cell))
    ]
    if len(named) < 2:
        return absent
    return [
        loss_table(LOSS_CAPTION, "cell", named),
        *sample_block(named),
        *judged_names(named),
        *(comment(too_short_to_compare(named)) or [*cell_comments(named), *comment(falling_further(named))]),
        *comment(parameter_counts(named), seeds_note(series for _, series in named)),
        *absent,
    ]


def cells(selection: RunSelection) -> list[tuple[str, Series]]:
    """Return the runs of the SimpleRNN and those that differ in the cell, by the cell's name."""
    by_cell = {series.value: series for series in selection.series(selection.baseline_rnn, "cell")}
    return [(CELLS[cell], by_cell[cell]) for cell in CELLS if cell in by_cell]


def too_short_to_compare(named: Sequence[tuple[str, Series]]) -> str:
    """Return that the cells cannot be compared with the SimpleRNN, if falling losses leave the order open."""
    return too_short("cells", named, with_first=True) if len(named) > 1 else ""


def falling_further(named: Sequence[tuple[str, Series]]) -> str:
    """Return which cells' losses were still falling, where that does not put in question which are lower."""
    falling = still_falling(named)
    names = join_words(list(falling))
    return f"The loss of {names} was still falling: more epochs may lower it further." if falling else ""


def cell_comments(named: Sequence[tuple[str, Series]]) -> list[Block]:
    """Answer the handout's questions on LSTM and GRU: lower loss, better names?"""
    held_out = all(series.by_seed("held_out_nats") for _, series in named)
    loss, place = ("held_out_nats", "held-out names") if held_out else ("train_nats", "training names")
    base = named[0][1].first
    names = [(name, at_temperature(series.first, AS_TRAINED)) for name, series in named]
    return [
        *comment(commentary.cell_losses([(name, series.by_seed(loss)) for name, series in named], place)),
        *comment(sampled_names.cell_names(names, real_names(base), ngram_at_temperature(base, AS_TRAINED) or None)),
    ]


def judged_names(named: Sequence[tuple[str, Series]]) -> list[Block]:
    """Return the measures by which names are judged: of each cell, of the n-gram model, and of real names."""
    base = named[0][1].first
    rows = [(name, at_temperature(series.first, AS_TRAINED)) for name, series in named]
    rows.append((ngram_name(base), ngram_at_temperature(base, AS_TRAINED)))
    caption = f"Names sampled as trained, next to real ones.{ONE_RUN * has_seeds(named)}"
    return names_table(caption, rows, real_names(base))


def parameter_counts(named: Sequence[tuple[str, Series]]) -> str:
    """Return how the cells differ in parameters, which a fair comparison has to mention."""
    counts = [
        f"{name} {format_number(count)}" for name, series in named if (count := metric(series.first, "parameters"))
    ]
    return f"With equal units the cells differ in parameters: {join_words(counts)}." if len(counts) > 1 else ""


def sample_block(named: Sequence[tuple[str, Series]]) -> list[Block]:
    """Return some novel names of the first run of each series."""
    lines = [
        f"{name}: {' | '.join(printable(names[:5]))}" for name, series in named if (names := examples(series.first))
    ]
    temperature = default_temperature(named[0][1].first)
    return [Verbatim("\n".join(lines), f"Novel names at temperature {temperature:g}")] if lines else []
