"""Exercise 2 of the report: the character RNN, its settings, its names, the optional parts."""

from collections.abc import Sequence
from typing import Any

from pw13.records import Record
from pw13.report import choosing, comments
from pw13.report.blocks import comment, drawn, missing, note, of_series, safe, seeds, shown, summary
from pw13.report.choosing import Chosen
from pw13.report.document import Block, Item, Verbatim, sentence, table
from pw13.report.evidence import Evidence, Series, history, number

TRAIN = "pw13 train-charrnn"
CELLS = {"simple": "SimpleRNN", "gru": "GRU", "lstm": "LSTM"}
SHOWN = 8  # names a temperature


def items(found: Evidence, chosen: Chosen | None) -> list[Item]:
    """Items 2a to 2g and the optional parts, in the handout's order."""
    run = found.simple

    def of_simple(tell: Any) -> tuple[Block, ...]:
        return tuple(tell(run) if run else missing("No run of a many-to-one SimpleRNN.", TRAIN))

    return [
        Item("2a", "2a", "How text is prepared", of_simple(preparation)),
        Item("2b", "2b", "The file", of_simple(corpus)),
        Item("2c", "2c", "One string", of_simple(one_string)),
        Item("2d", "2d", "Dictionaries, windows, one-hot vectors", of_simple(data)),
        Item("2e", "2e", "The model", of_simple(model)),
        Item("2f", "2f", "Training", of_simple(training)),
        Item("2g", "2g", "Generated names and what changes them", (*generated(found), *selected(chosen))),
        Item("m2m", "optional", "Many-to-many", tuple(many_to_many(found))),
        Item("cells", "optional", "LSTM and GRU", tuple(other_cells(found))),
    ]


# ------------------------------------------------------------------------------------------------- data and training


def preparation(run: Record) -> list[Block]:
    of = run.config
    return note(
        "As in the Shakespeare example: the names become one text, every distinct character gets a "
        f"number, the text is cut into windows of {of['length']} "
        f"characters that begin every {of['skip']} characters, and the network learns to say which "
        "character comes after a window."
    )


def corpus(run: Record) -> list[Block]:
    of, facts = (run.metrics or {}).get("corpus") or {}, run.facts.get("data") or {}
    rows = [
        ("names", comments.figure(of.get("names"))),
        ("characters, a newline after each name", comments.figure(of.get("characters"))),
        ("distinct characters", comments.figure(of.get("distinct"))),
        (f"windows of {run.config['length']}, every {run.config['skip']}", comments.figure(of.get("windows"))),
    ]
    notes = [block for text in facts.get("notes", []) for block in note(sentence(text))]
    return [table(f"The corpus as read: {facts.get('name', 'unknown')}.", ("what", "count"), rows), *notes]


def one_string(run: Record) -> list[Block]:
    counts = (run.facts.get("data") or {}).get("counts") or {}
    if not counts.get("held_out"):
        return note(
            "All names in the order of the file are one string, a newline after each: the newline is a "
            "character like any other, and the network learns where a name ends."
        )
    return note(
        "The names are one string, a newline after each: the newline is a character like any other, and "
        "the network learns where a name ends. Since windows overlap "
        "and some names stand several times, what is measured has to be kept out by name: "
        f"{counts.get('training', 0):,} distinct names to train on, {counts.get('validation', 0):,} for "
        f"choosing (best epoch, settings), {counts['held_out']:,} that are read once, at the end."
    )


def data(run: Record) -> list[Block]:
    metrics, of = run.metrics or {}, run.config
    read = metrics.get("corpus") or {}
    windows, distinct = metrics.get("train_windows"), read.get("distinct")
    if not windows or not distinct:
        return note("The run does not tell how many windows it trained on.")
    told = (
        "Two dictionaries, character to number and back, are saved with the run (vocabulary.json). X "
        f"holds {windows:,} windows of training text, one-hot of shape "
        f"({windows:,}, {of['length']}, {distinct}), y the character after each, ({windows:,}, {distinct})."
    )
    return note(told + " " + comments.windows(read.get("characters", 0), windows, distinct, of["length"]))


def model(run: Record) -> list[Block]:
    of, distinct = run.config, ((run.metrics or {}).get("corpus") or {}).get("distinct")
    told = (
        f"{CELLS[of['cell']]} with {of['units']} units reads a window, and a Dense layer with softmax "
        f"gives a probability to each of the {comments.figure(distinct)} characters."
    )
    return [*note(told), *summary(run)]


