"""What a character RNN learnt and what it invents, as pictures."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from pw13.figures.curves import BLUE, GREY, ORANGE


def nats(rows: Mapping[str, tuple[float, float]], counting: str) -> Figure:
    """Nats a character of the network and of the n-gram model beside each other, for each part of the names."""
    figure = Figure(figsize=(6.4, 4), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(rows))
    for shift, color, label, values in (
        (-0.2, BLUE, "network", [network for network, _ in rows.values()]),
        (0.2, GREY, counting, [counted for _, counted in rows.values()]),
    ):
        bars = axes.bar(places + shift, values, 0.38, color=color, label=label)
        axes.bar_label(bars, fmt="%.3f", padding=2)
    axes.set_xticks(places, [name.replace("_", "-") for name in rows])
    axes.set(ylabel="nats a character (lower is better)")
    axes.margins(y=0.2)
    axes.legend(loc="upper center", ncols=2)
    return figure


def names_by_temperature(rows: Sequence[Mapping[str, Any]]) -> Figure:
    """How sampled names change with the temperature: shares whole, new and unique; how strange counting finds them."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    shares, strange = figure.subplots(1, 2)
    temperatures = [row["temperature"] for row in rows]
    for key, color in (("whole", BLUE), ("new", ORANGE), ("unique", GREY)):
        shares.plot(temperatures, [100 * row[key] for row in rows], "o-", color=color, label=key)
    shares.set(xlabel="temperature", ylabel="% of sampled names", ylim=(0, 105))
    shares.legend()
    strange.plot(temperatures, [row["ngram_nats"] for row in rows], "o-", color=BLUE)
    strange.set(xlabel="temperature", ylabel="nats a character by the n-gram")
    lengths = strange.twinx()
    lengths.plot(temperatures, [row["mean_length"] for row in rows], "s--", color=ORANGE)
    lengths.set_ylabel("mean length (dashed)", color=ORANGE)
    for axes in (shares, strange):
        axes.grid(alpha=0.3)
    return figure
