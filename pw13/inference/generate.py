"""Exercise 2g: names from a trained character RNN, without TensorFlow."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pw13.config.settings import Generate
from pw13.data.names.vocabulary import NEWLINE, VocabularyFile
from pw13.errors import OptionError, UserError
from pw13.inference import sampling
from pw13.inference.name_generator import MODEL, load_generator, read_corpus
from pw13.runs.record import Record, latest_run, load_run


class GeneratedNames(NamedTuple):
    """Names, and what they were drawn with; fewer than asked for where too many had to be drawn again."""

    run: Path
    seed: int
    names: list[dict[str, Any]]


def generate_names(
    request: Generate, *, run: str | None, runs_dir: Path, seed: int | None, details: bool
) -> GeneratedNames:
    """Names from the run named, else the latest; `details` adds what the corpus says of each.

    Raises:
        UserError: no run, or one that is damaged or does not fit together; a corpus that --only-new needs is gone.
        OptionError: the prefix cannot begin a name of this model.
    """
    writer = load_generator(find_charrnn(run, runs_dir))
    check_prefix(request, writer.vocab_file)
    corpus = read_corpus(writer, needed=request.only_new) if request.only_new or details else None
    seed = secrets.randbelow(2**31) if seed is None else seed
    drawn = sampling.generate(
        writer.network,
        writer.vocab_file,
        request.n,
        sampling.SamplingOptions(request.temp, request.top_k, request.top_p, request.max_length),
        prefix=request.prefix,
        accept=new_names(corpus) if request.only_new else lambda text: True,
        rng=np.random.default_rng(seed),
    )
    describe = described if details else lambda name, corpus: {"name": name.text, "whole": name.whole}
    return GeneratedNames(writer.record.folder, seed, [describe(name, corpus) for name in drawn])


def find_charrnn(run: str | None, runs_dir: Path) -> Record:
    """The record of a run named, else of the latest char-RNN with a model."""
    if run is not None:
        return load_run(run, runs_dir, "charrnn")
    record = latest_run(runs_dir, "charrnn", MODEL)
    if record is None:
        raise UserError(f"{runs_dir}: no trained char-RNN here; make one with: pw13 train-charrnn")
    return record


def check_prefix(request: Generate, vocab_file: VocabularyFile) -> None:
    """Refuse a prefix that no name of the model can have."""
    if NEWLINE in request.prefix:
        raise OptionError("--prefix: expected the beginning of one name, received a newline")
    if len(request.prefix) > request.max_length:
        raise OptionError(
            f"--prefix: expected at most --max-length {request.max_length} characters, received {len(request.prefix)}"
        )
    strange = [character for character in request.prefix if character not in vocab_file.vocabulary.char_to_id]
    if strange:
        raise OptionError(f"--prefix: the model has never seen {strange[0]!r} (U+{ord(strange[0]):04X})")


def new_names(corpus: tuple[str, ...] | None) -> Callable[[str], bool]:
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
