"""The report's document: the handout's items in order, built once from the runs; renderers only read it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pw13.report.commentary.phrasing import ONE_SEED
from pw13.report.document import Block, Chapter, Document, Item, Text
from pw13.report.handout import QUESTIONS, compliance
from pw13.report.name_selection import NameSelection
from pw13.report.run_selection import RunSelection
from pw13.report.sections import (
    charrnn,
    charrnn_variants,
    compression,
    conv_dae,
    dense_ae,
    generated_names,
    overview,
    provenance,
    svm_eval,
)
from pw13.report.sections.answers import REVIEW_QUESTIONS, review_items, with_answer, with_comment, with_space

TITLE = "Autoencoders and generative RNNs"


def build_document(
    selection: RunSelection,
    names: NameSelection | None,
    *,
    authors: Sequence[str],
    answers: dict[str, Any],
    comments: dict[str, str],
) -> Document:
    """Return the whole report, in the order of the handout; `answers` and `comments` by item key."""

    def finished(items: list[Item]) -> tuple[Item, ...]:
        done = (with_space(with_comment(with_answer(item, answers), comments)) for item in items)
        return tuple(say_once(item)._replace(question=QUESTIONS.get(item.key, "")) for item in done)

    image_run = selection.dense or selection.conv or selection.svm
    exercises = (
        Chapter(
            "Exercise 1: autoencoders",
            tuple(overview.data_block(image_run, "Images")),
            finished(dense_items(selection)),
        ),
        Chapter("Exercise 1: convolutional denoising autoencoder", (), finished(conv_items(selection))),
        Chapter(
            "Exercise 2: startup name generator",
            tuple(overview.data_block(selection.baseline_rnn, "Names")),
            finished(charrnn_items(selection, names)),
        ),
        Chapter("Exercise 3: review questions", (), finished(review_items())),
    )
    items = [item for chapter in exercises for item in chapter.items]
    rows = compliance(items, selection, len(names.names) if names else 0)
    chapters = (
        Chapter("The handout, item by item", tuple(overview.handout(rows)), ()),
        Chapter("Summary", tuple(overview.summary(selection)), ()),
        *exercises,
        Chapter("Appendix: provenance", tuple(provenance.provenance(selection)), ()),
    )
    return Document(TITLE, tuple(authors), report_date(selection), tuple(overview.notices(selection)), chapters)


def dense_items(selection: RunSelection) -> list[Item]:
    """Return items 1a to 1g."""
    sections = (
        ("1b", "Layers", dense_ae.layers),
        ("1c", "Models", dense_ae.models),
        ("1d", "Compile and fit", dense_ae.fitting),
    )
    return [
        Item("1a", "1a", "Code size", tuple(dense_ae.code_size(selection))),
        *(Item(key, key, title, tuple(dense_ae.build(selection, section))) for key, title, section in sections),
        Item("1e", "1e", "Inputs and reconstructions", tuple(dense_ae.reconstructions(selection))),
        Item("1f", "1f", "Compression", tuple(compression.compression(selection))),
        Item("1g", "1g", "SVM on codes and on pixels", tuple(svm_eval.evaluation(selection))),
    ]


def conv_items(selection: RunSelection) -> list[Item]:
    """Return items conv a to conv e."""
    sections = (
        ("a", "Diabolo network", conv_dae.architecture),
        ("b", "Does the code compress?", conv_dae.code),
        ("c", "Noisy images", conv_dae.noise),
        ("d", "Training", conv_dae.training),
        ("e", "Denoising test images", conv_dae.denoising),
    )
    return [
        Item(f"conv-{letter}", f"conv {letter}", title, tuple(conv_dae.build(selection, section)))
        for letter, title, section in sections
    ]


def charrnn_items(selection: RunSelection, names: NameSelection | None) -> list[Item]:
    """Return items 2a to 2g and the optional parts of exercise 2."""
    sections = (
        ("2a", "Data preparation", charrnn.preparation),
        ("2b", "Corpus", charrnn.corpus),
        ("2c", "Names as one text", charrnn.training_text),
        ("2d", "Dictionaries, windows, one-hot vectors", charrnn.encoding),
        ("2e", "Model", charrnn.model),
        ("2f", "Training", charrnn.training),
    )
    generated = (*generated_names.generated(selection), *generated_names.selected(names))
    return [
        *(Item(key, key, title, tuple(charrnn.build(selection, section))) for key, title, section in sections),
        Item("2g", "2g", "Generated names and hyperparameters", generated),
        Item("m2m", "optional", "Many-to-many", tuple(charrnn_variants.many_to_many(selection))),
        Item("cells", "optional", "LSTM and GRU", tuple(charrnn_variants.other_cells(selection))),
    ]


def item_keys() -> list[str]:
    """Return the keys of all items, to which a user can add comments."""
    empty = RunSelection((), "")
    return [
        item.key for item in (*dense_items(empty), *conv_items(empty), *charrnn_items(empty, None), *review_items())
    ]


def questions() -> dict[str, str]:
    """Return what each item asks, in the report's own words."""
    return {key: QUESTIONS.get(key) or REVIEW_QUESTIONS[key] for key in item_keys()}


def say_once(item: Item) -> Item:
    """Return the item without the note on single seeds after its first time."""
    blocks: list[Block] = []
    said = False
    for block in item.blocks:
        text = block.text if isinstance(block, Text) else ""
        if said and ONE_SEED in text:
            text = text.replace(ONE_SEED, "").strip()
            blocks += [Text(text, "comment")] if text else []
        else:
            blocks.append(block)
        said = said or ONE_SEED in text
    return item._replace(blocks=tuple(blocks))


def report_date(selection: RunSelection) -> str:
    """Return the date of the newest run, so that the same runs always give the same report."""
    ends = [str(run.facts.get("ended") or run.facts["started"]) for run in selection.records]
    newest = max(map(datetime.fromisoformat, ends), key=datetime.timestamp)
    return newest.date().isoformat()
