"""Figures of the character RNN: cross-entropy and sampled names."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from pw13.figures.loss_curves import BLUE, GREY, ORANGE

SHARES = {"whole": ("complete", BLUE), "new": ("novel", ORANGE), "unique": ("unique", GREY)}  # key: label, colour


def cross_entropy_bars(rows: Mapping[str, tuple[float, float]], ngram: str) -> Figure:
    """Plot the cross-entropy of the network and of the n-gram model as bars, per set of names.

    rows: nats per character (network, n-gram model) by set, such as "held_out". ngram: label such as "5-gram".
    """
    figure = Figure(figsize=(6.4, 4), layout="constrained")
    axes = figure.subplots()
    positions = np.arange(len(rows))
    for shift, color, label, values in (
        (-0.2, BLUE, "network", [network for network, _ in rows.values()]),
        (0.2, GREY, ngram, [baseline for _, baseline in rows.values()]),
    ):
        bars = axes.bar(positions + shift, values, 0.38, color=color, label=label)
        axes.bar_label(bars, fmt="%.3f", padding=2)
    axes.set_xticks(positions, [name.replace("_", "-") for name in rows])
    axes.set(ylabel="cross-entropy, nats per character (lower is better)")
    axes.margins(y=0.2)
    axes.legend(loc="upper center", ncols=2)
    return figure


def names_by_temperature(rows: Sequence[Mapping[str, Any]]) -> Figure:
    """Plot statistics of sampled names against temperature.

    rows: one per temperature, with the shares `whole`, `new` and `unique`, `ngram_nats` and `mean_length`.
    """
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    shares, likelihood = figure.subplots(1, 2)
    temperatures = [row["temperature"] for row in rows]
    for key, (label, color) in SHARES.items():
        shares.plot(temperatures, [100 * row[key] for row in rows], "o-", color=color, label=label)
    shares.set(xlabel="temperature", ylabel="share of sampled names, %", ylim=(0, 105))
    shares.legend()
    likelihood.plot(temperatures, [row["ngram_nats"] for row in rows], "o-", color=BLUE)
    likelihood.set(xlabel="temperature", ylabel="nats per character under the n-gram model")
    lengths = likelihood.twinx()
    lengths.plot(temperatures, [row["mean_length"] for row in rows], "s--", color=ORANGE)
    lengths.set_ylabel("mean length, characters (dashed)", color=ORANGE)
    for axes in (shares, likelihood):
        axes.grid(alpha=0.3)
    return figure
