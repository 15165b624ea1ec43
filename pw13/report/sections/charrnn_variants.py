"""The optional parts of exercise 2: many-to-many, LSTM and GRU."""

from collections.abc import Sequence

from pw13.report.commentary import charrnn as commentary
from pw13.report.commentary.phrasing import format_number, join_words
from pw13.report.document import Block, Verbatim
from pw13.report.run_selection import RunSelection, Series
from pw13.report.sections.blocks import comment, figure_block, missing, paragraph, printable, seeds_note
from pw13.report.sections.charrnn import CELLS, TRAIN, validation_note
from pw13.report.sections.generated_names import default_temperature, examples, loss_table

LOSS_CAPTION = "Loss in nats per character; statistics of names sampled at the default temperature."


def many_to_many(selection: RunSelection) -> list[Block]:
    runs = selection.series(selection.baseline_rnn, "target", free=("carry_state",))
    by_target = {series.value: series for series in runs}
    if "many-to-many" not in by_target or "many-to-one" not in by_target:
        return missing(
            "No many-to-many run with the settings of the many-to-one run.", f"{TRAIN} --target many-to-many"
        )
    one, many = by_target["many-to-one"], by_target["many-to-many"]
    named = [("many-to-one", one), ("many-to-many", many)]
    losses = one.median("held_out_nats"), many.median("held_out_nats")
    evaluated = (
        " Both are evaluated on the same held-out characters: many-to-many reads each name from its start."
        if None not in losses
        else ""
    )
    return [
        *paragraph(
            "The target of a window is the window shifted by one character: y has the shape of X, the recurrent layer "
            f"returns its output at every step (return_sequences=True), and Dense is applied to each.{evaluated}"
        ),
        loss_table(LOSS_CAPTION, "approach", named),
        *sample_block(named),
        *comment(
            commentary.many_to_many(
                *losses,
                (one.first.metrics or {}).get("names") or {},
                (many.first.metrics or {}).get("names") or {},
            ),
            seeds_note([one, many]),
        ),
        *figure_block(
            many.first,
            "loss",
            "m2m",
            f"Loss of the many-to-many SimpleRNN{validation_note(many.first)}.",
            "Line plot of training and validation loss per epoch.",
        ),
    ]


def other_cells(selection: RunSelection) -> list[Block]:
    by_cell = {series.value: series for series in selection.series(selection.baseline_rnn, "cell")}
    absent = [
        block
        for cell in ("gru", "lstm")
        if cell not in by_cell
        for block in missing(f"No {CELLS[cell]} run with the settings of the SimpleRNN.", f"{TRAIN} --cell {cell}")
    ]
    named = [(CELLS[cell], by_cell[cell]) for cell in CELLS if cell in by_cell]
    if len(named) < 2:
        return absent
    held_out = all(series.median("held_out_nats") is not None for _, series in named)
    metric, place = ("held_out_nats", "held-out names") if held_out else ("train_nats", "training names")
    return [
        loss_table(LOSS_CAPTION, "cell", named),
        *sample_block(named),
        *comment(commentary.cell_losses([(name, series.median(metric)) for name, series in named], place)),
        *comment(
            commentary.cell_names([(name, (series.first.metrics or {}).get("names") or {}) for name, series in named])
        ),
        *comment(parameter_counts(named), seeds_note(series for _, series in named)),
        *absent,
    ]


def parameter_counts(named: Sequence[tuple[str, Series]]) -> str:
    """Return how the cells differ in parameters, which a fair comparison has to mention."""
    counts = [f"{name} {format_number(count)}" for name, series in named if (count := series.median("parameters"))]
    return f"With equal units the cells differ in parameters: {join_words(counts)}." if len(counts) > 1 else ""


def sample_block(named: Sequence[tuple[str, Series]]) -> list[Block]:
    """Return some novel names of the first run of each series."""
    lines = [
        f"{name}: {' | '.join(printable(names[:5]))}" for name, series in named if (names := examples(series.first))
    ]
    temperature = default_temperature(named[0][1].first)
    return [Verbatim("\n".join(lines), f"Novel names at temperature {temperature:g}")] if lines else []
