"""The handful of names that the handout asks for: chosen by stated rules, or checked if a user chose them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pw13.errors import UserError
from pw13.inference import sampling
from pw13.inference.name_generator import MODEL, NameGenerator, load_generator, read_corpus
from pw13.runs.record import Record

COUNT = 8  # names chosen
SAMPLES = 1000  # names drawn at each temperature
TEMPERATURES = (0.6, 0.8, 1.0)
SIMILAR = 0.8  # a name as similar as this to a known one is no invention
SHORT, LONG = 4, 30  # characters
MAX_RANKED = 400  # likeliest names that are compared with the whole corpus, each a search through it


class Candidate(NamedTuple):
    """A name and what is known of it: its temperature, mean ln p a character, the nearest known name."""

    text: str
    temperature: float | None
    log_probability: float | None
    nearest: str | None
    similarity: float | None


class NameSelection(NamedTuple):
    """`run`: whose network wrote them; `corpus`: whether the names could be compared with the run's corpus;
    `by_hand`: the user's file, if any."""

    names: tuple[Candidate, ...]
    run: str
    corpus: bool
    by_hand: str | None = None


def rules(chosen: NameSelection) -> str:
    """How the names were chosen, in words."""
    if chosen.by_hand:
        return (
            f"Chosen by hand from {chosen.by_hand}; similarity is that of the nearest known name (1: the "
            "same), as far as the corpus is there."
        )
    known = (
        f"not in the corpus and less than {SIMILAR:.0%} similar to any name in it"
        if chosen.corpus
        else "unlike each other (the corpus is gone, so that nothing can be said of known names)"
    )
    return (
        f"Chosen by rule among {SAMPLES * len(TEMPERATURES):,} names drawn from run {chosen.run} with seed "
        f"0: whole, {SHORT} to {LONG} characters, quotes and brackets in pairs, {known}, "
        "no two that begin or end with the same word; of those the likeliest under the model (mean ln p "
        f"a character), {len(chosen.names)} in all."
    )


def select_names(records: Sequence[Record]) -> NameSelection | None:
    """Names of the char-RNN with the lowest validation loss; None where no run has a usable model.

    Raises:
        UserError: that run's model is damaged.
    """
    usable = [r for r in records if (r.folder / "checkpoints" / MODEL).is_file()]
    if not usable:
        return None
    record = min(usable, key=lambda r: ((r.metrics or {}).get("val_nats") or float("inf"), r.name))
    writer = load_generator(record)
    corpus = read_corpus(writer, needed=False)
    return NameSelection(tuple(distinct(ranked(writer, corpus), corpus)), record.name, corpus is not None)


def ranked(writer: NameGenerator, corpus: Sequence[str] | None) -> list[Candidate]:
    """Whole new names of a fair length, the likeliest first."""
    known = set(corpus or ())
    found: dict[str, Candidate] = {}
    for place, temperature in enumerate(TEMPERATURES):
        rng = np.random.default_rng([0, place])
        for name in sampling.generate(
            writer.network, writer.vocab_file, SAMPLES, sampling.SamplingOptions(temperature, max_length=LONG), rng=rng
        ):
            if name.whole and presentable(name.text) and name.text not in known:
                found.setdefault(name.text, Candidate(name.text, temperature, name.log_probability, None, None))
    return sorted(found.values(), key=lambda name: (-(name.log_probability or 0.0), name.text))


def presentable(text: str) -> bool:
    """Whether a name is of a fair length, without characters that do not print, its quotes and brackets in pairs."""
    paired = text.count('"') % 2 == 0 and text.count("(") == text.count(")")
    return SHORT <= len(text) <= LONG and text == text.strip() and text.isprintable() and paired


def distinct(names: Sequence[Candidate], corpus: Sequence[str] | None) -> Iterator[Candidate]:
    """Up to COUNT of the names, in their order: far from any known name, no first or last word twice."""
    words: set[str] = set()
    taken = 0
    for name in names[:MAX_RANKED]:
        own = {name.text.split()[0].casefold(), name.text.split()[-1].casefold()}
        if own & words:
            continue
        placed = nearest_known(name, corpus)
        if placed.similarity is not None and placed.similarity >= SIMILAR:
            continue
        words |= own
        taken += 1
        yield placed
        if taken == COUNT:
            return


def nearest_known(name: Candidate, corpus: Sequence[str] | None) -> Candidate:
    """The name with the most similar one of the corpus (`rapidfuzz.fuzz.ratio`, 0 to 1, case ignored)."""
    if not corpus:
        return name
    from rapidfuzz import fuzz, process

    nearest, similarity, _ = process.extractOne(name.text, corpus, scorer=fuzz.ratio, processor=str.casefold)
    return name._replace(nearest=nearest, similarity=similarity / 100)


def read_names(path: Path) -> list[str]:
    """The names in a user's file, one a line.

    Raises:
        UserError: the file cannot be read, or holds no names.
    """
    try:
        lines = path.read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"--names {path}: cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8 text'}"
        ) from None
    texts = [line.rstrip("\r") for line in lines if line.strip()]
    if not texts:
        raise UserError(f"--names {path}: holds no names; expected one a line")
    return texts


def selected_by_hand(path: Path, records: Sequence[Record]) -> NameSelection:
    """The names in a user's file, one a line, beside the corpus of the newest char-RNN run.

    Raises:
        UserError: the file cannot be read, or holds no names.
    """
    texts = read_names(path)
    corpus, run = None, ""
    for record in records[-1:]:
        run = record.name
        try:
            corpus = read_corpus(load_generator(record), needed=False)
        except UserError:
            corpus = None
    names = tuple(nearest_known(Candidate(text, None, None, None, None), corpus) for text in texts)
    return NameSelection(names, run, corpus is not None, path.name)
