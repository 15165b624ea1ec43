"""The networks of earlier char-RNN runs, ready to write names, without TensorFlow."""

from typing import NamedTuple

import numpy as np

from pw13.config.settings import CharRNN
from pw13.data.names import load_names, vocabulary
from pw13.data.names.vocabulary import VocabularyFile
from pw13.errors import UserError
from pw13.models import charrnn_numpy, keras_archive
from pw13.runs.record import Record, read_json, settings_of

MODEL = "best.keras"


class NameGenerator(NamedTuple):
    """A run's network and what it writes with."""

    record: Record
    settings: CharRNN
    vocab_file: VocabularyFile
    network: charrnn_numpy.Network


def load_generator(record: Record) -> NameGenerator:
    """The network of a run, its vocabulary and its settings, checked to belong together."""
    settings = settings_of(record)
    path = record.folder / "vocabulary.json"
    vocab_file = vocabulary.from_data(read_json(path), path=path)
    vocab = vocab_file.vocabulary
    if vocab.digest != record.facts.get("vocabulary"):
        raise UserError(f"{path}: not the vocabulary of this run's model; the two do not belong together")
    if settings.target == "many-to-one" and not all(len(ending) == settings.length for ending in vocab_file.endings):
        raise UserError(f"{path}: a name's ending is not {settings.length} characters long; the file is damaged")
    places = charrnn_numpy.weight_specs(settings.cell, settings.units, settings.layers, vocab.size)
    arrays = keras_archive.read_weights(record.folder / "checkpoints" / MODEL, places)
    if not all(np.isfinite(array).all() for array in arrays):
        raise UserError(f"{record.folder / 'checkpoints' / MODEL}: damaged: a weight is not a finite number")
    network = charrnn_numpy.network(settings.cell, settings.target, settings.length, arrays)
    return NameGenerator(record, settings, vocab_file, network)


def read_corpus(writer: NameGenerator, *, needed: bool) -> tuple[str, ...] | None:
    """The distinct names that the run was trained with, from their recorded place; None where they are gone.

    Raises:
        UserError: they are gone or changed, and `needed`.
    """
    data = writer.record.facts.get("data")
    data = data if isinstance(data, dict) else {}
    try:
        settings = writer.settings
        path = "builtin" if data.get("kind") == "builtin" else str(data.get("path"))
        corpus = load_names(path, encoding=settings.encoding, fix_accents=settings.fix_accents)
        if corpus.source.sha256 != data.get("sha256"):
            raise UserError(f"{path}: no longer the corpus that the run was trained with (another sha256)")
    except (UserError, ValueError) as error:  # a recorded path may be no path
        if needed:
            raise UserError(f"--only-new needs the run's corpus: {error}") from None
        return None
    return tuple(dict.fromkeys(corpus.names))
