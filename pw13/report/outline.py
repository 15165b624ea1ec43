"""The document of a hand-in: the handout's items in order, made once from the runs; every rendering is of this."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pw13.report.document import Block, Chapter, Document, Item
from pw13.report.name_selection import NameSelection
from pw13.report.run_selection import RunSelection
from pw13.report.sections import (
    charrnn,
    charrnn_variants,
    conv_dae,
    dense_ae,
    generated_names,
    overview,
    provenance,
    svm_eval,
)
from pw13.report.sections.answers import review, with_answer, with_comment
from pw13.report.sections.blocks import missing

TITLE = "Autoencoders and generative RNNs"


def build_document(
    found: RunSelection,
    chosen: NameSelection | None,
    *,
    authors: Sequence[str],
    answers: dict[str, Any],
    own: dict[str, str],
) -> Document:
    """The whole hand-in, in the order of the handout."""

    def finished(items: list[Item]) -> tuple[Item, ...]:
        return tuple(with_comment(with_answer(item, answers), own) for item in items)

    chapters = (
        Chapter("In short", tuple(overview.summary(found)), ()),
        Chapter(
            "Exercise 1: autoencoders",
            tuple(overview.data_block(found.dense or found.conv or found.svm, "Images")),
            finished(dense_items(found)),
        ),
        Chapter("Exercise 1: convolutional denoising autoencoder", (), finished(conv_items(found))),
        Chapter(
            "Exercise 2: a generator of startup names",
            tuple(overview.data_block(found.baseline_rnn, "Names")),
            finished(charrnn_items(found, chosen)),
        ),
        Chapter("Exercise 3: review questions", (), finished(review())),
        Chapter("Appendix: where the numbers come from", tuple(provenance.provenance(found)), ()),
    )
    return Document(TITLE, tuple(authors), report_date(found), tuple(overview.notices(found)), chapters)


def dense_items(found: RunSelection) -> list[Item]:
    """Items 1a to 1g."""
    return [
        Item("1a", "1a", "Size of the code", tuple(dense_ae.code_size(found))),
        Item("1b", "1b", "Layers", tuple(dense_ae.part(found, dense_ae.layers))),
        Item("1c", "1c", "Three models", tuple(dense_ae.part(found, dense_ae.models))),
        Item("1d", "1d", "Compile and fit", tuple(dense_ae.part(found, dense_ae.fitting))),
        Item("1e", "1e", "Inputs and their reconstructions", tuple(dense_ae.part(found, dense_ae.reconstructions))),
        Item("1f", "1f", "As a tool of compression", tuple(dense_ae.part(found, dense_ae.compression))),
        Item("1g", "1g", "An SVM on codes and on pixels", tuple(svm_eval.compared(found))),
    ]


def conv_items(found: RunSelection) -> list[Item]:
    """Items conv a to conv e."""
    return [
        Item("conv-a", "conv a", "The diabolo", tuple(conv_dae.part(found, conv_dae.diabolo))),
        Item("conv-b", "conv b", "Does its code compress?", tuple(conv_dae.part(found, conv_dae.conv_code))),
        Item("conv-c", "conv c", "Noisy copies", tuple(conv_dae.part(found, conv_dae.noisy))),
        Item("conv-d", "conv d", "Training", tuple(conv_dae.part(found, conv_dae.training))),
        Item("conv-e", "conv e", "Denoising test images", tuple(conv_dae.part(found, conv_dae.denoising))),
    ]


def charrnn_items(found: RunSelection, chosen: NameSelection | None) -> list[Item]:
    """Items 2a to 2g and the optional parts of exercise 2."""
    run = found.baseline_rnn

    def of_simple(tell: Any) -> tuple[Block, ...]:
        return tuple(tell(run) if run else missing("No run of a many-to-one SimpleRNN.", charrnn.TRAIN))

    return [
        Item("2a", "2a", "How text is prepared", of_simple(charrnn.preparation)),
        Item("2b", "2b", "The file", of_simple(charrnn.corpus)),
        Item("2c", "2c", "One string", of_simple(charrnn.one_string)),
        Item("2d", "2d", "Dictionaries, windows, one-hot vectors", of_simple(charrnn.data)),
        Item("2e", "2e", "The model", of_simple(charrnn.model)),
        Item("2f", "2f", "Training", of_simple(charrnn.training)),
        Item(
            "2g",
            "2g",
            "Generated names and what changes them",
            (*generated_names.generated(found), *generated_names.selected(chosen)),
        ),
        Item("m2m", "optional", "Many-to-many", tuple(charrnn_variants.many_to_many(found))),
        Item("cells", "optional", "LSTM and GRU", tuple(charrnn_variants.other_cells(found))),
    ]


def item_keys() -> list[str]:
    """The keys of all items, for a user's comments."""
    found = RunSelection((), "")
    items = [*dense_items(found), *conv_items(found), *charrnn_items(found, None), *review()]
    return [item.key for item in items]


def report_date(found: RunSelection) -> str:
    """The day of the newest run, so that the same runs give the same report whenever it is made."""
    newest = max(str(record.facts.get("ended") or record.facts["started"]) for record in found.records)
    return datetime.fromisoformat(newest).date().isoformat()
