"""Items 2a to 2f: data preparation, model and training of the character RNN."""

from pw13.report import hints
from pw13.report.commentary import charrnn as commentary
from pw13.report.commentary.phrasing import format_count, format_number
from pw13.report.document import Block, as_sentence, table
from pw13.report.run_selection import RunSelection, metric
from pw13.report.sections.blocks import (
    Section,
    comment,
    curves,
    epochs,
    figure_block,
    missing,
    model_summary,
    paragraph,
    processor,
)
from pw13.runs.record import Record

NO_RUN = "No run of a many-to-one SimpleRNN."
CELLS = {"simple": "SimpleRNN", "gru": "GRU", "lstm": "LSTM"}


def build(selection: RunSelection, section: Section) -> list[Block]:
    """Return a section of the SimpleRNN run, or what is missing."""
    run = selection.baseline_rnn
    return section(run) if run else no_run(selection)


def no_run(selection: RunSelection) -> list[Block]:
    """Return that there is no many-to-one SimpleRNN, and the command with the settings of the other runs."""
    others = selection.of_kind("charrnn")
    if not others:
        return missing(NO_RUN, hints.first_run(selection, "charrnn"))
    changed = {"cell": "simple", "target": "many-to-one", "carry_state": False, "init_from": None}
    return missing(NO_RUN, hints.rerun(others[-1], **changed))


def preparation(run: Record) -> list[Block]:
    return paragraph(
        "As in the Shakespeare example, the names become one text, each distinct character gets an id, and the text is "
        f"cut into windows of {run.config['length']} characters, with a stride of {run.config['skip']}. The network "
        "learns to predict the character after each window."
    )


def corpus(run: Record) -> list[Block]:
    counts, data = (run.metrics or {}).get("corpus") or {}, run.data
    rows = [
        ("names", format_number(counts.get("names"))),
        ("characters, newlines included", format_number(counts.get("characters"))),
        ("distinct characters", format_number(counts.get("distinct"))),
        (
            f"windows (length {run.config['length']}, stride {run.config['skip']})",
            format_number(counts.get("windows")),
        ),
    ]
    notes = [block for text in data.get("notes", []) for block in paragraph(as_sentence(text))]
    return [table(f"The corpus: {data.get('name', 'unknown')}.", ("quantity", "count"), rows), *notes]


def has_held_out_names(run: Record) -> bool:
    """Return whether names were held out, for validation and for the final evaluation."""
    return bool((run.data.get("counts") or {}).get("held_out"))


def validation_note(run: Record) -> str:
    """Return what a caption of loss curves adds if the validation curve is not of held-out names."""
    return "" if has_held_out_names(run) else "; no names are held out, so both curves are measured on training names"


def training_text(run: Record) -> list[Block]:
    names = "names" if has_held_out_names(run) else "names, in the order of the file,"
    text = (
        f"The {names} form one string, with a newline after each: the newline is a character like any other, so the "
        "network learns where a name ends."
    )
    if not has_held_out_names(run):
        return paragraph(text)
    counts = run.facts["data"]["counts"]
    return paragraph(
        f"{text} Since windows overlap and some names occur more than once, the split is by distinct name: "
        f"{counts.get('training', 0):,} for training, {counts.get('validation', 0):,} for validation (best epoch, "
        f"settings), {counts['held_out']:,} for the final evaluation."
    )


def encoding(run: Record) -> list[Block]:
    metrics, length = run.metrics or {}, run.config["length"]
    windows, distinct = metrics.get("train_windows"), vocabulary_size(run)
    if not windows or not distinct:
        return paragraph("The run does not record its number of training windows.")
    return paragraph(
        "Two dictionaries, character to id and back, are saved with the run (vocabulary.json). X holds the "
        f"{windows:,} windows of the training text as one-hot vectors, of shape ({windows:,}, {length}, {distinct}), "
        f"y the character after each, ({windows:,}, {distinct}). {commentary.one_hot_size(windows, distinct, length)}"
    )


def vocabulary_size(run: Record) -> int | None:
    """Return the number of characters of the network, with those of the one that it was trained further from."""
    start = run.facts.get("init_from")
    if start:
        return int(start.get("characters", 0)) + len(start.get("new_characters", ()))
    distinct = ((run.metrics or {}).get("corpus") or {}).get("distinct")
    return None if distinct is None else int(distinct)


def model(run: Record) -> list[Block]:
    config = run.config
    start = " of the corpus and of the network that it was trained further from" * bool(config.get("init_from"))
    return [
        *paragraph(
            f"{CELLS[config['cell']]} with {format_count(config['units'], 'unit')} reads a window, and a Dense layer "
            f"with softmax predicts a probability for each of the {format_number(vocabulary_size(run))} "
            f"characters{start}."
        ),
        *model_summary(run),
    ]


def training(run: Record) -> list[Block]:
    config, metrics, held_out = run.config, run.metrics or {}, has_held_out_names(run)
    rate = metric(run, "throughput_per_second")
    speed = f"Training ran at {format_number(rate)} windows per second ({processor(run)})." if rate else ""
    dashed = "; dashed: the n-gram model" if metric(run, "ngram.validation_nats") is not None else ""
    parts = "training, validation and held-out names" if held_out else "training names"
    return [
        *paragraph(
            "Categorical cross-entropy (in nats per character), Adam with learning rate "
            f"{config['learning_rate']:g} ({config['schedule']}), {epochs(run)}, batch "
            f"size {config['batch_size']}."
        ),
        *figure_block(
            run,
            "loss",
            "2f",
            f"Loss of the SimpleRNN{dashed}{validation_note(run)}.",
            "Line plot of training and validation loss per epoch.",
        ),
        *comment(curves(run) if held_out else "", speed),
        *figure_block(
            run,
            "nats",
            "2f",
            f"Nats per character on {parts}, compared with the n-gram model.",
            "Bar chart of the loss on each part of the corpus.",
        ),
        *comment(
            commentary.held_out_loss(metrics),
            commentary.against_ngram(metrics),
            commentary.mixed_with_ngram(metrics),
        ),
        *figure_block(
            run,
            "positions",
            "2f",
            "Nats per character by position in the held-out names.",
            "Line plot of the loss by position, of the network and of the n-gram model.",
        ),
        *comment(commentary.by_position(metrics.get("by_position") or [])),
        *figure_block(
            run,
            "calibration",
            "2f",
            "Calibration: how often the likeliest character comes, by its probability; large dots stand for many.",
            "Scatter plot of accuracy against probability, with the diagonal.",
        ),
        *comment(commentary.calibration(metric(run, "calibration_error"), metrics.get("reliability") or [])),
    ]
