"""Training curves."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

# Colours that differ for any colour vision (Okabe and Ito, 2008), and grey.
BLUE, ORANGE, GREEN, PURPLE, YELLOW, GREY = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#6c757d"


def loss_curves(
    history: Sequence[Mapping[str, float]],
    *,
    label: str = "loss",
    lines: Mapping[str, float] | None = None,
    names: tuple[str, str] = ("training", "validation"),
) -> Figure:
    """Plot training and validation loss against epoch.

    history: rows with `epoch`, `loss` and `val_loss`. lines: baseline losses by name, drawn as horizontal lines. names:
    of the two curves, in the legend.
    """
    figure = Figure(figsize=(6.4, 4), layout="constrained")
    axes = figure.subplots()
    epochs = [row["epoch"] for row in history]
    marker = "o" if len(epochs) < 3 else None
    axes.plot(epochs, [row["loss"] for row in history], color=BLUE, label=names[0], marker=marker)
    axes.plot(epochs, [row["val_loss"] for row in history], color=ORANGE, linestyle="--", label=names[1], marker=marker)
    best = min(history, key=lambda row: row["val_loss"])
    axes.plot(best["epoch"], best["val_loss"], "o", color=ORANGE, label=f"best: {best['val_loss']:.4g}")
    for (name, value), style in zip((lines or {}).items(), ("--", ":", "-."), strict=False):
        axes.axhline(value, color=GREY, linestyle=style, label=f"{name}: {value:.4g}")
    if max(row["loss"] for row in history) > 3 * best["val_loss"] > 0:
        axes.set_yscale("log")
    axes.set(xlabel="epoch", ylabel=label)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    axes.legend()
    return figure
