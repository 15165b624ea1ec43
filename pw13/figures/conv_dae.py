"""Figures of the denoising autoencoder."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from pw13.figures.direct_labels import LineEnd, label_lines
from pw13.figures.image_grid import image_grid, one_per_class
from pw13.figures.loss_curves import BLUE, GREEN, GREY, ORANGE
from pw13.figures.text import plain

MAX_CLASSES, WORST = 20, 10  # images in the two figures


def shown_images(labels: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Return the ascending indices of the images in `denoising` or `worst_cases`: `(n,)` labels and MSEs -> int64."""
    return np.union1d(one_per_class(labels)[:MAX_CLASSES], _worst(errors))


def _worst(errors: np.ndarray) -> np.ndarray:
    return np.argsort(errors, kind="stable")[::-1][:WORST]


def denoising(rows: Mapping[str, np.ndarray], labels: np.ndarray, classes: Sequence[str]) -> Figure:
    """Draw one test image per class in each version of `rows`, `(n, height, width)` in [0, 1] by label."""
    indices = one_per_class(labels)[:MAX_CLASSES]
    titles = [classes[labels[index]] for index in indices]
    return image_grid([images[indices] for images in rows.values()], list(rows), titles)


def worst_cases(
    rows: Mapping[str, np.ndarray], errors: np.ndarray, labels: np.ndarray, classes: Sequence[str]
) -> Figure:
    """Draw the ten test images with the largest MSE of the network, `errors` `(n,)`, in each version of `rows`."""
    indices = _worst(errors)
    titles = [f"{classes[labels[index]]}  {errors[index]:.3f}" for index in indices]
    heading = f"{len(indices)} test images with the largest MSE of the network"
    return image_grid([images[indices] for images in rows.values()], list(rows), titles, heading=heading)


def psnr_against_noise(levels: Sequence[Mapping[str, Any]], trained_at: float, kind: str) -> Figure:
    """Plot the PSNR in dB of the noisy input, the network and its baselines against the noise level.

    levels: as `by_noise` in metrics.json. trained_at: noise level in training, marked by a dotted line; the linear
    denoiser is fitted there as well. kind: noise kind.
    """
    figure = Figure(figsize=(6.8, 4.6), layout="constrained")
    axes = figure.subplots()
    x = [row["noise"] for row in levels]
    filters = [row["baselines"][row["best_filter"]] for row in levels]
    corrected = [row["corrected_baselines"][row["corrected_best_filter"]] for row in levels]
    lines = {
        "network": ([row["denoised_psnr_db"] for row in levels], "o-", ORANGE),
        "linear denoiser": ([row["baselines"]["linear"] for row in levels], "s-", BLUE),
        "best filter with gain and offset": (corrected, "^-", GREEN),
        "best filter as it is": (filters, "v:", GREEN),
        "noisy input": ([row["noisy_psnr_db"] for row in levels], "--", GREY),
    }
    if levels[0]["baselines"]["linear"] is None:
        del lines["linear denoiser"]
    for label, (values, style, color) in lines.items():
        axes.plot(
            x, values, style, color=color, label=label, markersize=4, linewidth=2.5 if label == "network" else 1.5
        )
    if x[0] <= trained_at <= x[-1]:
        axes.axvline(trained_at, color=GREY, linestyle=":", label="training noise level")
        axes.text(
            trained_at, 0.98, " training noise level", fontsize=8, color=GREY, va="top",
            transform=axes.get_xaxis_transform(),
        )  # fmt: skip
    axes.set(xlabel=f"noise level ({kind})", ylabel="PSNR, dB")
    axes.grid(alpha=0.3)
    label_lines(axes, [LineEnd(x[-1], values[-1], label, color) for label, (values, _, color) in lines.items()])
    return figure


def before_after(images: Mapping[str, np.ndarray], name: str) -> Figure:
    """Draw versions of an image, `(height, width)` in [0, 1] by title, side by side."""
    height, width = next(iter(images.values())).shape
    ratio = min(max(height / width, 0.2), 3)
    figure = Figure(figsize=(4 * len(images), 4 * ratio + 0.6), layout="constrained")
    grid = figure.subplots(1, len(images), squeeze=False)[0]
    for axes, (title, picture) in zip(grid, images.items(), strict=True):
        axes.imshow(picture, cmap="gray", vmin=0, vmax=1, interpolation="nearest" if height < 400 else "antialiased")
        axes.set(xticks=[], yticks=[], title=title)
    figure.suptitle(plain(f"{name[:60]}, {width}x{height}"), fontsize=10)
    return figure
