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


def loss_by_position(models: Mapping[str, Sequence[float]]) -> Figure:
    """Plot nats per character against the position in the name, from 1, one line per model."""
    figure = Figure(figsize=(6.4, 4), layout="constrained")
    axes = figure.subplots()
    for (model, nats), color, marker in zip(models.items(), (BLUE, GREY), "os", strict=False):
        axes.plot(range(1, len(nats) + 1), nats, color=color, marker=marker, markersize=4, label=model)
    axes.set(xlabel="position in the name", ylabel="nats per character, held-out names")
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def calibration(rows: Sequence[Mapping[str, float]], error: float) -> Figure:
    """Plot the accuracy of the likeliest character against its probability, a dot per bin, as large as its share.

    rows: from `metrics.calibration.reliability`. error: the expected calibration error.
    """
    figure = Figure(figsize=(4.8, 4.6), layout="constrained")
    axes = figure.subplots()
    total = sum(row["count"] for row in rows)
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1)
    axes.annotate("calibrated", (0.62, 0.6), color=GREY, rotation=45, va="top")
    sizes = [20 + 600 * row["count"] / total for row in rows]
    axes.scatter([row["confidence"] for row in rows], [row["accuracy"] for row in rows], sizes, color=BLUE, alpha=0.7)
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", title=f"expected calibration error {error:.3f}")
    axes.set(xlabel="probability of the likeliest character", ylabel="how often it comes")
    axes.grid(alpha=0.3)
    return figure
