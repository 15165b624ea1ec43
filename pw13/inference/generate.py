"""Exercise 2g: names from a trained character RNN, without TensorFlow."""

import secrets
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pw13.config.settings import Generate
from pw13.data.names.vocabulary import NEWLINE, VocabularyFile
from pw13.errors import OptionError
from pw13.inference import sampling
from pw13.inference.contexts import Model
from pw13.inference.name_generator import (
    NameGenerator,
    load_generator,
    load_mixture,
    read_corpus,
    read_recorded_names,
)
from pw13.inference.similarity import nearest_known
from pw13.inference.trained_run import find_trained_run

LADDER = (0.5, 0.75, 1.0, 1.25, 1.5)  # times the temperature


class Sampler(NamedTuple):
    """What names are generated from: a run, its network or mixture, and a seed."""

    generator: NameGenerator
    model: Model
    seed: int

    @property
    def run(self) -> Path:
        return self.generator.record.folder

    @property
    def target(self) -> str:
        return self.generator.settings.target


class NamesAtTemperature(NamedTuple):
    """Names as `--json` prints them; fewer than requested if too many were rejected."""

    temperature: float
    names: list[dict[str, Any]]


def open_sampler(request: Generate, *, run: str | None, runs_dir: Path) -> Sampler:
    """Load the given run, or else the latest; draw a seed if none is requested.

    Raises:
        UserError: no run, a corrupt or inconsistent run, or a run without the mixture that --mix needs.
        OptionError: no name of this model can start with the prefix.
    """
    generator = load_generator(find_trained_run("charrnn", run, runs_dir))
    check_prefix(request, generator.vocab_file)
    model = load_mixture(generator) if request.mix else generator.network
    return Sampler(generator, model, secrets.randbelow(2**31) if request.seed is None else request.seed)


def generate_names(sampler: Sampler, request: Generate, *, details: bool) -> list[NamesAtTemperature]:
    """Generate names at the requested temperature, or with the same draws at those of the ladder.

    details: add likelihood and nearest known name.

    Raises:
        UserError: the corpus that --only-new needs is gone.
    """
    generator, factors = sampler.generator, LADDER if request.ladder else (1.0,)
    if request.only_new:
        corpus: tuple[str, ...] | None = read_recorded_names(generator, "--only-new")
    else:
        corpus = read_corpus(generator) if details else None
    rows = []
    for factor in factors:
        temperature = min(request.temp * factor, sys.float_info.max)
        options = sampling.SamplingOptions(temperature, request.top_k, request.top_p, request.max_length)
        accept = new_names(corpus or ()) if request.only_new else list
        sampled = sampling.generate(
            sampler.model, generator.vocab_file, request.n, options,
            prefix=request.prefix, accept=accept, seed=sampler.seed,
        )  # fmt: skip
        names = list(sampled)
        described = describe(names, corpus) if details else [_marked(name) for name in names]
        rows.append(NamesAtTemperature(options.temperature, described))
    return rows


def check_prefix(request: Generate, vocab_file: VocabularyFile) -> None:
    """Refuse a prefix that no name of the model can start with."""
    if NEWLINE in request.prefix:
        raise OptionError("--prefix: expected the start of a single name, received a newline")
    if len(request.prefix) > request.max_length:
        raise OptionError(
            f"--prefix: expected at most --max-length {request.max_length} characters, received {len(request.prefix)}"
        )
    unknown = [character for character in request.prefix if character not in vocab_file.vocabulary.char_to_id]
    if unknown:
        raise OptionError(f"--prefix: {unknown[0]!r} (U+{ord(unknown[0]):04X}) is not in the model's vocabulary")


def new_names(corpus: Sequence[str]) -> Callable[[Sequence[sampling.Name]], list[sampling.Name]]:
    """Return a function that keeps the names outside the corpus, each once.

    It passes over the corpus for each batch of names: a set of a large one would take more time and memory.
    """
    seen: set[str] = set()

    def accept(names: Sequence[sampling.Name]) -> list[sampling.Name]:
        distinct = {name.text: name for name in reversed(names) if name.text not in seen}
        seen.update(distinct)
        known = set(distinct).intersection(corpus)
        return [name for name in names if distinct.get(name.text) is name and name.text not in known]

    return accept


def describe(names: Sequence[sampling.Name], corpus: Sequence[str] | None) -> list[dict[str, Any]]:
    """Return each name with its mean ln p per character and the most similar name of the corpus, None if unknown."""
    texts = [name.text for name in names]
    known, nearest = set(texts).intersection(corpus or ()), nearest_known(texts, corpus)
    return [
        {
            **_marked(name),
            "mean_log_probability": name.mean_log_probability,
            "known": name.text in known if corpus is not None else None,
            "nearest": near.name if near else None,
            "similarity": near.similarity if near else None,
        }
        for name, near in zip(names, nearest, strict=True)
    ]


def _marked(name: sampling.Name) -> dict[str, Any]:
    """Return a name, whether the model ended it, and whether it also has no space at its edges."""
    return {"name": name.text, "complete": name.complete, "whole": name.whole}
