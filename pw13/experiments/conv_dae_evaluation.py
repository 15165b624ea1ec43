"""How well a denoiser does, beside classical filters, and how small its code is."""

from typing import Any, NamedTuple

import numpy as np

from pw13 import console
from pw13.baselines import denoisers
from pw13.config.settings import ConvDAE
from pw13.data.images import dataset as image_sets
from pw13.data.images import noise
from pw13.data.images.dataset import scaled
from pw13.metrics import compression
from pw13.metrics import images as metrics
from pw13.models import conv_dae as model

LEVELS = tuple(round(0.1 * i, 1) for i in range(1, 10))
TUNED_ON = 500  # validation images on which a filter's setting is chosen
SAMPLED = 1000  # test images measured at each level of LEVELS, and entropy-coded


class Pair(NamedTuple):
    """Clean images and their noisy copies, `(n, height, width)` float32 in [0, 1] each."""

    clean: np.ndarray
    noisy: np.ndarray


class Filtered(NamedTuple):
    """What one classical filter made of the noisy test images, and with which setting."""

    images: np.ndarray
    psnr_db: float
    setting: dict[str, float]


def pair(clean: np.ndarray, kind: str, level: float) -> Pair:
    return Pair(clean, noise.add_for_test(clean, kind, level))


def sampled(images: image_sets.ImageSet) -> np.ndarray:
    """The test images measured at every level: the same for every run, `(n, height, width)` uint8."""
    rows = image_sets.stratified(images.test_labels, SAMPLED, rng=np.random.default_rng(noise.TEST_SEED))
    return images.test_images[rows]


def of(test: Pair, denoised: np.ndarray) -> dict[str, float]:
    """PSNR and SSIM of noisy and denoised test images."""
    error = metrics.mse(test.clean, denoised)
    return {
        "test_mse": error,
        "noisy_psnr_db": metrics.psnr(metrics.mse(*test)),
        "denoised_psnr_db": metrics.psnr(error),
        "noisy_ssim": metrics.ssim(*test),
        "denoised_ssim": metrics.ssim(test.clean, denoised),
    }


def all_filtered(test: Pair, part: image_sets.Parts, config: ConvDAE) -> dict[str, Filtered]:
    """Every classical filter on the noisy test images, each with its best setting at the run's own noise."""
    settings = best_settings(part, config, config.noise)
    with console.progress("classical filters", len(settings)) as bar:
        return {name: filtered(test, name, setting, config, bar) for name, setting in settings.items()}


def filtered(test: Pair, name: str, setting: dict[str, float], config: ConvDAE, bar: console.Bar) -> Filtered:
    images = denoisers.denoise(name, setting, test.noisy, threads=config.threads)
    bar.advance(1, name)
    return Filtered(images, metrics.psnr(metrics.mse(test.clean, images)), setting)


def best_settings(part: image_sets.Parts, config: ConvDAE, level: float) -> dict[str, dict[str, float]]:
    """The setting of each filter that does best on some validation images at this level of noise."""
    rows = image_sets.stratified(part.val_labels, TUNED_ON, rng=np.random.default_rng(noise.VALIDATION_SEED))
    clean = scaled(part.val_images[rows])
    noisy = noise.add_for_validation(clean, config.noise_kind, level)
    return {name: denoisers.best_setting(name, clean, noisy, threads=config.threads) for name in denoisers.FILTERS}


def by_level(
    net: model.Denoiser,
    images: np.ndarray,
    part: image_sets.Parts,
    config: ConvDAE,
    own: dict[str, Filtered],
) -> list[dict[str, Any]]:
    """PSNR of the noisy images, of the network's and of each filter's, at every level of noise."""
    own_settings = {name: each.setting for name, each in own.items()}
    rows = []
    with console.progress("levels of noise", len(LEVELS)) as bar:
        for level in LEVELS:
            settings = own_settings if level == config.noise else best_settings(part, config, level)
            rows.append(at_level(net, pair(scaled(images), config.noise_kind, level), level, settings, config))
            bar.advance(1, f"noise {level}")
    return rows


def at_level(
    net: model.Denoiser, test: Pair, level: float, settings: dict[str, dict[str, float]], config: ConvDAE
) -> dict[str, Any]:
    """One point of the curves of PSNR against noise."""
    filters = {name: denoisers.denoise(name, of, test.noisy, threads=config.threads) for name, of in settings.items()}
    return {
        "noise": level,
        "noisy_psnr_db": metrics.psnr(metrics.mse(*test)),
        "denoised_psnr_db": metrics.psnr(metrics.mse(test.clean, net.denoise(test.noisy))),
        "baselines": {name: metrics.psnr(metrics.mse(test.clean, images)) for name, images in filters.items()},
    }


def code_size(net: model.Denoiser, images: image_sets.ImageSet, config: ConvDAE) -> dict[str, Any]:
    """Whether the code compresses (handout conv b): values and bytes an image, measured on some noisy test images."""
    pixels = sampled(images)
    codes = net.encode(pair(scaled(pixels), config.noise_kind, config.noise).noisy)
    sizes = compression.feature_maps(codes, net.decode, scaled(pixels))
    return {
        "code_values": codes[0].size,
        "pixel_values": pixels[0].size,
        **sizes,
        "pixel_bytes_entropy": compression.entropy_coded_bytes(pixels),
        "png_bytes": compression.file_bytes(pixels)["png_bytes"],
    }