def training(run: Record) -> list[Block]:
    of, metrics = run.config, run.metrics or {}
    counted = metrics.get("ngram") or {}
    told = (
        "Categorical cross-entropy (in nats a character), Adam with learning rate "
        f"{of['learning_rate']:g} ({of['schedule']}), {of['epochs']} epochs in batches of "
        f"{of['batch_size']}."
    )
    rate = number(run, "throughput_per_second")
    speed = (
        f"Training saw {comments.figure(rate)} windows a second "
        f"({(run.facts.get('machine') or {}).get('processor', 'this machine')})."
        if rate
        else ""
    )
    against = comments.against_ngram(metrics.get("held_out_nats"), counted.get("held_out_nats"), counted.get("order"))
    return [
        *note(told),
        *drawn(
            run,
            "loss",
            "2f",
            "Loss of the SimpleRNN; the dashed line is the n-gram model.",
            "Line plot of training and validation loss against the epoch.",
        ),
        *comment(comments.training(history(run)), speed),
        *drawn(
            run,
            "nats",
            "2f",
            "Nats a character on training, validation and held-out names, beside the n-gram model.",
            "Bars of the loss on the parts of the corpus.",
        ),
        *comment(comments.charrnn(metrics), against),
    ]


# ------------------------------------------------------------------------------------------------------------- names


def generated(found: Evidence) -> list[Block]:
    """Hyperparameters and temperatures (handout 2g)."""
    run = found.simple
    if run is None:
        return missing("No run of a many-to-one SimpleRNN.", TRAIN)
    return [
        *compared(found.series(run, "epochs"), "epochs", f"{TRAIN} --epochs 1"),
        *compared(found.series(run, "units"), "units", f"{TRAIN} --units 128"),
        *temperatures(run),
    ]


def compared(series: Sequence[Series], what: str, command: str) -> list[Block]:
    """Losses and names for each value of a setting, and what to make of them."""
    if len(series) < 2:
        return missing(f"Other numbers of {what} have no run with the same settings.", command)
    rows = [
        (
            str(s.setting),
            of_series(s, "parameters"),
            of_series(s, "train_nats"),
            of_series(s, "val_nats"),
            of_series(s, "held_out_nats"),
            *usual_names(s.first),
        )
        for s in series
    ]
    columns = (what, "parameters", "training", "validation", "held out", "whole", "new", "n-gram nats")
    said = comments.against_setting(what, [(s.setting, s.value("val_nats")) for s in series])
    samples = "\n".join(
        f"{what} {s.setting!s:>3}: {' | '.join(safe(examples(s.first)[:4]))}" for s in series if examples(s.first)
    )
    shown_names = (
        [Verbatim(samples, f"Names by number of {what}, temperature {usual(series[0].first):g}")] if samples else []
    )
    caption = (
        f"Number of {what}: loss in nats a character, and "
        f"{number(series[0].first, 'names.sampled') or 0:,.0f} sampled names."
    )
    return [table(caption, columns, rows), *shown_names, *comment(said, seeds(series))]


def usual_names(run: Record) -> tuple[str, str, str]:
    """Shares whole and new of sampled names, and their nats under the n-gram model."""
    whole, new = (number(run, f"names.{key}") for key in ("whole", "new"))
    shares = [comments.percent(value) if value is not None else "–" for value in (whole, new)]
    return shares[0], shares[1], shown(number(run, "names.ngram_nats"), digits=3)


def usual(run: Record) -> float:
    return number(run, "names.temperature") or 0.8


def examples(run: Record) -> list[str]:
    """New names of the usual temperature that a run recorded; short ones, so that a line holds several."""
    names = ((run.metrics or {}).get("names") or {}).get("examples") or []
    return [name for name in names if len(name) <= 30] or [name[:30] for name in names]


def temperatures(run: Record) -> list[Block]:
    rows = (run.metrics or {}).get("by_temperature") or []
    if not rows:
        return missing("The run recorded no names at several temperatures.", "pw13 generate --temp 0.8 -n 10")
    columns = ("temperature", "whole", "new", "unique", "mean length", "n-gram nats")
    cells = [
        (
            f"{row['temperature']:g}",
            *[comments.percent(row[key]) if row.get(key) is not None else "–" for key in ("whole", "new", "unique")],
            shown(row.get("mean_length"), digits=3),
            shown(row.get("ngram_nats"), digits=3),
        )
        for row in rows
    ]
    lines = [
        f"{row['temperature']:g}: {' | '.join(safe([n for n in row.get('examples', []) if len(n) <= 40][:SHOWN]))}"
        for row in rows
    ]
    return [
        table(f"{rows[0].get('sampled', 0):,} names of the SimpleRNN at each temperature.", columns, cells),
        *drawn(
            run,
            "names",
            "2g",
            "Sampled names by temperature: shares, and nats under the n-gram model.",
            "Line plots against the temperature: shares of whole, new and unique names.",
        ),
        Verbatim("\n".join(lines), "New names by temperature"),
        *comment(comments.temperatures(rows)),
    ]


