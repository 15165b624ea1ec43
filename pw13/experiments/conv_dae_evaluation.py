"""Evaluation of a denoiser: PSNR and SSIM, classical filters as baselines, and the size of its code."""

from typing import Any, NamedTuple

import numpy as np

from pw13 import console, metrics
from pw13.baselines import denoisers, image_compression
from pw13.config.settings import ConvDAE
from pw13.data.images import ImageSet, TrainValSplit, noise, stratified_sample, to_float
from pw13.metrics import compression
from pw13.models import conv_dae as model

NOISE_LEVELS = tuple(round(0.1 * i, 1) for i in range(1, 10))
TUNING_IMAGES = 500  # validation images that a filter is tuned on
SUBSET_SIZE = 1000  # test images that are evaluated at each of NOISE_LEVELS, and entropy-coded


class NoisyPair(NamedTuple):
    """Clean images and their noisy copies, `(n, height, width)` float32 in [0, 1] each."""

    clean: np.ndarray
    noisy: np.ndarray


class Filtered(NamedTuple):
    """The noisy test images after one classical filter, and the filter's setting."""

    images: np.ndarray
    psnr_db: float
    setting: dict[str, float]


def noisy_pair(clean: np.ndarray, kind: str, level: float) -> NoisyPair:
    return NoisyPair(clean, noise.add_for_test(clean, kind, level))


def test_subset(images: ImageSet) -> np.ndarray:
    """Return the test images to evaluate at every noise level, the same for every run: `(n, height, width)` uint8."""
    indices = stratified_sample(images.test_labels, SUBSET_SIZE, rng=np.random.default_rng(noise.TEST_SEED))
    subset: np.ndarray = images.test_images[indices]
    return subset


def psnr_ssim(test: NoisyPair, denoised: np.ndarray) -> dict[str, float]:
    """Return MSE, PSNR and SSIM of the noisy and the denoised test images, keys as in metrics.json."""
    mse = metrics.mse(test.clean, denoised)
    return {
        "test_mse": mse,
        "noisy_psnr_db": metrics.psnr(metrics.mse(*test)),
        "denoised_psnr_db": metrics.psnr(mse),
        "noisy_ssim": metrics.ssim(*test),
        "denoised_ssim": metrics.ssim(test.clean, denoised),
    }


def apply_filters(test: NoisyPair, split: TrainValSplit, config: ConvDAE) -> dict[str, Filtered]:
    """Apply every classical filter to the noisy test images, each tuned at the run's own noise."""
    settings = best_settings(split, config, config.noise)
    with console.progress("classical filters", len(settings)) as bar:
        return {name: apply_filter(test, name, setting, config, bar) for name, setting in settings.items()}


def apply_filter(
    test: NoisyPair, name: str, setting: dict[str, float], config: ConvDAE, bar: console.ProgressBar
) -> Filtered:
    images = denoisers.denoise(name, setting, test.noisy, threads=config.threads)
    bar.advance(1, name)
    return Filtered(images, metrics.psnr(metrics.mse(test.clean, images)), setting)


def best_settings(split: TrainValSplit, config: ConvDAE, level: float) -> dict[str, dict[str, float]]:
    """Tune each filter on validation images at this noise level; return its best setting."""
    indices = stratified_sample(split.val_labels, TUNING_IMAGES, rng=np.random.default_rng(noise.VALIDATION_SEED))
    clean = to_float(split.val_images[indices])
    noisy = noise.add_for_validation(clean, config.noise_kind, level)
    return {name: denoisers.best_setting(name, clean, noisy, threads=config.threads) for name in denoisers.FILTERS}


def evaluate_levels(
    net: model.Denoiser,
    images: np.ndarray,
    split: TrainValSplit,
    config: ConvDAE,
    filtered: dict[str, Filtered],
) -> list[dict[str, Any]]:
    """Return PSNR of noisy, denoised and filtered images at every noise level, one row per level.

    filtered: from `apply_filters`; its settings are reused at the run's own noise.
    """
    tuned = {name: result.setting for name, result in filtered.items()}
    rows = []
    with console.progress("noise levels", len(NOISE_LEVELS)) as bar:
        for level in NOISE_LEVELS:
            settings = tuned if level == config.noise else best_settings(split, config, level)
            pair = noisy_pair(to_float(images), config.noise_kind, level)
            rows.append(evaluate_level(net, pair, level, settings, config))
            bar.advance(1, f"noise {level}")
    return rows


def evaluate_level(
    net: model.Denoiser, test: NoisyPair, level: float, settings: dict[str, dict[str, float]], config: ConvDAE
) -> dict[str, Any]:
    """Return PSNR of noisy, denoised and filtered images at one noise level."""
    filtered = {
        name: denoisers.denoise(name, setting, test.noisy, threads=config.threads) for name, setting in settings.items()
    }
    return {
        "noise": level,
        "noisy_psnr_db": metrics.psnr(metrics.mse(*test)),
        "denoised_psnr_db": metrics.psnr(metrics.mse(test.clean, net.denoise(test.noisy))),
        "baselines": {name: metrics.psnr(metrics.mse(test.clean, images)) for name, images in filtered.items()},
    }


def code_size(net: model.Denoiser, images: ImageSet, config: ConvDAE) -> dict[str, Any]:
    """Measure whether the code compresses (handout conv b): values and bytes per image, on noisy test images."""
    pixels = test_subset(images)
    codes = net.encode(noisy_pair(to_float(pixels), config.noise_kind, config.noise).noisy)
    sizes = compression.feature_maps(codes, net.decode, to_float(pixels))
    return {
        "code_values": codes[0].size,
        "pixel_values": pixels[0].size,
        **sizes,
        "pixel_bytes_entropy": compression.entropy_coded_bytes(pixels),
        "png_bytes": image_compression.lossless_bytes(pixels)["png_bytes"],
    }
