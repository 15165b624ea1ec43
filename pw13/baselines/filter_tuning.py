"""Tune the classical filters on validation images, as they are and with a gain and an offset.

Clipped noise moves black up and white down, on average. A network learns to undo that; to a filter a gain and an offset
give the same chance.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from pw13 import metrics
from pw13.baselines.denoisers import Images, Setting, denoise, denoise_each

# For notMNIST with noise of every kind from 0.1 to 0.9 the best strengths lie inside these ranges, or where a filter
# ends: a median of size 1 changes nothing, and with an h of 3 non-local means average 9x9 pixels alike.
SETTINGS: dict[str, tuple[Setting, ...]] = {
    "median": tuple({"size": size} for size in (1, 3, 5, 7, 9, 11, 13)),
    "gaussian": tuple(
        {"sigma": sigma} for sigma in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.4, 1.7, 2.0, 2.5, 3.0, 4.0)
    ),
    "tv": tuple({"weight": weight} for weight in (0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.1, 1.5)),
    "nlm": (
        *({"h": h, "patch": 3} for h in (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.4, 2.0, 3.0)),
        *({"h": h, "patch": 5} for h in (0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.4, 2.0, 3.0)),
        *({"h": h, "patch": 7} for h in (0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.1, 1.5)),
        *({"h": h, "patch": 9} for h in (0.3, 0.4, 0.5, 0.7)),
    ),
    "wavelet": tuple(
        {"sigma": sigma, "levels": levels}
        for levels in (1, 2, 3)
        for sigma in (0.005, 0.01, 0.02, 0.04, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8)
    ),
}
MIN_FOR_FIRST_ROUND = 250  # images; of fewer, every twenty-fifth would be too few to tell
FAR_BEHIND = 1.3  # times the lowest error: more than the choice of images can do to settings tried on the same ones
FINALISTS = 2  # settings, for the filter as it is and again for the corrected one, that are tried on all images


class TunedFilter(NamedTuple):
    """A filter with its best setting as it is, and its best setting, gain and offset when corrected.

    val_mse, corrected_val_mse: those of either on the images that it was tuned on.
    """

    name: str
    setting: Setting
    corrected_setting: Setting
    gain: float
    offset: float
    val_mse: float
    corrected_val_mse: float

    def denoise(self, images: Images, *, threads: int = 1) -> Images:
        """Filter images `(n, height, width)` float32 in [0, 1] and correct them; same shape, dtype and range."""
        filtered = denoise(self.name, self.corrected_setting, images, threads=threads)
        return correct(filtered, self.gain, self.offset)

    def errors(self, clean: Images, noisy: Images, *, threads: int = 1) -> tuple[float, float]:
        """Return the MSE of the filter as it is, and when corrected."""
        settings = [self.setting, *([self.corrected_setting] if self.corrected_setting != self.setting else [])]
        filtered = denoise_each(self.name, settings, noisy, threads=threads)
        corrected = correct(filtered[-1], self.gain, self.offset)
        return metrics.mse(clean, filtered[0]), metrics.mse(clean, corrected)


class Trial(NamedTuple):
    """A setting with its MSE as it is, the gain and offset that suit it, and its MSE with them."""

    setting: Setting
    mse: float
    gain: float
    offset: float
    corrected_mse: float


def tune(name: str, clean: Images, noisy: Images, *, threads: int = 1) -> TunedFilter:
    """Choose the filter's settings with the lowest MSE between filtered `noisy` and `clean`, `(n, height, width)` each.

    All settings are tried on a few images, those not far behind the best on every fifth image, the best few on all.
    """
    settings = list(SETTINGS[name])
    if len(clean) >= MIN_FOR_FIRST_ROUND:
        settings = _not_far_behind(_try_each(name, settings, clean[::25], noisy[::25], threads))
    trials = _try_each(name, settings, clean[::5], noisy[::5], threads)
    kept = [trial.setting for key in (_mse, _corrected_mse) for trial in sorted(trials, key=key)[:FINALISTS]]
    finalists = _try_each(name, [setting for setting in settings if setting in kept], clean, noisy, threads)
    plain, corrected = min(finalists, key=_mse), min(finalists, key=_corrected_mse)
    return TunedFilter(
        name, plain.setting, corrected.setting, corrected.gain, corrected.offset, plain.mse, corrected.corrected_mse
    )


def best(filters: Mapping[str, TunedFilter], *, corrected: bool) -> str:
    """Return the name of the filter with the lowest MSE on the images that they were tuned on."""
    return min(filters, key=lambda name: filters[name].corrected_val_mse if corrected else filters[name].val_mse)


def _not_far_behind(trials: Sequence[Trial]) -> list[Setting]:
    """Return the settings whose error, as they are or corrected, is at most `FAR_BEHIND` times the lowest."""
    lowest, lowest_corrected = min(map(_mse, trials)), min(map(_corrected_mse, trials))
    return [
        trial.setting
        for trial in trials
        if trial.mse <= FAR_BEHIND * lowest or trial.corrected_mse <= FAR_BEHIND * lowest_corrected
    ]


def _try_each(name: str, settings: Sequence[Setting], clean: Images, noisy: Images, threads: int) -> list[Trial]:
    filtered = denoise_each(name, settings, noisy, threads=threads)
    return [_trial(setting, clean, images) for setting, images in zip(settings, filtered, strict=True)]


def _trial(setting: Setting, clean: Images, filtered: Images) -> Trial:
    gain, offset = gain_and_offset(clean, filtered)
    corrected = correct(filtered, gain, offset)
    return Trial(setting, metrics.mse(clean, filtered), gain, offset, metrics.mse(clean, corrected))


def _mse(trial: Trial) -> float:
    return trial.mse


def _corrected_mse(trial: Trial) -> float:
    return trial.corrected_mse


def gain_and_offset(clean: Images, filtered: Images) -> tuple[float, float]:
    """Return the gain and offset that minimize the squared error between `gain * filtered + offset` and `clean`.

    Two arrays of one shape. For a constant `filtered` the gain is 0.
    """
    x, y = filtered.astype(np.float64), clean.astype(np.float64)
    variance = x.var()
    gain = float(np.mean((x - x.mean()) * (y - y.mean())) / variance) if variance > 0 else 0.0
    return gain, float(y.mean() - gain * x.mean())


def correct(images: Images, gain: float, offset: float) -> Images:
    """Return `gain * images + offset`, clipped to [0, 1], float32 of the same shape."""
    corrected: Images = np.clip(np.float32(gain) * images + np.float32(offset), 0, 1)
    return corrected
