"""The networks of earlier char-RNN runs, ready to write names, without TensorFlow."""

from typing import NamedTuple

import numpy as np

from pw13.config.settings import CharRNN
from pw13.data.names import name_list as corpora
from pw13.data.names import vocabulary
from pw13.data.names.vocabulary import VocabularyFile
from pw13.errors import UserError
from pw13.models import charrnn_numpy as recurrent
from pw13.models import keras_archive
from pw13.runs import record as records
from pw13.runs.record import Record

MODEL = "best.keras"


class Writer(NamedTuple):
    """A run's network and what it writes with."""

    record: Record
    settings: CharRNN
    known: VocabularyFile
    network: recurrent.Network


def load(record: Record) -> Writer:
    """The network of a run, its vocabulary and its settings, checked to belong together."""
    settings = records.settings_of(record)
    path = record.folder / "vocabulary.json"
    known = vocabulary.from_data(records.read_json(path), path=path)
    words = known.vocabulary
    if words.digest != record.facts.get("vocabulary"):
        raise UserError(f"{path}: not the vocabulary of this run's model; the two do not belong together")
    if settings.target == "many-to-one" and not all(len(ending) == settings.length for ending in known.endings):
        raise UserError(f"{path}: a name's ending is not {settings.length} characters long; the file is damaged")
    places = recurrent.parts(settings.cell, settings.units, settings.layers, words.size)
    arrays = keras_archive.read_keras(record.folder / "checkpoints" / MODEL, places)
    if not all(np.isfinite(array).all() for array in arrays):
        raise UserError(f"{record.folder / 'checkpoints' / MODEL}: damaged: a weight is not a finite number")
    network = recurrent.network(settings.cell, settings.target, settings.length, arrays)
    return Writer(record, settings, known, network)


def read_corpus(writer: Writer, *, needed: bool) -> tuple[str, ...] | None:
    """The distinct names that the run was trained with, from their recorded place; None where they are gone.

    Raises:
        UserError: they are gone or changed, and `needed`.
    """
    data = writer.record.facts.get("data")
    data = data if isinstance(data, dict) else {}
    try:
        settings = writer.settings
        path = "builtin" if data.get("kind") == "builtin" else str(data.get("path"))
        corpus = corpora.load_names(path, encoding=settings.encoding, fix_accents=settings.fix_accents)
        if corpus.source.sha256 != data.get("sha256"):
            raise UserError(f"{path}: no longer the corpus that the run was trained with (another sha256)")
    except (UserError, ValueError) as error:  # a recorded path may be no path
        if needed:
            raise UserError(f"--only-new needs the run's corpus: {error}") from None
        return None
    return tuple(dict.fromkeys(corpus.names))
