"""Items 2a to 2f: how the character RNN reads its data, what it is, how it was trained."""

from pw13.report.commentary import charrnn as comments
from pw13.report.commentary import phrasing, training_curves
from pw13.report.document import Block, sentence, table
from pw13.report.run_selection import history, number
from pw13.report.sections.blocks import computed_comment, figure_block, note, summary
from pw13.runs.record import Record

TRAIN = "pw13 train-charrnn"
CELLS = {"simple": "SimpleRNN", "gru": "GRU", "lstm": "LSTM"}


def preparation(run: Record) -> list[Block]:
    of = run.config
    every = "at every character" if of["skip"] == 1 else f"every {of['skip']} characters"
    return note(
        "As in the Shakespeare example: the names become one text, every distinct character gets a "
        f"number, the text is cut into windows of {of['length']} "
        f"characters that begin {every}, and the network learns to say which "
        "character comes after a window."
    )


def corpus(run: Record) -> list[Block]:
    of, facts = (run.metrics or {}).get("corpus") or {}, run.facts.get("data") or {}
    rows = [
        ("names", phrasing.figure(of.get("names"))),
        ("characters, a newline after each name", phrasing.figure(of.get("characters"))),
        ("distinct characters", phrasing.figure(of.get("distinct"))),
        (f"windows of {run.config['length']}, every {run.config['skip']}", phrasing.figure(of.get("windows"))),
    ]
    notes = [block for text in facts.get("notes", []) for block in note(sentence(text))]
    return [table(f"The corpus as read: {facts.get('name', 'unknown')}.", ("what", "count"), rows), *notes]


def keeps_names_out(run: Record) -> bool:
    """Whether names are kept out of training, for validation and for the end."""
    return bool(((run.facts.get("data") or {}).get("counts") or {}).get("held_out"))


def validated(run: Record) -> str:
    """What a caption of loss curves adds where the line called validation is none."""
    return "" if keeps_names_out(run) else "; no name is kept out, so both lines are measured on training names"


def one_string(run: Record) -> list[Block]:
    if not keeps_names_out(run):
        return note(
            "All names in the order of the file are one string, a newline after each: the newline is a "
            "character like any other, and the network learns where a name ends."
        )
    counts = run.facts["data"]["counts"]
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
    return note(told + " " + comments.windows(windows, distinct, of["length"]))


def model(run: Record) -> list[Block]:
    of, distinct = run.config, ((run.metrics or {}).get("corpus") or {}).get("distinct")
    told = (
        f"{CELLS[of['cell']]} with {phrasing.count(of['units'], 'unit')} reads a window, and a Dense layer with softmax "
        f"gives a probability to each of the {phrasing.figure(distinct)} characters."
    )
    return [*note(told), *summary(run)]


def training(run: Record) -> list[Block]:
    of, metrics = run.config, run.metrics or {}
    counted = metrics.get("ngram") or {}
    told = (
        "Categorical cross-entropy (in nats a character), Adam with learning rate "
        f"{of['learning_rate']:g} ({of['schedule']}), {phrasing.count(of['epochs'], 'epoch')} in batches of "
        f"{of['batch_size']}."
    )
    rate = number(run, "throughput_per_second")
    speed = (
        f"Training saw {phrasing.figure(rate)} windows a second "
        f"({(run.facts.get('machine') or {}).get('processor', 'this machine')})."
        if rate
        else ""
    )
    line = "; the dashed line is the n-gram model" if number(run, "ngram.validation_nats") is not None else ""
    parts = "training, validation and held-out names" if keeps_names_out(run) else "training names"
    levelled = training_curves.training(history(run)) if keeps_names_out(run) else ""
    against = comments.against_ngram(metrics.get("held_out_nats"), counted.get("held_out_nats"), counted.get("order"))
    return [
        *note(told),
        *figure_block(
            run,
            "loss",
            "2f",
            f"Loss of the SimpleRNN{line}{validated(run)}.",
            "Line plot of training and validation loss against the epoch.",
        ),
        *computed_comment(levelled, speed),
        *figure_block(
            run,
            "nats",
            "2f",
            f"Nats a character on {parts}, beside the n-gram model.",
            "Bars of the loss on the parts of the corpus.",
        ),
        *computed_comment(comments.charrnn(metrics), against),
    ]
