"""Evaluation of a denoiser: PSNR and SSIM, beside those of its baselines, and the size of its code."""

import dataclasses
from typing import Any, NamedTuple

import numpy as np

from pw13 import console, metrics
from pw13.baselines import filter_tuning, image_compression
from pw13.config.settings import ConvDAE
from pw13.data.images import ImageSet, TrainValSplit, load_images, noise, stratified_sample, to_float, train_val_split
from pw13.experiments import denoising_baselines
from pw13.experiments.denoising_baselines import Baselines, evaluate_filters
from pw13.metrics import compression
from pw13.metrics.bootstrap import ExampleLosses
from pw13.models import conv_dae as model
from pw13.system.cache import digest
from pw13.system.streams import stream

NOISE_LEVELS = tuple(round(0.1 * i, 1) for i in range(1, 10))
MAX_TEST = 20_000  # test images: several copies of them are in memory as floats, and filters take minutes for more


# The metrics that `comparison_metrics` and `code_size` return.
COMPARISONS = (
    "baselines", "by_noise", "code_values", "pixel_values", "code_bytes_float32", "code_bytes_uint8",
    "code_bytes_entropy", "code_bytes_order_0", "code_zero_share", "code_uint8_mse", "pixel_bytes_entropy", "png_bytes",
)  # fmt: skip


class NoisyPair(NamedTuple):
    """Clean images and their noisy copies, `(n, height, width)` float32 in [0, 1] each."""

    clean: np.ndarray
    noisy: np.ndarray


class Comparison(NamedTuple):
    """The network next to its baselines; `quality` and `levels` as `baselines` and `by_noise` in metrics.json."""

    baselines: Baselines
    quality: dict[str, dict[str, Any] | None]
    levels: list[dict[str, Any]]


def load_split(data: str | None, config: ConvDAE) -> tuple[ImageSet, TrainValSplit]:
    """Return the images, of many test images a sample that is the same for every run, and the split of the others."""
    images = sample_test_images(load_images(data))
    return images, train_val_split(
        images, share=config.validation_share, limit=config.limit, split_seed=config.split_seed
    )


def sample_test_images(images: ImageSet) -> ImageSet:
    """Return the images with at most `MAX_TEST` test images, stratified by class, and a note on what was left out."""
    count = len(images.test_labels)
    if count <= MAX_TEST:
        return images
    rows = stratified_sample(images.test_labels, MAX_TEST, rng=np.random.default_rng(noise.TEST_SEED))
    note = f"the denoiser is evaluated on {len(rows):,} of {count:,} test images"
    return dataclasses.replace(
        images,
        test_images=images.test_images[rows],
        test_labels=images.test_labels[rows],
        notes=(*images.notes, note),
    )


def noisy_pair(clean: np.ndarray, kind: str, level: float) -> NoisyPair:
    return NoisyPair(clean, noise.add_for_test(clean, kind, level))


def test_subset(images: ImageSet) -> np.ndarray:
    """Return the test images to evaluate at every noise level, the same for every run: `(n, height, width)` uint8."""
    indices = stratified_sample(images.test_labels, noise.SUBSET_SIZE, rng=np.random.default_rng(noise.TEST_SEED))
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


def losses(test: NoisyPair, denoised: np.ndarray) -> ExampleLosses:
    """Return the MSE of each denoised test image; an example is a clean image with its noisy copy."""
    errors = metrics.image_mse(test.clean, denoised)
    return ExampleLosses(errors, np.ones(len(errors), np.uint8), digest(*test))


def compare(
    net: model.Denoiser,
    test: NoisyPair,
    denoised: np.ndarray,
    images: ImageSet,
    split: TrainValSplit,
    config: ConvDAE,
) -> Comparison:
    """Fit and evaluate the baselines: at the run's own noise on all test images, at every level on some."""
    baselines = denoising_baselines.fit(split, config, NOISE_LEVELS)
    quality = evaluate_baselines(baselines, test, denoised, config)
    return Comparison(baselines, quality, evaluate_levels(net, baselines, test_subset(images), config))


def comparison_metrics(compared: Comparison) -> dict[str, Any]:
    return {"baselines": compared.quality, "by_noise": compared.levels}


def evaluate_baselines(
    baselines: Baselines, test: NoisyPair, denoised: np.ndarray, config: ConvDAE
) -> dict[str, dict[str, Any] | None]:
    """Return what metrics.json holds of the baselines at the run's own noise; None for a linear denoiser not fitted.

    denoised: the network's images, `(n, height, width)`, whose gain in dB over the linear denoiser has an interval if
        there are two or more.
    """
    filters = evaluate_filters(baselines.filters[config.noise], *test, config.threads)
    linear = baselines.linear
    if linear is None:
        return {**filters, "linear": None}
    errors = metrics.image_mse(test.clean, linear.denoise(test.noisy))
    gain = metrics.psnr_gain(errors, metrics.image_mse(test.clean, denoised), rng=stream("bootstrap", noise.TEST_SEED))
    return {
        **filters,
        "linear": {
            "psnr_db": metrics.psnr(float(errors.mean())),
            "setting": {"penalty": linear.penalty},
            "network_gain_db": gain,
        },
    }


def evaluate_levels(
    net: model.Denoiser, baselines: Baselines, images: np.ndarray, config: ConvDAE
) -> list[dict[str, Any]]:
    """Return PSNR of noisy and denoised images `(n, height, width)` uint8 at every noise level, one row per level."""
    clean, rows = to_float(images), []
    with console.progress("noise levels", len(NOISE_LEVELS)) as bar:
        for level in NOISE_LEVELS:
            rows.append(evaluate_level(net, baselines, noisy_pair(clean, config.noise_kind, level), level, config))
            bar.advance(1, f"noise {level}")
    return rows


def evaluate_level(
    net: model.Denoiser, baselines: Baselines, test: NoisyPair, level: float, config: ConvDAE
) -> dict[str, Any]:
    """Return PSNR of noisy and denoised images at one noise level, for which the filters alone were tuned."""
    filters = evaluate_filters(baselines.filters[level], *test, config.threads)
    linear = baselines.linear and metrics.psnr(metrics.mse(test.clean, baselines.linear.denoise(test.noisy)))
    return {
        "noise": level,
        "noisy_psnr_db": metrics.psnr(metrics.mse(*test)),
        "denoised_psnr_db": metrics.psnr(metrics.mse(test.clean, net.denoise(test.noisy))),
        "baselines": {**{name: each["psnr_db"] for name, each in filters.items()}, "linear": linear},
        "corrected_baselines": {name: each["corrected_psnr_db"] for name, each in filters.items()},
        "best_filter": filter_tuning.best(baselines.filters[level], corrected=False),
        "corrected_best_filter": filter_tuning.best(baselines.filters[level], corrected=True),
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
