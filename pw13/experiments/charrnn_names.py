"""The metrics of names sampled from a char-RNN, its n-gram model and their mixture, and of real names."""

from typing import Any

from pw13.config.settings import CharRNN
from pw13.data.names import NameDataset
from pw13.experiments import charrnn_ngram, charrnn_samples
from pw13.inference.contexts import Mixture, Model
from pw13.models.charrnn_numpy import Network

MEASURES = ("names", "by_temperature", "real_names")  # the metrics of sampled names and real ones


def with_names(metrics: dict[str, Any], network: Network, data: NameDataset, config: CharRNN) -> dict[str, Any]:
    """Return the metrics with `MEASURES` filled in: of names sampled from each model, and of real names."""
    counts, baseline = charrnn_ngram.fit(data).model, charrnn_ngram.names(data, config)
    models: dict[str, Model] = {"network": network}
    if mixture := metrics.get("mixture"):
        models["mixture"] = Mixture(network, counts, mixture["weight"])
    rows = {name: charrnn_samples.statistics(model, counts, data, config) for name, model in models.items()}
    return {
        **metrics,
        "ngram": {**metrics["ngram"], **_names(baseline["by_temperature"])},
        "mixture": {**mixture, **_names(rows["mixture"])} if mixture else None,
        **_names(rows["network"]),
        "real_names": baseline["real"],
    }


def _names(rows: list[charrnn_samples.Row]) -> dict[str, Any]:
    return {"names": charrnn_samples.at_default(rows), "by_temperature": rows}
