"""The convolutional denoising autoencoder: train it on noisy copies, compare it with filters and a linear denoiser."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from pw13 import metrics
from pw13.baselines import FILTER_NAMES
from pw13.config.settings import ConvDAE
from pw13.data.images import ImageSet, TrainValSplit, load_images, noise, to_float, train_val_split
from pw13.experiments import conv_dae_evaluation as evaluation
from pw13.experiments import denoising_baselines
from pw13.experiments.conv_dae_evaluation import NoisyPair
from pw13.experiments.denoising_baselines import Baselines
from pw13.experiments.model_files import save_models
from pw13.figures import conv_dae as figures
from pw13.figures.loss_curves import loss_curves
from pw13.models import conv_dae as model
from pw13.runs.folder import Run
from pw13.system.streams import stream
from pw13.training.fit import fit, model_summaries, training_metrics
from pw13.training.task import TrainingTask, epoch_rng, mean_over_batches, shuffled_batches, training_options


def run_experiment(config: ConvDAE, *, data: str | None, run: Run) -> dict[str, Any]:
    """Train and evaluate, fill the run folder, and return what metrics.json holds."""
    images = load_images(data)
    split = train_val_split(images, share=config.validation_share, limit=config.limit, split_seed=config.split_seed)
    models = model.build(*images.train_images.shape[1:])
    run.record_data(images.source, images.notes, train=len(split.train_labels), validation=len(split.val_labels),
                  test=len(images.test_labels))  # fmt: skip
    run.update(sides=images.train_images.shape[1:])
    run.save_text("summary.txt", model.bottleneck_summary(models) + model_summaries(models))

    result = fit(
        make_task(models, split, config),
        training_options(config, f"conv denoiser, {config.noise_kind} noise {config.noise:g}"),
        run=run,
        save=lambda best, last: save_models(run, models, best, last),
    )
    net = model.Denoiser(result.best)
    test = evaluation.noisy_pair(to_float(images.test_images), config.noise_kind, config.noise)
    denoised = net.denoise(test.noisy)
    baselines = denoising_baselines.fit(split, config, evaluation.NOISE_LEVELS)
    baseline_metrics = evaluation.evaluate_baselines(baselines, test, denoised, config)
    levels = evaluation.evaluate_levels(net, baselines, evaluation.test_subset(images), config)

    run.save_arrays("baselines", denoising_baselines.to_arrays(baselines))
    save_figures(run, images, test, denoised, best_baselines(baselines, baseline_metrics, config), levels,
                 result.history, config)  # fmt: skip
    return {
        **training_metrics(result, models.autoencoder),
        "noise": config.noise,
        "noise_kind": config.noise_kind,
        "val_mse": min(row["val_loss"] for row in result.history),
        **evaluation.psnr_ssim(test, denoised),
        "baselines": baseline_metrics,
        **evaluation.code_size(net, images, config),
        "by_noise": levels,
    }


def make_task(models: model.Autoencoder, split: TrainValSplit, config: ConvDAE) -> TrainingTask:
    """Reconstruct the clean image from a noisy one.

    No XLA: on two cores the layers ran at 187 to 420 images/s with it and at 370 to 610 with oneDNN's convolutions.
    """
    noisy_batch, count = noisy_batches(split, config), len(split.train_images)
    pixels = tf.constant(split.train_images[..., np.newaxis])
    val_images = to_float(split.val_images)[..., np.newaxis]
    val_clean = tf.constant(val_images)
    val_noisy = tf.constant(noise.add_for_validation(val_images, config.noise_kind, config.noise))

    def loss(parameters, indices, carry, key):  # type: ignore[no-untyped-def]
        mask = tf.cast(indices >= 0, tf.float32)
        indices = tf.maximum(indices, 0)
        clean = tf.cast(tf.gather(pixels, indices), tf.float32) / 255
        losses = model.losses(parameters, noisy_batch(clean, indices, key), clean)
        return tf.reduce_sum(losses * mask), tf.reduce_sum(mask), carry

    def validation(parameters, start, end):  # type: ignore[no-untyped-def]
        return tf.reduce_mean(model.losses(parameters, val_noisy[start:end], val_clean[start:end]))

    return TrainingTask(
        parameters=models.autoencoder.trainable_variables,
        order=lambda epoch: shuffled_batches(count, config.batch_size, epoch_rng(config.seed, epoch)),
        loss=loss,
        carry=tuple,
        validation=mean_over_batches(validation, len(val_images), 256),
        xla=False,
        steps_per_chunk=max(1, 600_000 // (config.batch_size * split.train_images[0].size)),
    )


def noisy_batches(split: TrainValSplit, config: ConvDAE) -> Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]:
    """Return (clean batch, its indices, key) -> noisy batch: noise from the key, or fixed with --fixed-noise."""
    if not config.fixed_noise:
        return lambda clean, indices, key: noise.add_in_graph(clean, config.noise_kind, config.noise, key)
    rng = stream("fixed noise", config.seed)
    noisy = noise.add(to_float(split.train_images), config.noise_kind, config.noise, rng=rng)
    fixed = tf.constant(noisy[..., np.newaxis])
    return lambda clean, indices, key: tf.gather(fixed, indices)


def best_baselines(
    baselines: Baselines, values: Mapping[str, Mapping[str, Any] | None], config: ConvDAE
) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """Return the best corrected filter and the linear denoiser, by their label in figures."""
    filters = baselines.filters[config.noise]
    best = max(filters, key=lambda name: (values[name] or {})["corrected_psnr_db"])
    label = f"{FILTER_NAMES.get(best, best)},\ngain and offset"
    linear = {"linear\ndenoiser": baselines.linear.denoise} if baselines.linear else {}
    return {label: filters[best].denoise, **linear}


def save_figures(
    run: Run,
    images: ImageSet,
    test: NoisyPair,
    denoised: np.ndarray,
    baselines: Mapping[str, Callable[[np.ndarray], np.ndarray]],
    levels: list[dict[str, Any]],
    history: list[dict[str, float]],
    config: ConvDAE,
) -> None:
    """Save denoised images beside those of the baselines, the worst cases, PSNR against noise, and the loss."""
    errors = metrics.image_mse(test.clean, denoised)
    shown = figures.shown_images(images.test_labels, errors)
    noisy, labels = test.noisy[shown], images.test_labels[shown]
    filtered = {label: denoise(noisy) for label, denoise in baselines.items()}
    rows = {"clean": test.clean[shown], "noisy": noisy, **filtered, "network": denoised[shown]}
    run.save_figure("denoising", figures.denoising(rows, labels, images.classes))
    run.save_figure("worst", figures.worst_cases(rows, errors[shown], labels, images.classes))
    run.save_figure("psnr_against_noise", figures.psnr_against_noise(levels, config.noise, config.noise_kind))
    run.save_figure("loss", loss_curves(history, label="loss (mse)"))
