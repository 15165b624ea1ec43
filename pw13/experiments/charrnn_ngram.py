"""The n-gram model next to a char-RNN: its predictions and the names sampled from it, kept in the cache."""

from typing import Any, NamedTuple

import numpy as np

from pw13.baselines import ngram_models
from pw13.baselines.ngram import Estimate
from pw13.config.settings import CharRNN
from pw13.data.names import NameDataset
from pw13.experiments import charrnn_samples
from pw13.experiments.charrnn_evaluation import LogProbabilities, predict_ngram
from pw13.system.cache import cached, cached_json, digest

VERSION = 3  # of what is measured of names: a change makes what is in the cache unusable
MAX_CACHE_BYTES = 50_000_000


class Predictions(NamedTuple):
    """The model's facts as metrics.json has them, and its log-probabilities of the characters of each subset."""

    facts: dict[str, Any]
    log_probabilities: LogProbabilities


def fit(data: NameDataset) -> Estimate:
    """Return the n-gram model of the distinct training names, its order chosen on the validation names."""
    vocab = data.vocab_file.vocabulary
    return ngram_models.fit_best(*data.ngram_texts, size=vocab.size, newline=vocab.newline)


def predict(data: NameDataset) -> Predictions:
    """Return what the model says of the characters of each subset.

    Its facts: `order`, whether it is `limited` by the number of n-grams, how many are `left_out` since they occur once,
    and how many names it counts of how many.
    """

    def make() -> dict[str, Any]:
        estimate = fit(data)
        facts = {
            "order": estimate.model.order,
            "limited": estimate.limited,
            "left_out": estimate.model.left_out,
            "counted_names": len(data.counted_names),
            "training_names": len(data.distinct_train),
        }
        arrays = {name: np.array(value) for name, value in facts.items()}
        return {**arrays, **predict_ngram(estimate.model, data)}

    arrays = cached("ngram-predictions", _key(data), make, max_bytes=MAX_CACHE_BYTES)
    facts = {name: array.item() for name, array in arrays.items() if not array.ndim}
    return Predictions(facts, {name: array for name, array in arrays.items() if array.ndim})


def names(data: NameDataset, config: CharRNN) -> dict[str, Any]:
    """Return the measures of names sampled from the model, `by_temperature`, and of real ones, `real`."""

    def make() -> dict[str, Any]:
        counts = fit(data).model
        return {
            "by_temperature": charrnn_samples.statistics(counts, counts, data, config),
            "real": charrnn_samples.real_names(counts, data, config),
        }

    key = {**_key(data), "seed": config.seed, "measures": charrnn_samples.CONSTANTS}
    measured: dict[str, Any] = cached_json("ngram-names", key, make, max_bytes=MAX_CACHE_BYTES)
    return measured


def _key(data: NameDataset) -> dict[str, Any]:
    """Return what the model and its measures depend on."""
    return {
        "version": VERSION,
        "model": ngram_models.VERSION,
        "train": digest(data.train_ids),
        "validation": digest(data.joined_ids(data.split.validation)),
        "held_out": digest(data.joined_ids(data.split.held_out)),
        "vocabulary": data.vocab_file.vocabulary.digest,
    }
