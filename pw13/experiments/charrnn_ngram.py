"""The n-gram model next to a char-RNN: its predictions and the names sampled from it, kept in the cache."""

from typing import Any

import numpy as np

from pw13.baselines import ngram_models
from pw13.baselines.ngram import Ngram
from pw13.config.settings import CharRNN
from pw13.data.names import NameDataset
from pw13.experiments import charrnn_samples
from pw13.experiments.charrnn_evaluation import LogProbabilities, predict_ngram
from pw13.system.cache import cached, cached_json, digest

VERSION = 1  # of what is measured of names: a change makes what is in the cache unusable
MAX_CACHE_BYTES = 50_000_000


def fit(data: NameDataset) -> Ngram:
    """Return the n-gram model of the distinct training names, its order chosen on the validation names."""
    vocab = data.vocab_file.vocabulary
    return ngram_models.fit_best(*data.ngram_texts, size=vocab.size, newline=vocab.newline)


def predict(data: NameDataset) -> tuple[int, LogProbabilities]:
    """Return the model's order, and its log-probabilities of the characters of each subset."""

    def make() -> dict[str, Any]:
        counts = fit(data)
        return {"order": np.array(counts.order), **predict_ngram(counts, data)}

    arrays = dict(cached("ngram-predictions", _key(data), make, max_bytes=MAX_CACHE_BYTES))
    return int(arrays.pop("order")), arrays


def names(data: NameDataset, config: CharRNN) -> dict[str, Any]:
    """Return the measures of names sampled from the model, `by_temperature`, and of real ones, `real`."""

    def make() -> dict[str, Any]:
        counts = fit(data)
        return {
            "by_temperature": charrnn_samples.statistics(counts, counts, data, config),
            "real": charrnn_samples.real_names(counts, data, config),
        }

    key = {**_key(data), "seed": config.seed, "measures": charrnn_samples.CONSTANTS}
    measured: dict[str, Any] = cached_json("ngram-names", key, make, max_bytes=MAX_CACHE_BYTES)
    return measured


def _key(data: NameDataset) -> dict[str, Any]:
    """Return what the model and its measures depend on."""
    texts = {"names": data.names, **data.split._asdict()}
    digests = {name: digest(data.joined_ids(part)) for name, part in texts.items()}
    return {
        "version": VERSION,
        "model": ngram_models.VERSION,
        **digests,
        "vocabulary": data.vocab_file.vocabulary.digest,
    }
