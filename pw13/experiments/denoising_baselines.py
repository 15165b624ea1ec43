"""The baselines of the denoiser: classical filters, tuned at each noise level, and the linear denoiser.

They depend on data and noise alone, not on the network, so the cache keeps what is slow to compute.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from pw13 import console, metrics
from pw13.baselines import linear_denoiser
from pw13.baselines.denoisers import FILTERS
from pw13.baselines.filter_tuning import SETTINGS, TunedFilter, tune
from pw13.baselines.linear_denoiser import LinearDenoiser
from pw13.config.settings import ConvDAE
from pw13.data.images import TrainValSplit, noise, stratified_sample, to_float
from pw13.system.cache import cached, cached_json, digest
from pw13.system.streams import stream

VERSION = 2  # of the code behind the cached numbers: the filters, their tuning, the linear denoiser
MAX_CACHE_BYTES = 500_000_000
TUNING_IMAGES = 500  # validation images that settings are chosen on
LINEAR_SEED = 0  # of the noise that the linear denoiser is fitted on, the same for every run
BATCH = 2048


class Baselines(NamedTuple):
    """Filters by noise level and name, and the linear denoiser at the run's own noise (None for large images)."""

    filters: dict[float, dict[str, TunedFilter]]
    linear: LinearDenoiser | None


def fit(split: TrainValSplit, config: ConvDAE, levels: Iterable[float]) -> Baselines:
    """Fit the linear denoiser at the run's own noise, and tune the filters there and at `levels`."""
    rows = stratified_sample(split.val_labels, TUNING_IMAGES, rng=np.random.default_rng(noise.VALIDATION_SEED))
    clean = to_float(split.val_images[rows])
    levels = sorted({config.noise, *levels})
    filters = {}
    with console.progress("baselines", len(levels) + 1) as bar:
        linear = fit_linear(split.train_images, clean, config)
        bar.advance(1, "linear")
        for level in levels:
            noisy = noise.add_for_validation(clean, config.noise_kind, level)
            filters[level] = tune_filters(clean, noisy, config.threads)
            bar.advance(1, f"filters, noise {level:g}")
    return Baselines(filters, linear)


def fit_linear(images: np.ndarray, val_clean: np.ndarray, config: ConvDAE) -> LinearDenoiser | None:
    """Fit the linear denoiser to `(n, height, width)` uint8; None if they are too large for one."""
    if images[0].size > linear_denoiser.MAX_PIXELS:
        return None
    kind, level = config.noise_kind, config.noise
    val_noisy = noise.add_for_validation(val_clean, kind, level)

    def make() -> dict[str, Any]:
        rng = stream("linear denoiser", LINEAR_SEED)
        batches = (to_float(images[start : start + BATCH]) for start in range(0, len(images), BATCH))
        fitted = linear_denoiser.fit(
            batches, lambda batch: noise.add(batch, kind, level, rng=rng), val_clean, val_noisy
        )
        return {name: np.asarray(value) for name, value in fitted._asdict().items()}

    penalties = linear_denoiser.PENALTIES
    key = {"images": digest(images, val_clean, val_noisy), "kind": kind, "level": level, "penalties": penalties}
    arrays = cached("denoising", {"version": VERSION, "step": "linear", **key}, make, max_bytes=MAX_CACHE_BYTES)
    return LinearDenoiser(arrays["weights"], arrays["bias"], float(arrays["penalty"]))


def tune_filters(clean: np.ndarray, noisy: np.ndarray, threads: int) -> dict[str, TunedFilter]:
    """Tune every filter on validation images, `(n, height, width)` float32 in [0, 1] each."""
    tuned = cached_json(
        "denoising",
        {"version": VERSION, "step": "tuning", "images": digest(clean, noisy), "settings": SETTINGS},
        lambda: [tune(name, clean, noisy, threads=threads)._asdict() for name in FILTERS],
        max_bytes=MAX_CACHE_BYTES,
    )
    return {values["name"]: TunedFilter(**values) for values in tuned}


def evaluate_filters(
    filters: Mapping[str, TunedFilter], clean: np.ndarray, noisy: np.ndarray, threads: int
) -> dict[str, dict[str, Any]]:
    """Return what metrics.json holds of each filter: PSNR as it is and corrected, settings, gain and offset.

    Of filters the one with the highest PSNR on validation images (`val_psnr_db`, `corrected_val_psnr_db`) is the best.
    """

    def evaluate(tuned: TunedFilter) -> dict[str, Any]:
        mse, corrected_mse = tuned.errors(clean, noisy, threads=threads)
        return {
            "psnr_db": metrics.psnr(mse),
            "val_psnr_db": metrics.psnr(tuned.val_mse),
            "setting": tuned.setting,
            "gain": tuned.gain,
            "offset": tuned.offset,
            "corrected_psnr_db": metrics.psnr(corrected_mse),
            "corrected_val_psnr_db": metrics.psnr(tuned.corrected_val_mse),
            "corrected_setting": tuned.corrected_setting,
        }

    settings = [tuned._asdict() for tuned in filters.values()]
    results: dict[str, dict[str, Any]] = cached_json(
        "denoising",
        {"version": VERSION, "step": "test", "images": digest(clean, noisy), "filters": settings},
        lambda: {name: evaluate(tuned) for name, tuned in filters.items()},
        max_bytes=MAX_CACHE_BYTES,
    )
    return results


def to_arrays(baselines: Baselines) -> dict[str, np.ndarray]:
    """Return what `pw13 explore` shows beside the network, as arrays of a run.

    levels `(l,)`; `median` and `gaussian` `(l, 3)`: size or sigma, gain, offset at each level, corrected; the linear
    denoiser in float16, which changes a pixel by less than a thousandth.
    """
    levels = sorted(baselines.filters)
    arrays = {"levels": np.array(levels)}
    for name in ("median", "gaussian"):
        tuned = [baselines.filters[level][name] for level in levels]
        arrays[name] = np.array([[*each.corrected_setting.values(), each.gain, each.offset] for each in tuned])
    if baselines.linear:
        arrays["linear_weights"] = baselines.linear.weights.astype(np.float16)
        arrays["linear_bias"] = baselines.linear.bias
    return arrays
