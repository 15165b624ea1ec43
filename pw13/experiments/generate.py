"""Exercise 2g: names from a trained character RNN, without TensorFlow."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pw13 import checkpoints, records, sampling
from pw13.config import CharRNN, Generate
from pw13.data import names as corpora
from pw13.data import vocabulary
from pw13.data.vocabulary import NEWLINE, VocabularyFile
from pw13.errors import OptionError, UserError
from pw13.records import Record

MODEL = "best.keras"


class Trained(NamedTuple):
    """A run's network and what it writes with."""

    record: Record
    settings: CharRNN
    known: VocabularyFile
    network: sampling.Network


class Drawn(NamedTuple):
    """Names, and what they were drawn with; fewer than asked for where too many had to be drawn again."""

    run: Path
    seed: int
    names: list[dict[str, Any]]


def perform(request: Generate, *, run: str | None, runs_dir: Path, seed: int | None, details: bool) -> Drawn:
    """Names from the run named, else the latest; `details` adds what the corpus says of each.

    Raises:
        UserError: no run, or one that is damaged or does not fit together; a corpus that --only-new needs is gone.
        OptionError: the prefix cannot begin a name of this model.
    """
    trained = load(find(run, runs_dir))
    check_prefix(request, trained.known)
    corpus = read_corpus(trained, needed=request.only_new) if request.only_new or details else None
    seed = secrets.randbelow(2**31) if seed is None else seed
    drawn = sampling.names(
        trained.network,
        trained.known,
        request.n,
        sampling.Choice(request.temp, request.top_k, request.top_p, request.max_length),
        prefix=request.prefix,
        accept=unseen(corpus) if request.only_new else lambda text: True,
        rng=np.random.default_rng(seed),
    )
    describe = described if details else lambda name, corpus: {"name": name.text, "whole": name.whole}
    return Drawn(trained.record.folder, seed, [describe(name, corpus) for name in drawn])


def find(run: str | None, runs_dir: Path) -> Record:
    """The record of a run named, else of the latest char-RNN with a model."""
    if run is not None:
        return records.opened(run, runs_dir, "charrnn")
    record = records.latest(runs_dir, "charrnn", MODEL)
    if record is None:
        raise UserError(f"{runs_dir}: no trained char-RNN here; make one with: pw13 train-charrnn")
    return record


def load(record: Record) -> Trained:
    """The network of a run, its vocabulary and its settings, checked to belong together."""
    settings = records.settings_of(record)
    path = record.folder / "vocabulary.json"
    known = vocabulary.from_data(records.read_json(path), path=path)
    words = known.vocabulary
    if words.digest != record.facts.get("vocabulary"):
        raise UserError(f"{path}: not the vocabulary of this run's model; the two do not belong together")
    if settings.target == "many-to-one" and not all(len(ending) == settings.length for ending in known.endings):
        raise UserError(f"{path}: a name's ending is not {settings.length} characters long; the file is damaged")
    places = sampling.parts(settings.cell, settings.units, settings.layers, words.size)
    arrays = checkpoints.read_keras(record.folder / "checkpoints" / MODEL, places)
    if not all(np.isfinite(array).all() for array in arrays):
        raise UserError(f"{record.folder / 'checkpoints' / MODEL}: damaged: a weight is not a finite number")
    network = sampling.network(settings.cell, settings.target, settings.length, arrays)
    return Trained(record, settings, known, network)


def check_prefix(request: Generate, known: VocabularyFile) -> None:
    """Refuse a prefix that no name of the model can have."""
    if NEWLINE in request.prefix:
        raise OptionError("--prefix: expected the beginning of one name, received a newline")
    if len(request.prefix) > request.max_length:
        raise OptionError(
            f"--prefix: expected at most --max-length {request.max_length} characters, received {len(request.prefix)}"
        )
    strange = [character for character in request.prefix if character not in known.vocabulary.encode]
    if strange:
        raise OptionError(f"--prefix: the model has never seen {strange[0]!r} (U+{ord(strange[0]):04X})")


def read_corpus(trained: Trained, *, needed: bool) -> tuple[str, ...] | None:
    """The distinct names that the run was trained with, from their recorded place; None where they are gone.

    Raises:
        UserError: they are gone or changed, and `needed`.
    """
    data = trained.record.facts.get("data")
    data = data if isinstance(data, dict) else {}
    try:
        settings = trained.settings
        path = "builtin" if data.get("kind") == "builtin" else str(data.get("path"))
        corpus = corpora.load_names(path, encoding=settings.encoding, fix_accents=settings.fix_accents)
        if corpus.source.sha256 != data.get("sha256"):
            raise UserError(f"{path}: no longer the corpus that the run was trained with (another sha256)")
    except (UserError, ValueError) as error:  # a recorded path may be no path
        if needed:
            raise UserError(f"--only-new needs the run's corpus: {error}") from None
        return None
    return tuple(dict.fromkeys(corpus.names))


def unseen(corpus: tuple[str, ...] | None) -> Callable[[str], bool]:
    """A function that takes each name that is not in the corpus, and only once."""
    seen = set(corpus or ())

    def accept(text: str) -> bool:
        new = text not in seen
        seen.add(text)
        return new

    return accept


def described(name: sampling.Name, corpus: tuple[str, ...] | None) -> dict[str, Any]:
    """All that is known of a name: its log-probability a character, and the most similar name of the corpus."""
    found = {"name": name.text, "whole": name.whole, "log_probability": name.log_probability}
    if corpus is None:
        return {**found, "known": None, "nearest": None, "similarity": None}
    from rapidfuzz import fuzz, process

    nearest, similarity, _ = process.extractOne(name.text, corpus, scorer=fuzz.ratio)
    return {**found, "known": nearest == name.text, "nearest": nearest, "similarity": similarity / 100}
