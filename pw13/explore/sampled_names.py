"""Names of the n-gram model and of the mixture, for the served page: the counts are too many for a file."""

import functools
import threading
from pathlib import Path
from typing import Any

from pw13.config.settings import Generate
from pw13.inference import sampling
from pw13.inference.contexts import Mixture
from pw13.inference.generate import check_prefix
from pw13.inference.name_generator import NameGenerator, load_generator, load_mixture
from pw13.runs.record import Record, read_run

MAX_NAMES = 1000
_loading = threading.Lock()


def has_mixture(record: Record) -> bool:
    """Return whether a run says how to mix its network with an n-gram model."""
    return isinstance((record.metrics or {}).get("mixture"), dict) and "ngram_texts" in record.facts


def sample(record: Record, query: dict[str, str]) -> list[dict[str, Any]]:
    """Return names of the model that the page asks for, with their mean nats per character.

    query: `model` ngram or mixture, and the options of `pw13 generate` by their keys.

    Raises:
        UserError: the run has no mixture, or its corpus is gone.
        OptionError, ValueError: an option is out of range.
    """
    request = Generate(
        temp=float(query["temp"]), n=min(int(query["n"]), MAX_NAMES), prefix=query.get("prefix", ""),
        top_k=int(query["top_k"]), top_p=float(query["top_p"]), seed=int(query["seed"]),
    )  # fmt: skip
    with _loading:  # requests that come meanwhile wait for the model instead of loading it as well
        generator, mixture = _load(record.folder)
    check_prefix(request, generator.vocab_file)
    model = mixture if query["model"] == "mixture" else mixture.ngram
    options = sampling.SamplingOptions(request.temp, request.top_k, request.top_p, request.max_length)
    names = sampling.generate(
        model, generator.vocab_file, request.n, options, prefix=request.prefix, seed=request.seed or 0
    )
    return [{"text": name.text, "complete": name.complete, "nats": -name.mean_log_probability} for name in names]


@functools.lru_cache(maxsize=2)  # counting takes seconds where the cache has no counts
def _load(folder: Path) -> tuple[NameGenerator, Mixture]:
    generator = load_generator(read_run(folder))
    return generator, load_mixture(generator)
