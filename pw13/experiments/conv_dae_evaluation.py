"""How well a denoiser does, beside classical filters, and how small its code is."""

from typing import Any, NamedTuple

import numpy as np

from pw13 import console, metrics
from pw13.baselines import denoisers
from pw13.config.settings import ConvDAE
from pw13.data.images import ImageSet, TrainValSplit, noise, stratified_sample, to_float
from pw13.metrics import compression
from pw13.models import conv_dae as model

NOISE_LEVELS = tuple(round(0.1 * i, 1) for i in range(1, 10))
TUNING_IMAGES = 500  # validation images on which a filter's setting is chosen
SUBSET_SIZE = 1000  # test images measured at each level of LEVELS, and entropy-coded


class NoisyPair(NamedTuple):
    """Clean images and their noisy copies, `(n, height, width)` float32 in [0, 1] each."""

    clean: np.ndarray
    noisy: np.ndarray


class Filtered(NamedTuple):
    """What one classical filter made of the noisy test images, and with which setting."""

    images: np.ndarray
    psnr_db: float
    setting: dict[str, float]


def noisy_pair(clean: np.ndarray, kind: str, level: float) -> NoisyPair:
    return NoisyPair(clean, noise.add_for_test(clean, kind, level))


def test_subset(images: ImageSet) -> np.ndarray:
    """The test images measured at every level: the same for every run, `(n, height, width)` uint8."""
    rows = stratified_sample(images.test_labels, SUBSET_SIZE, rng=np.random.default_rng(noise.TEST_SEED))
    return images.test_images[rows]


def psnr_ssim(test: NoisyPair, denoised: np.ndarray) -> dict[str, float]:
    """PSNR and SSIM of noisy and denoised test images."""
    error = metrics.mse(test.clean, denoised)
    return {
        "test_mse": error,
        "noisy_psnr_db": metrics.psnr(metrics.mse(*test)),
        "denoised_psnr_db": metrics.psnr(error),
        "noisy_ssim": metrics.ssim(*test),
        "denoised_ssim": metrics.ssim(test.clean, denoised),
    }


def apply_filters(test: NoisyPair, part: TrainValSplit, config: ConvDAE) -> dict[str, Filtered]:
    """Every classical filter on the noisy test images, each with its best setting at the run's own noise."""
    settings = best_settings(part, config, config.noise)
    with console.progress("classical filters", len(settings)) as bar:
        return {name: apply_filter(test, name, setting, config, bar) for name, setting in settings.items()}


def apply_filter(
    test: NoisyPair, name: str, setting: dict[str, float], config: ConvDAE, bar: console.ProgressBar
) -> Filtered:
    images = denoisers.denoise(name, setting, test.noisy, threads=config.threads)
    bar.advance(1, name)
    return Filtered(images, metrics.psnr(metrics.mse(test.clean, images)), setting)


def best_settings(part: TrainValSplit, config: ConvDAE, level: float) -> dict[str, dict[str, float]]:
    """The setting of each filter that does best on some validation images at this level of noise."""
    rows = stratified_sample(part.val_labels, TUNING_IMAGES, rng=np.random.default_rng(noise.VALIDATION_SEED))
    clean = to_float(part.val_images[rows])
    noisy = noise.add_for_validation(clean, config.noise_kind, level)
    return {name: denoisers.best_setting(name, clean, noisy, threads=config.threads) for name in denoisers.FILTERS}


def evaluate_levels(
    net: model.Denoiser,
    images: np.ndarray,
    part: TrainValSplit,
    config: ConvDAE,
    own: dict[str, Filtered],
) -> list[dict[str, Any]]:
    """PSNR of the noisy images, of the network's and of each filter's, at every level of noise."""
    own_settings = {name: each.setting for name, each in own.items()}
    rows = []
    with console.progress("levels of noise", len(NOISE_LEVELS)) as bar:
        for level in NOISE_LEVELS:
            settings = own_settings if level == config.noise else best_settings(part, config, level)
            rows.append(
                evaluate_level(net, noisy_pair(to_float(images), config.noise_kind, level), level, settings, config)
            )
            bar.advance(1, f"noise {level}")
    return rows


def evaluate_level(
    net: model.Denoiser, test: NoisyPair, level: float, settings: dict[str, dict[str, float]], config: ConvDAE
) -> dict[str, Any]:
    """One point of the curves of PSNR against noise."""
    filters = {name: denoisers.denoise(name, of, test.noisy, threads=config.threads) for name, of in settings.items()}
    return {
        "noise": level,
        "noisy_psnr_db": metrics.psnr(metrics.mse(*test)),
        "denoised_psnr_db": metrics.psnr(metrics.mse(test.clean, net.denoise(test.noisy))),
        "baselines": {name: metrics.psnr(metrics.mse(test.clean, images)) for name, images in filters.items()},
    }


def code_size(net: model.Denoiser, images: ImageSet, config: ConvDAE) -> dict[str, Any]:
    """Whether the code compresses (handout conv b): values and bytes an image, measured on some noisy test images."""
    pixels = test_subset(images)
    codes = net.encode(noisy_pair(to_float(pixels), config.noise_kind, config.noise).noisy)
    sizes = compression.feature_maps(codes, net.decode, to_float(pixels))
    return {
        "code_values": codes[0].size,
        "pixel_values": pixels[0].size,
        **sizes,
        "pixel_bytes_entropy": compression.entropy_coded_bytes(pixels),
        "png_bytes": compression.file_bytes(pixels)["png_bytes"],
    }
