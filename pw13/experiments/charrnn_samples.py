"""Names sampled from a char-RNN during and after training."""

from collections.abc import Callable
from typing import Any

import numpy as np

from pw13 import console
from pw13.config.settings import CharRNN
from pw13.data.names import NameDataset
from pw13.data.names.vocabulary import NEWLINE
from pw13.inference import sampling
from pw13.models import charrnn_numpy
from pw13.runs.folder import Run
from pw13.system.streams import stream

STATISTICS_SAMPLES = 1000  # names sampled for the statistics
TEMPERATURES = (0.5, 0.8, 1.0, 1.2)
DEFAULT_TEMPERATURE = 0.8  # the temperature of `names` in metrics.json


def network(config: CharRNN, parameters: list[np.ndarray]) -> charrnn_numpy.Network:
    return charrnn_numpy.network(config.cell, config.target, config.length, parameters)


def statistics(net: charrnn_numpy.Network, data: NameDataset, config: CharRNN) -> list[dict[str, Any]]:
    """Return one row per temperature: fractions of complete, new and unique names, mean length, and the names."""
    corpus = set(data.names)
    rows = []
    for i, temperature in enumerate(TEMPERATURES):
        rng = stream("statistics", config.seed, i)
        options = sampling.SamplingOptions(temperature)
        names = list(sampling.generate(net, data.vocab_file, STATISTICS_SAMPLES, options, rng=rng))
        texts = [name.text for name in names]
        new = [text for text in dict.fromkeys(texts) if text not in corpus]
        rows.append(
            {
                "temperature": temperature,
                "sampled": len(texts),
                "whole": float(np.mean([name.complete for name in names])),
                "new": float(np.mean([text not in corpus for text in texts])),
                "unique": len(set(texts)) / len(texts),
                "mean_length": float(np.mean([len(text) for text in texts])),
                "examples": new[:20],
                "texts": texts,
            }
        )
    return rows


def sample_callback(run: Run, data: NameDataset, config: CharRNN) -> Callable[[int, list[np.ndarray]], None]:
    """Return an `on_epoch` callback that samples names every few epochs, into samples.txt and onto the screen."""
    every = config.sample_every or max(1, config.epochs // 10)
    path = run.folder / "samples.txt"

    def sample(epoch: int, parameters: list[np.ndarray]) -> None:
        if epoch % every:
            return
        rng = stream("samples", config.seed, epoch)
        lines = [f"epoch {epoch}"]
        for temperature in TEMPERATURES:
            options = sampling.SamplingOptions(temperature)
            names = sampling.generate(network(config, parameters), data.vocab_file, 5, options, rng=rng)
            lines.append(f"  {temperature}: " + " | ".join(name.text for name in names))
        for line in lines:
            console.message(line)
        text = path.read_text("utf-8") if epoch > every and path.exists() else ""
        earlier = text.split(f"epoch {epoch}{NEWLINE}")[0]  # a resumed run may repeat an epoch
        run.save_text("samples.txt", earlier + NEWLINE.join(lines) + NEWLINE)

    return sample
