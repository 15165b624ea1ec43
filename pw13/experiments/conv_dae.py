"""The convolutional denoising autoencoder: trained on noisy copies, measured beside classical filters, drawn."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from pw13 import compression, console, metrics, training
from pw13.baselines import denoisers
from pw13.config import ConvDAE
from pw13.data import images as image_sets
from pw13.data import noise
from pw13.data.images import scaled
from pw13.figures import conv_dae as figures
from pw13.figures import curves
from pw13.models import conv_dae as model
from pw13.runs import Run

LEVELS = tuple(round(0.1 * i, 1) for i in range(1, 10))
TUNED_ON = 500  # validation images on which a filter's setting is chosen
SAMPLED = 1000  # test images measured at each level of LEVELS, and entropy-coded


def perform(config: ConvDAE, *, data: str | None, run: Run) -> dict[str, Any]:
    """Train, fill the run folder, and return the numbers of metrics.json."""
    images = image_sets.load_images(data)
    part = image_sets.parts(images, share=config.validation_share, limit=config.limit, seed=config.seed)
    models = model.build(*images.train_images.shape[1:])
    run.note_data(images.source, images.notes, train=len(part.train_labels), validation=len(part.val_labels),
                  test=len(images.test_labels))  # fmt: skip
    run.update(sides=images.train_images.shape[1:])
    run.save_text("summary.txt", model.diabolo(models) + training.summaries(models))

    fitted = training.fit(
        problem(models, part, config),
        training.plan(config, f"conv denoiser, {config.noise_kind} noise {config.noise:g}"),
        run=run,
        save=lambda best, last: save(run, models, best, last),
    )
    net = model.Denoiser(fitted.best)
    test = pair(scaled(images.test_images), config.noise_kind, config.noise)
    denoised = net.denoise(test.noisy)
    filtered = all_filtered(test, part, config)
    levels = by_level(net, sampled(images), part, config, {name: each.setting for name, each in filtered.items()})

    draw(run, images, test, denoised, filtered, levels, fitted.history, config)
    return {
        **training.metrics(fitted, models.autoencoder),
        "noise": config.noise,
        "noise_kind": config.noise_kind,
        **quality(test, denoised),
        "baselines": {name: {"psnr_db": each.psnr_db, "setting": each.setting} for name, each in filtered.items()},
        **code_size(net, images, config),
        "by_noise": levels,
    }


class Pair(NamedTuple):
    """Clean images and their noisy copies, `(n, height, width)` float32 in [0, 1] each."""

    clean: np.ndarray
    noisy: np.ndarray


class Filtered(NamedTuple):
    """What one classical filter made of the noisy test images, and with which setting."""

    images: np.ndarray
    psnr_db: float
    setting: dict[str, float]


def problem(models: model.Autoencoder, part: image_sets.Parts, config: ConvDAE) -> training.Problem:
    """Find the clean image from a noisy one.

    No XLA: it has no oneDNN convolutions and reaches less than half the images/s on two cores.
    """
    noisy_batch, count = noisy_batches(part, config), len(part.train_images)
    pixels = tf.constant(part.train_images[..., np.newaxis])
    clean = scaled(part.val_images)[..., np.newaxis]
    held = tf.constant(clean), tf.constant(noise.add_for_validation(clean, config.noise_kind, config.noise))

    def loss(parameters, rows, carry, key):  # type: ignore[no-untyped-def]
        there = tf.cast(rows >= 0, tf.float32)
        rows = tf.maximum(rows, 0)
        batch = tf.cast(tf.gather(pixels, rows), tf.float32) / 255
        errors = model.errors(parameters, noisy_batch(batch, rows, key), batch)
        return tf.reduce_sum(errors * there), tf.reduce_sum(there), carry

    def validation(parameters, first, last):  # type: ignore[no-untyped-def]
        return tf.reduce_mean(model.errors(parameters, held[1][first:last], held[0][first:last]))

    return training.Problem(
        parameters=models.autoencoder.trainable_variables,
        order=lambda epoch: training.shuffled(count, config.batch_size, training.epoch_rng(config.seed, epoch)),
        loss=loss,
        carry=tuple,
        validation=training.in_batches(validation, len(clean), 256),
        xla=False,
        steps_per_chunk=max(1, 600_000 // (config.batch_size * part.train_images[0].size)),
    )


def noisy_batches(part: image_sets.Parts, config: ConvDAE) -> Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]:
    """(batch, its rows, key) -> noisy batch: new noise from the key, or always the same with --fixed-noise."""
    if not config.fixed_noise:
        return lambda batch, rows, key: noise.add_in_graph(batch, config.noise_kind, config.noise, key)
    rng = np.random.default_rng([config.seed, 4])
    once = tf.constant(noise.add(scaled(part.train_images), config.noise_kind, config.noise, rng=rng)[..., np.newaxis])
    return lambda batch, rows, key: tf.gather(once, rows)


def save(run: Run, models: model.Autoencoder, best: list[np.ndarray], last: list[np.ndarray]) -> None:
    """model.keras of the last epoch; best.keras, encoder.keras and decoder.keras of the best one."""
    models.autoencoder.set_weights(last)
    run.save_model("model", models.autoencoder)
    models.autoencoder.set_weights(best)
    run.save_model("best", models.autoencoder)
    run.save_model("encoder", models.encoder)
    run.save_model("decoder", models.decoder)


def pair(clean: np.ndarray, kind: str, level: float) -> Pair:
    return Pair(clean, noise.add_for_test(clean, kind, level))


def sampled(images: image_sets.ImageSet) -> np.ndarray:
    """The test images measured at every level: the same for every run, `(n, height, width)` uint8."""
    rows = image_sets.stratified(images.test_labels, SAMPLED, rng=np.random.default_rng(noise.TEST_SEED))
    return images.test_images[rows]


def quality(test: Pair, denoised: np.ndarray) -> dict[str, float]:
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
    own_settings: dict[str, dict[str, float]],
) -> list[dict[str, Any]]:
    """PSNR of the noisy images, of the network's and of each filter's, at every level of noise."""
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
        "png_bytes": compression.mean_bytes(pixels, "PNG", optimize=True),
    }


def draw(
    run: Run,
    images: image_sets.ImageSet,
    test: Pair,
    denoised: np.ndarray,
    filtered: dict[str, Filtered],
    levels: list[dict[str, Any]],
    history: list[dict[str, float]],
    config: ConvDAE,
) -> None:
    """Denoised images beside the best classical filter's, the worst ones, PSNR against noise, the loss."""
    name = max(filtered, key=lambda each: filtered[each].psnr_db)
    best = {f"best filter:\n{name}": filtered[name].images}
    rows = {"clean": test.clean, "noisy": test.noisy, "denoised": denoised, **best}
    run.save_figure("denoising", figures.denoising(rows, images.test_labels, images.classes))
    errors = metrics.image_mse(test.clean, denoised)
    run.save_figure("worst", figures.worst_cases(rows, errors, images.test_labels, images.classes))
    run.save_figure("psnr_against_noise", figures.psnr_against_noise(levels, config.noise, config.noise_kind))
    run.save_figure("loss", curves.loss_curves(history, label="loss (mse)"))
