"""Exercise 2g: names from a trained character RNN, without TensorFlow."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pw13.config.settings import Generate
from pw13.data.names.vocabulary import NEWLINE, VocabularyFile
from pw13.errors import OptionError, UserError
from pw13.inference import name_generator as writers
from pw13.inference import sampling
from pw13.runs import record as records
from pw13.runs.record import Record


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
    writer = writers.load(find(run, runs_dir))
    check_prefix(request, writer.known)
    corpus = writers.read_corpus(writer, needed=request.only_new) if request.only_new or details else None
    seed = secrets.randbelow(2**31) if seed is None else seed
    drawn = sampling.names(
        writer.network,
        writer.known,
        request.n,
        sampling.Choice(request.temp, request.top_k, request.top_p, request.max_length),
        prefix=request.prefix,
        accept=unseen(corpus) if request.only_new else lambda text: True,
        rng=np.random.default_rng(seed),
    )
    describe = described if details else lambda name, corpus: {"name": name.text, "whole": name.whole}
    return Drawn(writer.record.folder, seed, [describe(name, corpus) for name in drawn])


def find(run: str | None, runs_dir: Path) -> Record:
    """The record of a run named, else of the latest char-RNN with a model."""
    if run is not None:
        return records.opened(run, runs_dir, "charrnn")
    record = records.latest(runs_dir, "charrnn", writers.MODEL)
    if record is None:
        raise UserError(f"{runs_dir}: no trained char-RNN here; make one with: pw13 train-charrnn")
    return record


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
