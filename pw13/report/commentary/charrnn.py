"""Comments on the character RNN, its settings and its names (exercise 2)."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from pw13.report.commentary.phrasing import (
    SAME_LOSS_TOLERANCE,
    change,
    compared,
    format_bytes,
    format_number,
    format_percent,
    is_decreasing,
    is_same,
    join_sentences,
    join_words,
)

BASELINE_CELL = "SimpleRNN"
SMALL_GAP = 0.02  # relative gap between training and held-out loss up to which the network is said to generalize


def held_out_loss(metrics: Mapping[str, Any]) -> str:
    """Return the loss on held-out names, as nats, bits and perplexity, and the gap to the training loss."""
    train, held_out = metrics.get("train_nats"), metrics.get("held_out_nats")
    if train is None or held_out is None:
        training = f"Training loss {format_number(train)} nats per character." if train is not None else ""
        return join_sentences(training, "No names were held out, so nothing can be said of new names.")
    accuracy = metrics.get("held_out_accuracy")
    correct = (
        f"; the most likely next character is correct in {format_percent(accuracy)} of cases"
        if accuracy is not None
        else ""
    )
    loss = (
        f"On held-out names the loss is {format_number(held_out)} nats per character "
        f"({format_number(held_out / math.log(2), 3)} bits, perplexity {math.exp(held_out):.1f}){correct}."
    )
    gap = 1 - train / held_out if held_out else 0.0
    if gap > SMALL_GAP:
        return f"{loss} On training names it is {format_number(train)}, {format_percent(gap)} lower."
    return f"{loss} On training names it is {format_number(train)}: the network generalizes to new names."


def against_ngram(held_out: float | None, ngram: float | None, order: int | None) -> str:
    """Return the comparison with an n-gram model, in nats per character."""
    if held_out is None or ngram is None:
        return ""
    article = "an" if str(order).startswith(("8", "11", "18")) else "a"
    model = f"{article} {order}-gram model" if order else "an n-gram model"
    return (
        f"The held-out loss is {compared(ngram, held_out)} that of {model} of the same training names "
        f"({format_number(ngram)})."
    )


def setting_effect(what: str, rows: Sequence[tuple[Any, float | None]]) -> str:
    """Return the effect of a setting on the validation loss; rows of (value, loss) by ascending value."""
    known = [(value, loss) for value, loss in rows if loss is not None]
    if len(known) < 2:
        return ""
    losses = [loss for _, loss in known]
    best = min(known, key=lambda row: row[1])
    if is_same(losses[0], losses[-1]) and best in (known[0], known[-1]):
        lead = f"The number of {what} hardly matters for the validation loss"
    elif best == known[-1] and is_decreasing(losses):
        lead = f"More {what}, lower validation loss"
    elif best == known[0]:
        lead = f"More {what} do not lower the validation loss"
    else:
        lead = f"The validation loss is lowest with {best[0]} {what}"
    return f"{lead}: {', '.join(f'{format_number(loss)} with {value}' for value, loss in known)}."


def temperatures(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the effect of the temperature on names; `rows` as `by_temperature` in metrics.json."""
    if len(rows) < 2:
        return ""
    low, high = rows[0], rows[-1]
    shares = [
        f"{format_percent(low[key])} are {word} at temperature {low['temperature']:g} and {format_percent(high[key])} "
        f"at {high['temperature']:g}"
        for key, word in (("new", "novel"), ("unique", "unique"), ("whole", "complete"))
        if low.get(key) is not None and high.get(key) is not None
    ]
    likelihood = ""
    if low.get("ngram_nats") is not None and high.get("ngram_nats") is not None:
        word = "less" if high["ngram_nats"] > low["ngram_nats"] else "no less"
        likelihood = (
            f"At the higher temperature names are {word} likely under the n-gram model: "
            f"{format_number(high['ngram_nats'], 3)} nats per character instead of "
            f"{format_number(low['ngram_nats'], 3)}."
        )
    return join_sentences(f"Of the sampled names {'; '.join(shares)}." if shares else "", likelihood)


def cell_losses(rows: Sequence[tuple[str, float | None]], place: str) -> str:
    """Answer the handout's first question on LSTM and GRU; rows of (cell, loss on `place`)."""
    known = {name: loss for name, loss in rows if loss is not None}
    others = {name: loss for name, loss in known.items() if name != BASELINE_CELL}
    if BASELINE_CELL not in known or not others:
        return ""
    base = known[BASELINE_CELL]
    lower = [name for name, loss in others.items() if loss < base * (1 - SAME_LOSS_TOLERANCE)]
    answer = f"Yes, with {join_words(lower)}" if lower else "No"
    losses = [f"{name} {format_number(loss)} ({change(base, loss)})" for name, loss in others.items()]
    return (
        f"Can the loss be reduced further? {answer}: {BASELINE_CELL} {format_number(base)} nats per character on "
        f"{place}, {join_words(losses)}."
    )


def cell_names(rows: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    """Answer the second question, whether the names are better, by their n-gram likelihood.

    rows: (cell, `names` in metrics.json).
    """
    known = {cell: names for cell, names in rows if names.get("ngram_nats") is not None}
    if BASELINE_CELL not in known or len(known) < 2:
        return ""
    base = known[BASELINE_CELL]["ngram_nats"]
    better = [cell for cell, names in known.items() if names["ngram_nats"] < base * (1 - SAME_LOSS_TOLERANCE)]
    answer = (
        f"{join_words(better)} {'generates' if len(better) == 1 else 'generate'} names that are more likely under the "
        "n-gram model"
        if better
        else "Not by this measure"
    )
    return (
        f"Are the names better? {answer}: under the n-gram model of the training names, sampled names have "
        f"{join_words([_cell_sample(cell, names) for cell, names in known.items()])} per character; lower is more "
        "likely."
    )


def _cell_sample(cell: str, names: Mapping[str, Any]) -> str:
    shares = [
        f"{format_percent(names[key])} {word}"
        for key, word in (("new", "novel"), ("whole", "complete"))
        if names.get(key) is not None
    ]
    return f"{cell} {format_number(names['ngram_nats'], 3)} nats" + (f" ({', '.join(shares)})" if shares else "")


def many_to_many(
    one: float | None, many: float | None, names_one: Mapping[str, Any], names_many: Mapping[str, Any]
) -> str:
    """Return many-to-many compared with many-to-one: held-out losses, and `names` in metrics.json."""
    if one is None or many is None:
        return ""
    loss = (
        f"On the same held-out characters many-to-many has a loss of {format_number(many)} nats per character, "
        f"{compared(one, many)} many-to-one ({format_number(one)})."
    )
    if names_one.get("ngram_nats") is None or names_many.get("ngram_nats") is None:
        return loss
    return (
        f"{loss} Its sampled names have {format_number(names_many['ngram_nats'], 3)} nats per character under the "
        f"n-gram model, those of many-to-one {format_number(names_one['ngram_nats'], 3)}."
    )


def one_hot_size(windows: int, distinct: int, length: int) -> str:
    """Return the memory that one-hot vectors of all windows and labels would take."""
    elements = windows * (length + 1) * distinct
    return (
        f"One-hot vectors of all windows and labels would take {format_bytes(elements)} at one byte per element and "
        f"{format_bytes(4 * elements)} as float32. Only the ids are stored: a one-hot vector times a weight matrix is "
        "one of its rows."
    )
