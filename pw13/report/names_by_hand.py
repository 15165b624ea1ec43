"""Names selected by hand: where they come from, how likely they are, and which known names they resemble."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from pw13.errors import UserError
from pw13.inference import sampling
from pw13.inference.name_generator import NameGenerator, load_generator, read_corpus
from pw13.report.name_selection import Candidate, NameSelection, by_validation_loss, compare_names
from pw13.runs.record import Record, read_text
from pw13.system import files

CONTEXTS = 20  # names before a scored one that its probability is averaged over, for a many-to-one network


def read_names(path: Path) -> list[str]:
    """Return the names in a user's file, one per line.

    Raises:
        UserError: the file cannot be read, or contains no names.
    """
    lines = files.read_text(path, "--names").split("\n")
    texts = [text for line in lines if (text := line.lstrip("\ufeff").rstrip("\r")).strip()]
    if not texts:
        raise UserError(f"--names {path}: contains no names; expected one per line")
    return texts


def names_from_file(path: Path, records: Sequence[Record], base: Record | None = None) -> NameSelection:
    """Return the names in a user's file, scored by the first usable char-RNN of `by_validation_loss` and its corpus.

    Raises:
        UserError: the file cannot be read, or contains no names.
    """
    texts = read_names(path)
    samples = {record.reference: frozenset(recorded_samples(record)) for record in records}
    generator = _best_generator(records, base)
    names = [
        Candidate(
            text,
            None,
            mean_log_probability(generator, text) if generator else None,
            sampled_by=tuple(run for run, recorded in samples.items() if text in recorded),
        )
        for text in texts
    ]
    corpus = read_corpus(generator) if generator else None
    run = generator.record.reference if generator else ""
    return NameSelection(tuple(compare_names(names, corpus)), run, corpus is not None, path.name)


def _best_generator(records: Sequence[Record], base: Record | None) -> NameGenerator | None:
    """Return the first usable network of `by_validation_loss`; None if there is none."""
    for record in by_validation_loss(records, base):
        with contextlib.suppress(UserError):
            return load_generator(record)
    return None


def mean_log_probability(generator: NameGenerator, text: str) -> float | None:
    """Return the mean ln p per character of a name, closing newline included; None if one is unknown to the network.

    A many-to-one network has read the ending of another name before: the mean over some of them.
    """
    vocab = generator.vocab_file.vocabulary
    if any(character not in vocab.char_to_id for character in text):
        return None
    forced = vocab.encode(text + "\n")  # a batch whose every character is given: nothing is sampled but contexts
    options, numbers = sampling.SamplingOptions(max_length=len(text)), np.arange(CONTEXTS)
    names = sampling.generate_batch(generator.network, generator.vocab_file, numbers, options, forced, seed=0)
    return fmean(name.mean_log_probability for name in names)


def recorded_samples(record: Record) -> Iterator[str]:
    """Yield the names of a char-RNN run in samples.txt and in metrics.json."""
    with contextlib.suppress(UserError):
        for line in read_text(record.folder / "samples.txt").split("\n"):
            if line.startswith("  "):
                yield from line.partition(": ")[2].split(" | ")
    metrics: Mapping[str, Any] = record.metrics or {}
    for row in (metrics.get("names") or {}, *(metrics.get("by_temperature") or ())):
        yield from row.get("examples") or ()
