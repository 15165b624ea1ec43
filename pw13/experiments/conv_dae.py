"""The convolutional denoising autoencoder: trained on noisy copies, measured beside classical filters, drawn."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from pw13 import metrics
from pw13.baselines import FILTER_NAMES
from pw13.config.settings import ConvDAE
from pw13.data.images import ImageSet, TrainValSplit, load_images, noise, to_float, train_val_split
from pw13.experiments import conv_dae_evaluation
from pw13.experiments.conv_dae_evaluation import Filtered, NoisyPair
from pw13.experiments.model_files import save_models
from pw13.figures import conv_dae as figures
from pw13.figures.loss_curves import loss_curves
from pw13.models import conv_dae as model
from pw13.runs.folder import Run
from pw13.training.fit import fit, model_summaries, training_metrics
from pw13.training.task import TrainingTask, epoch_rng, mean_over_batches, shuffled_batches, training_options


def run_experiment(config: ConvDAE, *, data: str | None, run: Run) -> dict[str, Any]:
    """Train, fill the run folder, and return the numbers of metrics.json."""
    images = load_images(data)
    part = train_val_split(images, share=config.validation_share, limit=config.limit, seed=config.seed)
    models = model.build(*images.train_images.shape[1:])
    run.record_data(images.source, images.notes, train=len(part.train_labels), validation=len(part.val_labels),
                  test=len(images.test_labels))  # fmt: skip
    run.update(sides=images.train_images.shape[1:])
    run.save_text("summary.txt", model.bottleneck_summary(models) + model_summaries(models))

    fitted = fit(
        make_task(models, part, config),
        training_options(config, f"conv denoiser, {config.noise_kind} noise {config.noise:g}"),
        run=run,
        save=lambda best, last: save_models(run, models, best, last),
    )
    net = model.Denoiser(fitted.best)
    test = conv_dae_evaluation.noisy_pair(to_float(images.test_images), config.noise_kind, config.noise)
    denoised = net.denoise(test.noisy)
    filtered = conv_dae_evaluation.apply_filters(test, part, config)
    levels = conv_dae_evaluation.evaluate_levels(net, conv_dae_evaluation.test_subset(images), part, config, filtered)

    save_figures(run, images, test, denoised, filtered, levels, fitted.history, config)
    return {
        **training_metrics(fitted, models.autoencoder),
        "noise": config.noise,
        "noise_kind": config.noise_kind,
        "val_mse": min(row["val_loss"] for row in fitted.history),
        **conv_dae_evaluation.psnr_ssim(test, denoised),
        "baselines": {name: {"psnr_db": each.psnr_db, "setting": each.setting} for name, each in filtered.items()},
        **conv_dae_evaluation.code_size(net, images, config),
        "by_noise": levels,
    }


def make_task(models: model.Autoencoder, part: TrainValSplit, config: ConvDAE) -> TrainingTask:
    """Find the clean image from a noisy one.

    No XLA: on two cores the layers ran at 187 to 420 images/s with it and at 370 to 610 with oneDNN's convolutions.
    """
    noisy_batch, count = noisy_batches(part, config), len(part.train_images)
    pixels = tf.constant(part.train_images[..., np.newaxis])
    clean = to_float(part.val_images)[..., np.newaxis]
    held = tf.constant(clean), tf.constant(noise.add_for_validation(clean, config.noise_kind, config.noise))

    def loss(parameters, rows, carry, key):  # type: ignore[no-untyped-def]
        there = tf.cast(rows >= 0, tf.float32)
        rows = tf.maximum(rows, 0)
        batch = tf.cast(tf.gather(pixels, rows), tf.float32) / 255
        errors = model.losses(parameters, noisy_batch(batch, rows, key), batch)
        return tf.reduce_sum(errors * there), tf.reduce_sum(there), carry

    def validation(parameters, first, last):  # type: ignore[no-untyped-def]
        return tf.reduce_mean(model.losses(parameters, held[1][first:last], held[0][first:last]))

    return TrainingTask(
        parameters=models.autoencoder.trainable_variables,
        order=lambda epoch: shuffled_batches(count, config.batch_size, epoch_rng(config.seed, epoch)),
        loss=loss,
        carry=tuple,
        validation=mean_over_batches(validation, len(clean), 256),
        xla=False,
        steps_per_chunk=max(1, 600_000 // (config.batch_size * part.train_images[0].size)),
    )


def noisy_batches(part: TrainValSplit, config: ConvDAE) -> Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]:
    """(batch, its rows, key) -> noisy batch: new noise from the key, or always the same with --fixed-noise."""
    if not config.fixed_noise:
        return lambda batch, rows, key: noise.add_in_graph(batch, config.noise_kind, config.noise, key)
    rng = np.random.default_rng([config.seed, 4])
    once = tf.constant(
        noise.add(to_float(part.train_images), config.noise_kind, config.noise, rng=rng)[..., np.newaxis]
    )
    return lambda batch, rows, key: tf.gather(once, rows)


def save_figures(
    run: Run,
    images: ImageSet,
    test: NoisyPair,
    denoised: np.ndarray,
    filtered: dict[str, Filtered],
    levels: list[dict[str, Any]],
    history: list[dict[str, float]],
    config: ConvDAE,
) -> None:
    """Denoised images beside the best classical filter's, the worst ones, PSNR against noise, the loss."""
    name = max(filtered, key=lambda each: filtered[each].psnr_db)
    best = {f"best filter:\n{FILTER_NAMES.get(name, name)}": filtered[name].images}
    rows = {"clean": test.clean, "noisy": test.noisy, "denoised": denoised, **best}
    run.save_figure("denoising", figures.denoising(rows, images.test_labels, images.classes))
    errors = metrics.image_mse(test.clean, denoised)
    run.save_figure("worst", figures.worst_cases(rows, errors, images.test_labels, images.classes))
    run.save_figure("psnr_against_noise", figures.psnr_against_noise(levels, config.noise, config.noise_kind))
    run.save_figure("loss", loss_curves(history, label="loss (mse)"))