def selected(chosen: Chosen | None) -> list[Block]:
    """The 5-10 names that the handout asks for, and the rules by which they were taken."""
    if chosen is None or not chosen.names:
        return missing("No names could be chosen.", "pw13 report --names FILE")
    rows = [
        (
            each.text,
            f"{each.temperature:g}" if each.temperature is not None else "–",
            shown(each.log_probability, digits=3),
            each.nearest or "–",
            f"{each.similarity:.2f}" if each.similarity is not None else "–",
        )
        for each in chosen.names
    ]
    shown_rows = [tuple(safe(row)) for row in rows]
    columns = ("name", "temperature", "mean ln p", "nearest known name", "similarity")
    return [*note(choosing.rules(chosen)), table("Selected names.", columns, shown_rows)]


# ---------------------------------------------------------------------------------------------------- optional parts


def many_to_many(found: Evidence) -> list[Block]:
    command = f"{TRAIN} --target many-to-many"
    series = {s.setting: s for s in found.series(found.simple, "target", free=("carry_state",))}
    if "many-to-many" not in series or "many-to-one" not in series:
        return missing("No many-to-many run with the settings of the many-to-one one.", command)
    one, many = series["many-to-one"], series["many-to-many"]
    told = (
        "The target of a window is the same window moved on by one character: y has the shape of X, the "
        "recurrent layer returns its output at every step "
        "(return_sequences=True), and Dense is applied to each. Both are measured on the same held-out "
        "characters: many-to-many reads each name from its beginning."
    )
    said = comments.many_to_many(
        one.value("held_out_nats"),
        many.value("held_out_nats"),
        (one.first.metrics or {}).get("names") or {},
        (many.first.metrics or {}).get("names") or {},
    )
    return [
        *note(told),
        losses([("many-to-one", one), ("many-to-many", many)], "approach"),
        *heard([("many-to-one", one), ("many-to-many", many)]),
        *comment(said, seeds([one, many])),
        *drawn(
            many.first,
            "loss",
            "m2m",
            "Loss of the many-to-many SimpleRNN.",
            "Line plot of training and validation loss against the epoch.",
        ),
    ]


def other_cells(found: Evidence) -> list[Block]:
    series = {s.setting: s for s in found.series(found.simple, "cell")}
    absent = [cell for cell in ("gru", "lstm") if cell not in series]
    blocks: list[Block] = []
    for cell in absent:
        blocks += missing(f"No {CELLS[cell]} run with the settings of the SimpleRNN.", f"{TRAIN} --cell {cell}")
    named = [(CELLS[cell], series[cell]) for cell in CELLS if cell in series]
    if len(named) < 2:
        return blocks
    loss = comments.cells([(name, s.value("held_out_nats") or s.value("train_nats")) for name, s in named])
    quality = comments.cell_names([(name, (s.first.metrics or {}).get("names") or {}) for name, s in named])
    sizes = listed_parameters(named)
    return [
        losses(named, "cell"),
        *heard(named),
        *comment(loss),
        *comment(quality),
        *comment(sizes, seeds(s for _, s in named)),
        *blocks,
    ]


def listed_parameters(named: Sequence[tuple[str, Series]]) -> str:
    """The cells do not have the same number of parameters, which a fair reader wants to know."""
    counts = [f"{name} {comments.figure(s.value('parameters'))}" for name, s in named if s.value("parameters")]
    return f"At equal units the cells differ in size: {comments.listed(counts)} parameters." if len(counts) > 1 else ""


def losses(named: Sequence[tuple[str, Series]], what: str) -> Block:
    rows = [
        (
            name,
            of_series(s, "parameters"),
            of_series(s, "train_nats"),
            of_series(s, "val_nats"),
            of_series(s, "held_out_nats"),
            *usual_names(s.first),
        )
        for name, s in named
    ]
    columns = (what, "parameters", "training", "validation", "held out", "whole", "new", "n-gram nats")
    return table("Loss in nats a character; names at the usual temperature.", columns, rows)


def heard(named: Sequence[tuple[str, Series]]) -> list[Block]:
    lines = [f"{name}: {' | '.join(safe(examples(s.first)[:5]))}" for name, s in named if examples(s.first)]
    return [Verbatim("\n".join(lines), f"New names at temperature {usual(named[0][1].first):g}")] if lines else []
