"""The handful of names that the handout asks for: selected by fixed rules, or given by the user."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pw13.errors import UserError
from pw13.inference import sampling
from pw13.inference.name_generator import NameGenerator, load_generator, read_corpus
from pw13.inference.similarity import nearest_known
from pw13.inference.trained_run import model_path
from pw13.runs.record import Record

NAMES_SELECTED = 8
SAMPLES = 1000  # per temperature
TEMPERATURES = (0.6, 0.8, 1.0)
MIN_LENGTH, MAX_LENGTH = 4, 30  # characters
SIMILARITY_LIMIT = 0.8  # a selected name is less similar than this to every known name
MAX_SEARCHES = 400  # candidates compared with the corpus; each comparison searches all of it


class Candidate(NamedTuple):
    """A name with its sampling temperature, mean ln p per character and nearest known name; None if unknown."""

    text: str
    temperature: float | None
    log_probability: float | None
    nearest: str | None
    similarity: float | None


class NameSelection(NamedTuple):
    """Selected names.

    run: the char-RNN run that generated them. compared: whether its corpus was available for comparison. file: the
    user's file, if the names come from one.
    """

    names: tuple[Candidate, ...]
    run: str
    compared: bool
    file: str | None = None


def selection_rule(selected: NameSelection) -> str:
    """Return how the names were selected, in words."""
    if selected.file:
        return (
            f"Selected by hand, from {selected.file}. Similarity is that to the nearest known name (1: identical), "
            "given if the corpus is available."
        )
    novelty = (
        f"not in the corpus and less than {SIMILARITY_LIMIT:.0%} similar to any name in it, "
        if selected.compared
        else ""
    )
    unchecked = "" if selected.compared else " The corpus is unavailable, so they are not compared with known names."
    return (
        f"Selected by rule from {SAMPLES * len(TEMPERATURES):,} names sampled from run {selected.run} with seed 0: "
        f"complete, {MIN_LENGTH} to {MAX_LENGTH} characters, quotes and brackets balanced, {novelty}no two with the "
        f"same first or last word; of these, the {len(selected.names)} most likely under the model (mean ln p per "
        f"character).{unchecked}"
    )


def select_names(records: Sequence[Record]) -> NameSelection | None:
    """Return names of the char-RNN with the lowest validation loss; None if no run has a model.

    Raises:
        UserError: the model of that run is corrupt.
    """
    usable = [record for record in records if model_path(record).is_file()]
    if not usable:
        return None
    best = min(usable, key=lambda record: ((record.metrics or {}).get("val_nats") or float("inf"), record.name))
    generator = load_generator(best)
    corpus = read_corpus(generator, needed=False)
    names = filter_distinct(rank_candidates(generator, corpus), corpus)
    return NameSelection(tuple(names), best.name, corpus is not None)


def rank_candidates(generator: NameGenerator, corpus: Sequence[str] | None) -> list[Candidate]:
    """Return complete, novel, presentable names, the most likely first."""
    known = set(corpus or ())
    candidates: dict[str, Candidate] = {}
    for index, temperature in enumerate(TEMPERATURES):
        rng = np.random.default_rng([0, index])
        options = sampling.SamplingOptions(temperature, max_length=MAX_LENGTH)
        for name in sampling.generate(generator.network, generator.vocab_file, SAMPLES, options, rng=rng):
            if name.complete and is_presentable(name.text) and name.text not in known:
                candidates.setdefault(name.text, Candidate(name.text, temperature, name.log_probability, None, None))
    return sorted(candidates.values(), key=lambda name: (-(name.log_probability or 0.0), name.text))


def is_presentable(text: str) -> bool:
    """Return whether a name has a suitable length, printable characters, and balanced quotes and brackets."""
    balanced = text.count('"') % 2 == 0 and text.count("(") == text.count(")")
    return MIN_LENGTH <= len(text) <= MAX_LENGTH and text == text.strip() and text.isprintable() and balanced


def filter_distinct(names: Sequence[Candidate], corpus: Sequence[str] | None) -> Iterator[Candidate]:
    """Yield up to `NAMES_SELECTED` names in order: unlike known ones, no two with the same first or last word."""
    used: set[str] = set()
    count = 0
    for name in names[:MAX_SEARCHES]:
        ends = {name.text.split()[0].casefold(), name.text.split()[-1].casefold()}
        if ends & used:
            continue
        (compared,) = compare_names([name], corpus)
        if compared.similarity is not None and compared.similarity >= SIMILARITY_LIMIT:
            continue
        used |= ends
        count += 1
        yield compared
        if count == NAMES_SELECTED:
            return


def compare_names(names: Sequence[Candidate], corpus: Sequence[str] | None) -> list[Candidate]:
    """Return the names with their nearest known names."""
    nearest = nearest_known([name.text for name in names], corpus)
    return [
        name._replace(nearest=near.name, similarity=near.similarity) if near else name
        for name, near in zip(names, nearest, strict=True)
    ]


def read_names(path: Path) -> list[str]:
    """Return the names in a user's file, one per line.

    Raises:
        UserError: the file cannot be read, or contains no names.
    """
    try:
        lines = path.read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"--names {path}: cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8 text'}"
        ) from None
    texts = [line.rstrip("\r") for line in lines if line.strip()]
    if not texts:
        raise UserError(f"--names {path}: contains no names; expected one per line")
    return texts


def names_from_file(path: Path, records: Sequence[Record]) -> NameSelection:
    """Return the names in a user's file, compared with the corpus of the newest char-RNN run.

    Raises:
        UserError: the file cannot be read, or contains no names.
    """
    texts = read_names(path)
    corpus, run = None, ""
    for record in records[-1:]:
        run = record.name
        try:
            corpus = read_corpus(load_generator(record), needed=False)
        except UserError:
            corpus = None
    names = compare_names([Candidate(text, None, None, None, None) for text in texts], corpus)
    return NameSelection(tuple(names), run, corpus is not None, path.name)
