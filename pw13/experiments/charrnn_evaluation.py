"""Evaluation of a char-RNN: the network, the n-gram model and their mixture on the same characters."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pw13.baselines import ngram
from pw13.baselines.ngram import Ngram
from pw13.data.names import NameDataset, windows
from pw13.data.names.vocabulary import code_points
from pw13.inference import log_probabilities
from pw13.inference.log_probabilities import Predicted
from pw13.metrics import bootstrap, calibration, mixture
from pw13.metrics.bootstrap import ExampleLosses
from pw13.models.charrnn_numpy import Network
from pw13.system.cache import digest
from pw13.system.streams import stream

MIN_CHARACTERS = 100  # a mean over fewer says little
SUBSETS = ("train", "validation", "held_out")

Floats = npt.NDArray[np.float64]
LogProbabilities = Mapping[str, Floats]  # subset -> ln p of each of its characters, (n,); no subset without names


def predict(network: Network, data: NameDataset) -> tuple[LogProbabilities, Predicted | None]:
    """Return the network's log-probabilities, and all that it says of the held-out characters; None without any."""
    newline = data.vocab_file.vocabulary.newline
    predicted = {
        subset: log_probabilities.of_text(network, data.joined_ids(names), newline)
        for subset, names in data.evaluation_sets().items()
        if names
    }
    log_probs = {subset: found.log_probabilities.astype(float) for subset, found in predicted.items()}
    return log_probs, predicted.get("held_out")


def certainty(held_out: Predicted | None) -> dict[str, Any]:
    """Return accuracy and calibration on the held-out characters, keys as in metrics.json; undefined without any.

    `calibration_error` is the expected calibration error of the likeliest characters, `reliability` its bins.
    """
    if held_out is None:
        return {"held_out_accuracy": float("nan"), "calibration_error": None, "reliability": None}
    rows = calibration.reliability(held_out.confidence, held_out.correct)
    error = calibration.expected_calibration_error(rows)
    return {"held_out_accuracy": float(held_out.correct.mean()), "calibration_error": error, "reliability": rows}


def by_position(
    network: LogProbabilities, counted: LogProbabilities, data: NameDataset
) -> list[dict[str, float]] | None:
    """Return the nats of network and n-gram model by position in held-out names, from 1; None without any.

    Positions that fewer than `MIN_CHARACTERS` names reach are left out. The closing newline counts.
    """
    if not data.split.held_out:
        return None
    positions = np.concatenate([np.arange(len(name) + 1) for name in data.split.held_out])
    counts = np.bincount(positions)
    nats_of = [np.bincount(positions, weights=-model["held_out"]) / counts for model in (network, counted)]
    return [
        {"position": i + 1, "characters": int(counts[i]), "nats": float(own), "ngram_nats": float(other)}
        for i, (own, other) in enumerate(zip(*nats_of, strict=True))
        if counts[i] >= MIN_CHARACTERS
    ]


def predict_ngram(counts: Ngram, data: NameDataset) -> LogProbabilities:
    """Return the n-gram model's log-probabilities of the same characters."""
    sets = data.evaluation_sets()
    return {
        subset: np.log(ngram.probabilities(counts, data.joined_ids(names))) for subset, names in sets.items() if names
    }


def nats(predicted: LogProbabilities) -> dict[str, float]:
    """Return the nats per character of each subset; nan for one without names."""
    empty = np.array([np.nan])
    return {subset: float(-predicted.get(subset, empty).mean()) for subset in SUBSETS}


def difference_interval(first: LogProbabilities, second: LogProbabilities, data: NameDataset) -> list[float] | None:
    """Return the 95 % interval of the first model's held-out nats per character minus the second's.

    A bootstrap over names, paired; None if fewer than two names are held out.
    """
    if not data.split.held_out:
        return None
    characters = characters_by_name(data.split.held_out)
    by_name = sum_by_name(second["held_out"] - first["held_out"], characters)
    return bootstrap.ratio_interval(by_name, characters, rng=stream("bootstrap", 0))


def losses(predicted: LogProbabilities, data: NameDataset) -> dict[str, ExampleLosses]:
    """Return the nats and characters of each validation and held-out name, the closing newline among them."""
    sets = {"val_nats": ("validation", data.split.validation), "held_out_nats": ("held_out", data.split.held_out)}
    found: dict[str, ExampleLosses] = {}
    for metric, (subset, names) in sets.items():
        if names:
            characters, text = characters_by_name(names), code_points(windows.join(names))
            found[metric] = ExampleLosses(sum_by_name(-predicted[subset], characters), characters, digest(text))
    return found


def characters_by_name(names: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return the number of characters of each name, `(n,)`, its newline included."""
    return np.array([len(name) + 1 for name in names])


def sum_by_name(values: Floats, characters: npt.NDArray[np.int64]) -> Floats:
    """Return the sums over each name, `(n,)`, of values of its characters."""
    return np.add.reduceat(values, np.cumsum(characters) - characters)


def mix(network: LogProbabilities, counted: LogProbabilities, data: NameDataset) -> dict[str, Any] | None:
    """Return the metrics of the mixture of both models, its weight chosen on the validation names; None without any.

    `weight` is the network's. `gain_ci95` is the interval of what the mixture gains over the better one of the two
    on the held-out names, named in `gain_over`, in nats per character; None of one name. The measures of sampled names
    are None.
    """
    if not data.split.held_out:
        return None
    weight = mixture.best_weight(network["validation"], counted["validation"])
    mixed = {subset: mixture.mix(network[subset], counted[subset], weight) for subset in network}
    losses, models = nats(mixed), {"network": network, "ngram": counted}
    better = min(models, key=lambda name: nats(models[name])["held_out"])
    return {
        "weight": weight,
        "val_nats": losses["validation"],
        "held_out_nats": losses["held_out"],
        "gain_over": better,
        "gain_ci95": difference_interval(models[better], mixed, data),
        "names": None,
        "by_temperature": None,
    }
