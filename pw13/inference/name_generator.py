"""Load the name generator of a char-RNN run, without TensorFlow."""

from typing import NamedTuple

import numpy as np

from pw13.baselines import ngram_models
from pw13.config.settings import CharRNN
from pw13.data.names import load_names, prepare_dataset, vocabulary
from pw13.data.names.vocabulary import VocabularyFile
from pw13.errors import UserError
from pw13.inference.contexts import Mixture
from pw13.inference.trained_run import read_best_weights
from pw13.models import charrnn_numpy
from pw13.runs.ending import cli_name
from pw13.runs.record import Record, read_json, settings_of


class NameGenerator(NamedTuple):
    """A run's network with its settings and vocabulary."""

    record: Record
    settings: CharRNN
    vocab_file: VocabularyFile
    network: charrnn_numpy.Network


def load_generator(record: Record) -> NameGenerator:
    """Load network, vocabulary and settings of a run, checked against each other.

    Raises:
        UserError: a file is missing or corrupt, or they do not belong together.
    """
    settings = settings_of(record)
    path = record.folder / "vocabulary.json"
    vocab_file = vocabulary.from_data(read_json(path), path=path)
    vocab = vocab_file.vocabulary
    if vocab.digest != record.facts.get("vocabulary"):
        raise UserError(f"{path}: does not match the model of this run")
    if settings.target == "many-to-one" and {len(ending) for ending in vocab_file.endings} != {settings.length}:
        raise UserError(f"{path}: corrupt: expected endings of {settings.length} characters")
    specs = charrnn_numpy.weight_specs(settings.cell, settings.units, settings.layers, vocab.size)
    arrays = read_best_weights(record, specs)
    network = charrnn_numpy.network(settings.cell, settings.target, settings.length, arrays)
    return NameGenerator(record, settings, vocab_file, network)


def load_mixture(generator: NameGenerator) -> Mixture:
    """Return the mixture of the run's network and its n-gram model, from the cache or counted anew from the corpus.

    Raises:
        UserError: the run has no mixture, or neither the cache nor the recorded path has what is to be counted.
    """
    record, vocab = generator.record, generator.vocab_file.vocabulary
    weight, texts = _recorded_mixture(record)

    def read_texts() -> tuple[np.ndarray, np.ndarray]:
        names = read_recorded_names(generator, "--mix")
        found = prepare_dataset(names, generator.settings, known=vocab.characters).ngram_texts
        if ngram_models.digests(*found) != texts:
            raise UserError(f"{record.folder}: --mix: the corpus is split in another way than when the run was trained")
        return found

    counts = ngram_models.recall(texts, read_texts, size=vocab.size, newline=vocab.newline)
    return Mixture(generator.network, counts, weight)


def _recorded_mixture(record: Record) -> tuple[float, dict[str, str]]:
    """Return the network's weight, and the digests of the texts that the n-gram model has counted.

    Raises:
        UserError: the run has no mixture.
    """
    mixture, texts = (record.metrics or {}).get("mixture"), record.facts.get("ngram_texts")
    weight = mixture.get("weight") if isinstance(mixture, dict) else None
    named = isinstance(texts, dict) and texts.keys() == {"train", "validation"}
    if isinstance(weight, (int, float)) and 0 <= weight <= 1 and named:
        return float(weight), dict(texts or {})
    if record.metrics is None:  # not completed
        running = record.status.startswith("running")
        way_on = "wait for its end" if running else f"resume it with: pw13 resume {cli_name(record.folder)}"
        raise UserError(f"{record.folder}: --mix: the run is {record.status} and has no mixture yet; {way_on}")
    raise UserError(f"{record.folder}: --mix: the run has no mixture with an n-gram model; train it again")


def read_corpus(generator: NameGenerator) -> tuple[str, ...] | None:
    """Read the distinct names of the run's corpus, held-out ones too, from its recorded path; None if unavailable."""
    try:
        return tuple(dict.fromkeys(read_recorded_names(generator, "")))
    except UserError:
        return None


def read_recorded_names(generator: NameGenerator, option: str) -> tuple[str, ...]:
    """Return the names in the run's corpus, duplicates included, for an option that requires it.

    Raises:
        UserError: missing or changed.
    """
    data = generator.record.data
    try:
        settings = generator.settings
        path = "builtin" if data.get("kind") == "builtin" else str(data.get("path"))
        corpus = load_names(path, encoding=settings.encoding, fix_accents=settings.fix_accents)
        if corpus.source.sha256 != generator.record.data_sha256:
            raise UserError(f"{path}: corpus changed since the run was trained (different sha256)")
    except (UserError, ValueError) as error:  # a recorded path may be no path
        raise UserError(f"{option} requires the run's corpus: {error}") from None
    return corpus.names
