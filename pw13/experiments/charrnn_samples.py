"""Names sampled from a char-RNN during and after training, and how they compare with real ones."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pw13 import console
from pw13.baselines import ngram
from pw13.baselines.ngram import Ngram
from pw13.config.settings import CharRNN
from pw13.data.names import NameDataset
from pw13.data.names.vocabulary import NEWLINE
from pw13.experiments.charrnn_evaluation import characters_by_name, sum_by_name
from pw13.inference import sampling
from pw13.inference.contexts import Mixture, Model
from pw13.inference.similarity import nearest_known
from pw13.metrics.bootstrap import ratio_error
from pw13.metrics.names import distinct_ngrams, share_met
from pw13.models import charrnn_numpy
from pw13.runs.folder import Run
from pw13.runs.record import read_text
from pw13.system.streams import derive_seed

STATISTICS_SAMPLES = 1000  # names sampled for the statistics
COMPARED_SAMPLES = 100  # names of these that are compared with all training names, fewer for a large corpus
COMPARISONS = 2**24  # of names with training names, per row: about a second
TEMPERATURES = (0.5, 0.8, 1.0, 1.2)
DEFAULT_TEMPERATURE = 0.8  # the temperature of `names` in metrics.json
DIVERSITY_NGRAM = 3  # characters
CONSTANTS = (STATISTICS_SAMPLES, COMPARED_SAMPLES, COMPARISONS, TEMPERATURES, DIVERSITY_NGRAM)

Row = dict[str, Any]


def network(config: CharRNN, parameters: list[np.ndarray]) -> charrnn_numpy.Network:
    return charrnn_numpy.network(config.cell, config.target, config.length, parameters)


def statistics(model: Model, counts: Ngram, data: NameDataset, config: CharRNN) -> list[Row]:
    """Return one row per temperature: measures of sampled names, and some of the names.

    counts: the n-gram model that judges them, and may be `model` itself. Each kind of model has a stream of its own.
    """
    kind = next(number for number, cls in enumerate((charrnn_numpy.Network, Ngram, Mixture)) if isinstance(model, cls))
    return [
        _statistics(
            model,
            counts,
            data,
            config,
            TEMPERATURES[index],
            derive_seed("statistics", config.seed, kind, index),
        )
        for index in range(len(TEMPERATURES))
    ]


def _statistics(
    model: Model,
    counts: Ngram,
    data: NameDataset,
    config: CharRNN,
    temperature: float,
    seed: int,
) -> Row:
    """Return the row of a temperature."""
    options = sampling.SamplingOptions(temperature)
    names = list(sampling.generate(model, data.vocab_file, STATISTICS_SAMPLES, options, seed=seed))
    texts = [name.text for name in names]
    known = set(texts).intersection(data.names)
    return {
        "temperature": options.temperature,
        "sampled": len(texts),
        "whole": float(np.mean([name.whole for name in names])),
        "new": float(np.mean([text not in known for text in texts])),
        "held_out_met": share_met(texts, data.split.held_out),
        **measures(texts, counts, data, config),
        "examples": [text for text in dict.fromkeys(texts) if text not in known][:20],
    }


def at_default(rows: Sequence[Row]) -> Row:
    """Return the row of the default temperature."""
    return rows[TEMPERATURES.index(DEFAULT_TEMPERATURE)]


def real_names(counts: Ngram, data: NameDataset, config: CharRNN) -> Row | None:
    """Return the measures of real held-out names as a target; None if none are held out.

    As many names as are sampled, but `ngram_nats` and its error are those of all, which is the smaller error.
    """
    held_out = data.split.held_out
    if not held_out:
        return None
    names = held_out[:STATISTICS_SAMPLES]
    return {"names": len(names), **measures(names, counts, data, config), **_likelihood(held_out, counts, data)}


def measures(texts: Sequence[str], counts: Ngram, data: NameDataset, config: CharRNN) -> Row:
    """Return what is measured of sampled and real names alike.

    `similarity` is the mean similarity to the nearest training name, 0 to 1, of the first names only; that of
    `distinct_trigrams` is of as many names as are held out, since it falls with their number.
    """
    train = data.distinct_train
    compared = texts[: min(COMPARED_SAMPLES, max(COMPARISONS // len(train), 10))]
    nearest = nearest_known(compared, train, threads=config.threads)
    return {
        "unique": len(set(texts)) / len(texts),
        "mean_length": float(np.mean([len(text) for text in texts])),
        "distinct_trigrams": distinct_ngrams(texts[: len(data.split.held_out) or None], DIVERSITY_NGRAM),
        "similarity": float(np.mean([near.similarity for near in nearest if near])),
        **_likelihood(texts, counts, data),
    }


def _likelihood(texts: Sequence[str], counts: Ngram, data: NameDataset) -> Row:
    """Return the mean of -ln p of their characters under the n-gram model, and its standard error over names."""
    characters = characters_by_name(texts)
    nats = -np.log(ngram.probabilities(counts, data.joined_ids(tuple(texts))))
    error = ratio_error(sum_by_name(nats, characters), characters)
    return {"ngram_nats": float(nats.mean()), "ngram_nats_error": error}


def sample_callback(run: Run, data: NameDataset, config: CharRNN) -> Callable[[int, list[np.ndarray]], None]:
    """Return an `on_epoch` callback that samples names every few epochs, into samples.txt and onto the screen.

    A resumed training goes on with the file, one that starts with the first epoch begins it anew.
    """
    every = config.sample_every or max(1, config.epochs // 10)
    path = run.folder / "samples.txt"

    def sample(epoch: int, parameters: list[np.ndarray]) -> None:
        if epoch == 1:
            path.unlink(missing_ok=True)
        if epoch % every:
            return
        lines = [f"epoch {epoch}"]
        for index, temperature in enumerate(TEMPERATURES):
            options, seed = sampling.SamplingOptions(temperature), derive_seed("samples", config.seed, epoch, index)
            names = sampling.generate(network(config, parameters), data.vocab_file, 5, options, seed=seed)
            lines.append(f"  {temperature}: " + " | ".join(name.text for name in names))
        for line in lines:
            console.message(line)
        text = read_text(path) if path.exists() else ""
        earlier = text.split(f"epoch {epoch}{NEWLINE}")[0]  # a resumed run may repeat an epoch
        run.save_text("samples.txt", earlier + NEWLINE.join(lines) + NEWLINE)

    return sample
