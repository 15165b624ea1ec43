"""Comments on the character RNN, its settings and its names (exercise 2)."""

from collections.abc import Mapping, Sequence
from typing import Any

from pw13.report.commentary.phrasing import SAME_LOSS_TOLERANCE, change, falling, figure, joined, listed, percent, size


def charrnn(metrics: Mapping[str, Any]) -> str:
    """The loss of a char-RNN on names it has never seen, in the units that people use, and the gap to training."""
    train, held_out = metrics.get("train_nats"), metrics.get("held_out_nats")
    if train is None or held_out is None:
        shown = f"Training loss {figure(train)} nats a character. " if train is not None else ""
        return f"{shown}No name was held out, so nothing can be said of new names."
    perplexity, accuracy = 2.718281828459045**held_out, metrics.get("held_out_accuracy")
    right = f"; the likeliest next character is right in {percent(accuracy)} of places" if accuracy is not None else ""
    first = (
        f"On held-out names the loss is {figure(held_out)} nats a character "
        f"({figure(held_out / 0.6931471805599453, 3)} bits): the network hesitates as if among "
        f"{perplexity:.1f} equally likely characters{right}."
    )
    gap = 1 - train / held_out if held_out else 0.0
    if gap > 0.02:
        second = f"On training names it is {figure(train)}, {percent(gap)} less: the network begins to know them."
    else:
        second = f"On training names it is {figure(train)}: what it learnt holds for new names as well."
    return joined(first, second)


def against_ngram(held_out: float | None, ngram: float | None, order: int | None) -> str:
    """The network beside counting."""
    if held_out is None or ngram is None:
        return ""
    verdict = change(ngram, held_out)
    named = f"{'an' if str(order).startswith(('8', '11', '18')) else 'a'} {order}-gram" if order else "an n-gram"
    model = f"{named} model of the same training names"
    if "same" in verdict:
        return f"That is practically what {model} reaches by counting alone ({figure(ngram)})."
    return f"That is {verdict} than {model} reaches by counting alone ({figure(ngram)})."


def against_setting(what: str, rows: Sequence[tuple[Any, float | None]], measure: str = "validation loss") -> str:
    """What a setting of the char-RNN does to a loss; rows of (value, loss) by ascending value."""
    known = [(value, loss) for value, loss in rows if loss is not None]
    if len(known) < 2:
        return ""
    steps = [f"{figure(loss)} with {value}" for value, loss in known]
    (_, first), (_, last) = known[0], known[-1]
    best = min(known, key=lambda row: row[1])
    if abs(last - first) <= SAME_LOSS_TOLERANCE * first and best in (known[0], known[-1]):
        lead = f"The number of {what} hardly matters for the {measure}"
    elif best == known[-1] and falling([loss for _, loss in known]):
        lead = f"More {what}, lower {measure}"
    elif best == known[0]:
        lead = f"More {what} do not lower the {measure}"
    else:
        lead = f"The {measure} is lowest with {best[0]} {what}"
    return f"{lead}: {', '.join(steps)}."


def temperatures(rows: Sequence[Mapping[str, Any]]) -> str:
    """What the temperature does to the names: new and whole, likely or strange."""
    if len(rows) < 2:
        return ""
    cold, hot = rows[0], rows[-1]
    parts = []
    for key, word in (("new", "new"), ("unique", "different from each other"), ("whole", "whole")):
        if cold.get(key) is not None and hot.get(key) is not None:
            parts.append(
                f"{percent(cold[key])} are {word} at temperature {cold['temperature']:g} and {percent(hot[key])} "
                f"at {hot['temperature']:g}"
            )
    odd = ""
    if cold.get("ngram_nats") is not None and hot.get("ngram_nats") is not None:
        stranger = hot["ngram_nats"] > cold["ngram_nats"]
        word = "stranger" if stranger else "no stranger"
        odd = (
            f"Hotter names are {word} to the n-gram model: {figure(cold['ngram_nats'], 3)} nats a character "
            f"cold, {figure(hot['ngram_nats'], 3)} hot."
        )
    return joined(f"Of the sampled names {'; '.join(parts)}." if parts else "", odd)


def cells(rows: Sequence[tuple[str, float | None]], *, place: str = "held-out names", base: str = "SimpleRNN") -> str:
    """The handout's first question on LSTM and GRU: can we reduce the loss further? rows of (cell, loss on `place`)."""
    known = {name: loss for name, loss in rows if loss is not None}
    others = {name: loss for name, loss in known.items() if name != base}
    if base not in known or not others:
        return ""
    compared = [f"{name} {figure(loss)} ({change(known[base], loss)})" for name, loss in others.items()]
    lower = [name for name, loss in others.items() if loss < known[base] * (1 - SAME_LOSS_TOLERANCE)]
    answer = f"Yes, with {listed(lower)}" if lower else "No"
    return (
        f"Can the loss be reduced further? {answer}: {base} {figure(known[base])} nats a character on "
        f"{place}, {listed(compared)}."
    )


def cell_names(rows: Sequence[tuple[str, Mapping[str, Any]]], base: str = "SimpleRNN") -> str:
    """The second question: are the names better? Judged by how an n-gram model takes them, and how many are new."""
    known = [
        (name, names["ngram_nats"], names.get("new"), names.get("whole"))
        for name, names in rows
        if names.get("ngram_nats") is not None
    ]
    at_base = next((row for row in known if row[0] == base), None)
    if at_base is None or len(known) < 2:
        return ""
    shown = []
    for name, nats, new, whole in known:
        extra = [f"{percent(value)} {word}" for value, word in ((new, "new"), (whole, "whole")) if value is not None]
        shown.append(f"{name} {figure(nats, 3)} nats" + (f" ({', '.join(extra)})" if extra else ""))
    better = [name for name, nats, *_ in known if nats < at_base[1] * (1 - SAME_LOSS_TOLERANCE)]
    answer = (
        f"{listed(better)} {'writes' if len(better) == 1 else 'write'} names that the n-gram model finds more usual"
        if better
        else "Not by this measure"
    )
    return (
        f"Are the names better? {answer}: to the n-gram model of the training names, sampled names have "
        f"{listed(shown)} a character; lower is more usual."
    )


def many_to_many(
    one: float | None, many: float | None, names_one: Mapping[str, Any], names_many: Mapping[str, Any]
) -> str:
    """Many-to-many beside many-to-one, on the same held-out characters."""
    if one is None or many is None:
        return ""
    verdict = change(one, many)
    sentence = (
        f"On the same held-out characters many-to-many has a loss of {figure(many)} nats, {verdict} "
        f"{'as' if 'same' in verdict else 'than'} many-to-one ({figure(one)})."
    )
    if names_one.get("ngram_nats") is not None and names_many.get("ngram_nats") is not None:
        sentence += (
            f" Its sampled names have {figure(names_many['ngram_nats'], 3)} nats a character under the "
            f"n-gram model, those of many-to-one {figure(names_one['ngram_nats'], 3)}."
        )
    return sentence


def windows(windows_: int, distinct: int, length: int) -> str:
    """What one-hot vectors of all windows would take."""
    cells_ = windows_ * (length + 1) * distinct
    return (
        f"As one-hot vectors all windows and labels would be {size(cells_)} at a byte a cell and "
        f"{size(4 * cells_)} as float32. So only the ids are kept: a one-hot vector times a weight matrix is a row "
        "of it."
    )
