"""Figures of the character RNN: cross-entropy, and sampled names next to real ones."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from pw13.figures.loss_curves import BLUE, GREEN, GREY, ORANGE


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


def novelty_against_plausibility(
    samples: Mapping[str, Sequence[Mapping[str, Any]]], real: Mapping[str, Any] | None
) -> Figure:
    """Plot the names of each model as a dot per temperature, and real names as the target.

    samples: rows by model, each with `temperature`, `similarity` to the nearest training name (mean, 0 to 1) and
    `ngram_nats` per character. real: the same of real held-out names, without temperature; None if none are held out.
    """
    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    axes = figure.subplots()
    for (model, rows), color, offset in zip(samples.items(), (BLUE, GREY, GREEN), (-7, 7, 7), strict=False):
        points = [(1 - row["similarity"], row["ngram_nats"]) for row in rows]
        axes.plot(*zip(*points, strict=True), "o-", color=color, label=model, linewidth=1)
        for row, point in zip(rows, points, strict=True):
            axes.annotate(
                f"{row['temperature']:g}", point, (offset, offset), textcoords="offset points", color=color,
                ha="left" if offset > 0 else "right", va="center", fontsize="small",
            )  # fmt: skip
    if real:
        target = 1 - real["similarity"], real["ngram_nats"]
        axes.plot(*target, "*", color=ORANGE, markersize=20, label="real, held-out", zorder=1)
    axes.invert_yaxis()
    axes.set(
        xlabel="novelty: 1 − similarity to the nearest training name",
        ylabel="plausibility: nats per character under\nthe n-gram model (fewer upwards)",
    )
    axes.margins(0.12)
    axes.grid(alpha=0.3)
    axes.legend(title="names at each temperature")
    return figure
