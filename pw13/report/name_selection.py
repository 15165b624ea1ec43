"""The handful of names that the handout asks for: selected by fixed rules, or given by the user."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from pw13.inference import sampling
from pw13.inference.name_generator import NameGenerator, load_generator, read_corpus
from pw13.inference.similarity import nearest_known
from pw13.inference.trained_run import model_path
from pw13.report import name_rules
from pw13.runs.comparison import same_examples
from pw13.runs.record import Record
from pw13.system.streams import derive_seed

NAMES_SELECTED = 8
SHORTLIST = 16  # the selected names included
SAMPLES = 1000  # per temperature
TEMPERATURES = (0.6, 0.8, 1.0)
SIMILARITY_LIMIT = 0.8  # a selected name is less similar than this to every known name
MAX_COMPARED = 200  # candidates compared with the corpus, in the order of the rules: each is compared with all of it
MAX_PASSED_OVER = 4  # likeliest names whose broken rules the report states
SAME_START = 3  # letters: no two selected names begin with the same


class Candidate(NamedTuple):
    """A name with its sampling temperature, mean ln p per character and nearest known name; None if unknown.

    broken: the rules that it breaks, in words. alternation: of its first word, see `name_rules`. sampled_by: the runs
    that recorded it as a sample, of a name chosen by hand.
    """

    text: str
    temperature: float | None
    mean_log_probability: float | None
    nearest: str | None = None
    similarity: float | None = None
    broken: tuple[str, ...] = ()
    alternation: float | None = None
    sampled_by: tuple[str, ...] = ()


class NameSelection(NamedTuple):
    """Selected names.

    run: the char-RNN run that generated them. compared: whether its corpus was available for comparison. file: the
    user's file, if the names come from one. runners_up: the next names by the same rules. passed_over: the likeliest
    sampled names, which the rules exclude.
    """

    names: tuple[Candidate, ...]
    run: str
    compared: bool
    file: str | None = None
    runners_up: tuple[Candidate, ...] = ()
    passed_over: tuple[Candidate, ...] = ()


def selection_rule(selected: NameSelection) -> str:
    """Return how the names were selected, in words."""
    if selected.file:
        return (
            f"Selected by hand, from {selected.file}. Sampled by: the runs of this report that recorded the name as a "
            "sample (samples.txt, metrics.json); names of pw13 generate are recorded nowhere. ln p: mean natural "
            f"logarithm of the probability per character under run {selected.run or '(none)'}. Similarity is that "
            "to the nearest known name (1: identical), given if the corpus is available."
        )
    shortest, longest = name_rules.FIRST_WORD
    known = (
        f" Novel: the name is less than {SIMILARITY_LIMIT:.0%} similar to every known one, and its first word is in "
        "none of them; a second word is a known one. Pronounceable: every letter pair of the first word, its ends "
        f"included, is in at least one of {round(1 / name_rules.PAIR_SHARE)} known words."
        if selected.compared
        else " The corpus is unavailable, so they are not compared with known names and words."
    )
    return (
        f"Selected by rule from {SAMPLES * len(TEMPERATURES):,} names sampled from run {selected.run} with seed 0, not "
        "by likelihood: the likeliest names are the dullest. Whole and few words: at most "
        f"{name_rules.MAX_WORDS}, of letters only, the first of {shortest} to {longest}.{known} Names that keep the "
        "rules are ranked by how often vowels and consonants alternate in the first word, then by the least "
        "similarity; no two begin with the same letters or end in the same word. --names FILE takes your own choice."
    )


def select_names(records: Sequence[Record], base: Record | None = None) -> NameSelection | None:
    """Return names of the first char-RNN of `by_validation_loss`; None if no run has a model.

    Raises:
        UserError: the model of that run is corrupt.
    """
    usable = [record for record in by_validation_loss(records, base) if model_path(record).is_file()]
    if not usable:
        return None
    best = usable[0]
    generator = load_generator(best)
    corpus = read_corpus(generator)
    candidates = sample_candidates(generator, corpus)
    names = shortlist(candidates, corpus)
    return NameSelection(
        tuple(names[:NAMES_SELECTED]),
        best.reference,
        corpus is not None,
        runners_up=tuple(names[NAMES_SELECTED:]),
        passed_over=passed_over(candidates),
    )


def by_validation_loss(records: Sequence[Record], base: Record | None) -> list[Record]:
    """Return char-RNNs by ascending validation loss, those first that are measured on the same names as `base`."""

    def rank(record: Record) -> tuple[bool, float, str]:
        elsewhere = base is not None and not same_examples((record, base))
        return elsewhere, (record.metrics or {}).get("val_nats") or float("inf"), record.name

    return sorted(records, key=rank)


def sample_candidates(generator: NameGenerator, corpus: Sequence[str] | None) -> list[Candidate]:
    """Return complete, presentable names outside the corpus, each once, with the rules that they break."""
    names, words = set(corpus or ()), name_rules.known_words(corpus) if corpus else None
    candidates: dict[str, Candidate] = {}
    for index, temperature in enumerate(TEMPERATURES):
        seed = derive_seed("name selection", 0, index)
        options = sampling.SamplingOptions(temperature, max_length=name_rules.MAX_LENGTH)
        for name in sampling.generate(generator.network, generator.vocab_file, SAMPLES, options, seed=seed):
            text = name.text
            if name.complete and name_rules.is_presentable(text) and text not in names and text not in candidates:
                candidates[text] = Candidate(
                    text,
                    temperature,
                    name.mean_log_probability,
                    broken=name_rules.broken_rules(text, words),
                    alternation=name_rules.alternation(text.split()[0]),
                )
    return list(candidates.values())


def shortlist(candidates: Sequence[Candidate], corpus: Sequence[str] | None) -> list[Candidate]:
    """Return up to `SHORTLIST` names in the order of the rules: unlike known ones and unlike each other."""
    ranked = sorted(candidates, key=lambda name: (*_rank(name), -(name.mean_log_probability or 0.0), name.text))
    compared = compare_names(ranked[:MAX_COMPARED], corpus)
    unlike = [name for name in compared if (name.similarity or 0.0) < SIMILARITY_LIMIT]
    ordered = sorted(unlike, key=lambda name: (*_rank(name), name.similarity or 0.0, name.text))
    return list(itertools.islice(filter_distinct(ordered), SHORTLIST))


def _rank(name: Candidate) -> tuple[int, float]:
    return len(name.broken), -(name.alternation or 0.0)


def filter_distinct(names: Iterable[Candidate]) -> Iterator[Candidate]:
    """Yield names in order, none that begins with the same letters or ends in the same word as an earlier one."""
    used: set[str] = set()
    for name in names:
        folded = name.text.casefold()
        ends = {folded[:SAME_START], folded.split()[-1]}
        if not ends & used:
            used |= ends
            yield name


def passed_over(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Return the likeliest names that break a rule."""
    likeliest = sorted(candidates, key=lambda name: (-(name.mean_log_probability or 0.0), name.text))
    return tuple(name for name in likeliest if name.broken)[:MAX_PASSED_OVER]


def compare_names(names: Sequence[Candidate], corpus: Sequence[str] | None) -> list[Candidate]:
    """Return the names with their nearest known names."""
    nearest = nearest_known([name.text for name in names], corpus)
    return [
        name._replace(nearest=near.name, similarity=near.similarity) if near else name
        for name, near in zip(names, nearest, strict=True)
    ]
