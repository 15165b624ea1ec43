"""The handout item by item: what it asks, in the report's own words, what was done, and where that departs from it."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pw13 import config
from pw13.config import fields
from pw13.data.published import NOTMNIST, PUBLISHED_NAMES
from pw13.report import hand_in_data, hints
from pw13.report.commentary.phrasing import format_count, format_number, join_words
from pw13.report.comparable_runs import same_data
from pw13.report.document import Item, Markdown, Missing, Space, Text
from pw13.report.portable import runs_used
from pw13.report.run_selection import RunSelection
from pw13.report.sections import blocks
from pw13.runs.record import Record, read_run
from pw13.svm import summary

QUESTIONS = {
    "1a": "Choose the size of the hidden layer, the code: between the number of classes and the number of pixels.",
    "1b": "Define the layers; input and output have the same size.",
    "1c": "Make three Keras models: encoder, decoder and autoencoder.",
    "1d": "Compile the autoencoder and fit it to the data.",
    "1e": "Show input images and, below them, what the autoencoder makes of them.",
    "1f": "How could such a compression be judged, by its loss and by the bandwidth that it saves?",
    "1g": "Can an SVM be trained on the codes? Compare it with one that is trained on the pixels.",
    "conv-a": "Show with summary() that the network is a diabolo, and that its output has the shape of its input.",
    "conv-b": "Would it make sense to compress images with the output of the encoder?",
    "conv-c": "Make noisy versions of the training and the test images.",
    "conv-d": "Train with the MSE as loss and batches of 128.",
    "conv-e": "Show how well test images are denoised.",
    "2a": "Understand how the text is prepared in the Shakespeare example.",
    "2b": "Get the file with the names of companies.",
    "2c": "Read the names as one single text.",
    "2d": "Find the set of characters, define dictionaries, cut the text into X and y (length 10, skip 3), one-hot.",
    "2e": "Define the model: a SimpleRNN with 64 units and a Dense layer with softmax.",
    "2f": "Train the model.",
    "2g": "Generate names with other numbers of epochs, of units, ...; report the findings and choose 5 to 10 names.",
    "m2m": "Optional: do the same many-to-many, with other targets and other parameters of the layers.",
    "cells": "Optional: with LSTM or GRU, can the loss be lowered further, and do the names get better?",
}
HANDOUT = {"batch_size": 128, "length": 10, "skip": 3, "units": 64, "layers": 1}  # numbers that the handout names
NOTHING = "–"  # was done
NAMES_ASKED = range(5, 11)
NUMBERS: dict[str, dict[str, tuple[str, ...]]] = {  # of HANDOUT, by kind and item
    "conv-dae": {"conv-d": ("batch_size",)},
    "charrnn": {"2d": ("length", "skip"), "2e": ("units", "layers")},
}
TRAINING_ITEMS = {"dense-ae": "1d", "conv-dae": "conv-d", "svm-eval": "1g", "charrnn": "2f"}  # of epochs and --limit
DATA_ITEMS = {"dense-ae": "1d", "conv-dae": "conv-d", "svm-eval": "1g", "charrnn": "2b"}
_IMAGES = ("notMNIST", "data", "notmnist")
PUBLISHED = {  # the course's data of a kind, their key in config.json, and the name by which they are fetched
    **dict.fromkeys(("dense-ae", "conv-dae", "svm-eval"), _IMAGES),
    "charrnn": ("the course's names", "corpus", "names"),
}


class Departure(NamedTuple):
    """Where a run departs from the handout, and the command that would settle it."""

    text: str
    command: str


class Row(NamedTuple):
    """An item of the handout: its status, what was done, and the departures.

    status: "complete", "with departures", "partly missing", "missing" or, of a question, "to answer".
    """

    key: str
    label: str
    asked: str
    status: str
    done: str
    departures: tuple[Departure, ...]


def compliance(items: Sequence[Item], selection: RunSelection, names: int) -> list[Row]:
    """Return a row per item of the report; names: how many were chosen."""
    return [_row(item, selection, names) for item in items]


def _row(item: Item, selection: RunSelection, names: int) -> Row:
    done, found = _done(item, selection, names), tuple(departures(item.key, selection, names))
    status = _status(item, nothing=done == NOTHING)
    if status == "complete" and found:
        status = "with departures"
    return Row(item.key, item.label, item.question or item.title, status, done, (*_gaps(item), *found))


def _status(item: Item, *, nothing: bool) -> str:
    """Return the status of an item by its content; nothing: no run has done any of it."""
    gaps = [block for block in item.blocks if isinstance(block, Missing)]
    if gaps or not item.blocks:
        return "missing" if nothing or len(gaps) == len(item.blocks) else "partly missing"
    return "to answer" if any(isinstance(block, Space) for block in item.blocks) else "complete"


def _gaps(item: Item) -> Iterator[Departure]:
    for block in item.blocks:
        if isinstance(block, Missing):
            yield Departure(block.what, block.command)


def _done(item: Item, selection: RunSelection, names: int) -> str:
    """Return in a few words what was done for an item; a dash for nothing."""
    run = _run_of(item.key, selection)
    if item.key.startswith("3"):
        return _answered(item)
    if run is None:
        return NOTHING
    settings, metrics = run.config, run.metrics or {}
    sizes = [str(series.value) for series in selection.series(selection.dense, "code_size")]
    lengths = [blocks.epochs_of_series(series) for series in selection.series(selection.baseline_rnn, "epochs")]
    units = [str(series.value) for series in selection.series(selection.baseline_rnn, "units")]
    cells = [str(s.value) for s in selection.series(selection.baseline_rnn, "cell")]
    targets = [s.value for s in selection.series(selection.baseline_rnn, "target")]
    trained = f"Adam, {blocks.epochs(run)}, batches of {settings.get('batch_size')}"
    done = {
        "1a": f"{settings.get('code_size')} values; compared: {', '.join(sizes)}",
        "1b": f"{settings.get('activation')} code, sigmoid output",
        "1c": "encoder, decoder, autoencoder, in Keras in the notebook",
        "1d": f"{trained}, loss {settings.get('loss')}",
        "1e": "figure of test images, one per class",
        "1f": "bytes and MSE measured, against PCA, WebP, JPEG and PNG" if metrics.get("compression") else NOTHING,
        "1g": f"kernel {settings.get('kernel')}, tuned by cross-validation, on {_features(metrics)}",
        "conv-a": "summary() and the shapes of the feature maps",
        "conv-b": "code size measured, with an entropy coder" if metrics.get("code_bytes_entropy") else NOTHING,
        "conv-c": f"{settings.get('noise_kind')} noise, {settings.get('noise')}",
        "conv-d": f"{trained}, MSE",
        "conv-e": f"figure and PSNR of test images{_baselines(metrics.get('baselines') or {})}",
        "2a": "steps described",
        "2b": str(hand_in_data.facts(run).get("name", NOTHING)),
        "2c": "one text, with a newline after each name",
        "2d": f"length {settings.get('length')}, skip {settings.get('skip')}, one-hot by batch",
        "2e": f"SimpleRNN, {format_count(settings.get('units'), 'unit')}; Dense, softmax",
        "2f": trained,
        "2g": f"epochs {', '.join(lengths)}; units {', '.join(units)}; {names} names chosen",
        "m2m": "same settings, targets shifted by one character" if "many-to-many" in targets else NOTHING,
        "cells": join_words([cell.upper() for cell in cells if cell != "simple"]) or NOTHING,
    }
    return done.get(item.key, NOTHING)


def _features(metrics: Mapping[str, Any]) -> str:
    """Return what SVMs were trained on, of an evaluation."""
    features = dict.fromkeys(result["features"] for result in metrics.get("results") or [])
    return join_words([summary.NAMES.get(name, name) for name in features])


def _baselines(measured: Mapping[str, Any]) -> str:
    """Return what a denoiser is compared with: `baselines` in metrics.json, without a linear one of large images."""
    filters = ["filters"] if measured.keys() - {"linear"} else []
    found = filters + (["a linear denoiser"] if measured.get("linear") else [])
    return f", against {join_words(found)}" if found else ""


def _run_of(key: str, selection: RunSelection) -> Record | None:
    """Return the run that an item of exercise 1 or 2 is about; None if there is none."""
    if key == "1g":
        return selection.svm
    if key.startswith("1"):
        return selection.dense
    return selection.conv if key.startswith("conv-") else selection.baseline_rnn


def _answered(item: Item) -> str:
    if any(isinstance(block, Markdown) for block in item.blocks):
        return "own answer"
    prepared = any(isinstance(block, Text) and block.role == "answer" for block in item.blocks)
    return "prepared answer" if prepared else NOTHING


def departures(key: str, selection: RunSelection, names: int) -> Iterator[Departure]:
    """Yield where the runs of an item depart from the handout, or from the length at which pw13 trains by default.

    Departures of one run are settled by one command.
    """
    for run in filter(None, (selection.dense, selection.conv, selection.svm, selection.baseline_rnn)):
        changes = list(_changes(run))
        texts = [change.text for change in changes if change.item == key]
        of_data = key == DATA_ITEMS[run.kind] and not _said_of_dense(run, selection)
        if of_data and not _is_published(run):
            texts.insert(0, f"{hand_in_data.facts(run).get('name')} instead of {PUBLISHED[run.kind][0]}")
        settings = {name: value for change in changes for name, value in change.settings.items()}
        if texts:
            yield Departure("; ".join(texts), _command(run, settings))
        if key == "2c" and run.kind == "charrnn":
            yield from _held_out(run, settings)
        if of_data and run.kind != "charrnn":
            yield from (Departure(str(note), "–") for note in hand_in_data.facts(run).get("notes") or ())
    if key == "2g" and selection.baseline_rnn and names not in NAMES_ASKED:
        yield Departure(f"{format_count(names, 'name')} chosen instead of 5 to 10", "pw13 report --names FILE")


class Change(NamedTuple):
    """A departure of a run in its settings: the item, what departs, and the settings of the handout or of pw13."""

    item: str
    text: str
    settings: dict[str, Any]


def _changes(run: Record) -> Iterator[Change]:
    if run.kind == "dense-ae" and run.config["activation"] != (default := _default(run, "activation")):
        text = f"activation of the code {run.config['activation']} instead of {default}"
        yield Change("1b", text, {"activation": default})
    for item, names in NUMBERS.get(run.kind, {}).items():
        for name in names:
            if run.config.get(name) != HANDOUT[name]:
                text = f"{name.replace('_', ' ')} {run.config.get(name)} instead of {HANDOUT[name]}"
                yield Change(item, text, {name: HANDOUT[name]})
    trained = TRAINING_ITEMS[run.kind]
    if run.config.get("limit") is not None:
        yield Change(trained, f"at most {format_count(run.config['limit'], 'training image')}", {"limit": None})
    if run.kind == "charrnn" and (start := runs_used(run)):
        yield Change(trained, f"trained further from the network of {start[0]}", {"init_from": None})
    epochs = _default(run, "epochs")
    if epochs is not None and run.config.get("epochs", epochs) < epochs:
        text = f"{format_count(run.config['epochs'], 'epoch')} instead of the default {epochs}"
        yield Change(trained, text, {"epochs": epochs})


def _command(run: Record, settings: dict[str, Any]) -> str:
    """Return the command of a run like `run`, but with `settings` and the published data."""
    if _is_published(run):
        return hints.rerun(run, **settings)
    name, encoders = PUBLISHED[run.kind][2], _encoders(run)
    trained = [hints.rerun(_on_published(encoder)) for encoder in encoders]
    evaluated = _on_published(run)
    if [encoder.kind for encoder in encoders] not in ([], ["dense-ae"]):  # a dense one svm-eval finds itself
        evaluated = dataclasses.replace(evaluated, config={**evaluated.config, "runs": ["RUN"] * len(encoders)})
    return ", then: ".join([f"pw13 data fetch {name}", *trained, hints.rerun(evaluated, **settings)])


def _on_published(run: Record) -> Record:
    """Return a run with the published data, without encoders, which were trained on other images."""
    changed: dict[str, Any] = {PUBLISHED[run.kind][1]: None} | ({"runs": []} if run.kind == "svm-eval" else {})
    return dataclasses.replace(run, config={**run.config, **changed}, facts={**run.facts, "encoders": []})


def _encoders(run: Record) -> list[Record]:
    """Return the runs whose codes an evaluation is of, those that can be read."""
    records = [read_run(run.runs_dir / reference) for reference in runs_used(run)] if run.kind == "svm-eval" else []
    return [record for record in records if not record.problem]


def _held_out(run: Record, settings: dict[str, Any]) -> Iterator[Departure]:
    counts = hand_in_data.facts(run).get("counts") or {}
    if counts.get("held_out"):
        held_out = format_number(counts["held_out"] + counts.get("validation", 0))
        text = f"{held_out} of {format_number(counts.get('names'))} names are held out to measure with, not trained on"
        yield Departure(text, _command(run, {**settings, "hold_out": 0.0}))


def _said_of_dense(run: Record, selection: RunSelection) -> bool:
    """Return whether a run has the images of the dense run, whose item says where they depart."""
    dense = selection.dense
    return dense is not None and run.kind in ("conv-dae", "svm-eval") and same_data(run, dense)


def _is_published(run: Record) -> bool:
    data = hand_in_data.facts(run)
    if run.kind == "charrnn":
        return data.get("sha256") == PUBLISHED_NAMES[0].sha256
    return data.get("name") in NOTMNIST


def _default(run: Record, key: str) -> Any:
    return fields.as_dict(config.KINDS[run.kind]()).get(key)
