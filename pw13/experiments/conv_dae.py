"""The convolutional denoising autoencoder: train it on noisy copies, compare it with filters and a linear denoiser."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import tensorflow as tf

from pw13.config.settings import ConvDAE
from pw13.data.images import TrainValSplit, noise, to_float
from pw13.experiments import conv_dae_evaluation as evaluation
from pw13.experiments import conv_dae_figures, denoising_baselines
from pw13.experiments.model_files import save_models
from pw13.models import conv_dae as model
from pw13.runs import example_losses
from pw13.runs.folder import Run
from pw13.system.streams import stream
from pw13.training.fit import fit, model_summaries, training_metrics
from pw13.training.shared import shared
from pw13.training.task import (
    Loss,
    TrainingTask,
    Validation,
    epoch_rng,
    mean_over_batches,
    shuffled_batches,
    training_options,
)
from pw13.training.tensors import as_tensor


def run_experiment(config: ConvDAE, *, data: str | None, run: Run, lean: bool = False) -> dict[str, Any]:
    """Train and evaluate, fill the run folder, and return what metrics.json holds.

    lean: leave out figures, baselines and sizes, which are None in the metrics; `redraw` draws the figures later.
    """
    images, split = evaluation.load_split(data, config)
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
    example_losses.save(run, {"test_mse": evaluation.losses(test, denoised)})
    quality = {
        **training_metrics(result, models.autoencoder),
        "noise": config.noise,
        "noise_kind": config.noise_kind,
        "test_sample": len(images.test_labels),
        "val_mse": min(row["val_loss"] for row in result.history),
        **evaluation.psnr_ssim(test, denoised),
    }
    if lean:
        return {**quality, **dict.fromkeys(evaluation.COMPARISONS)}
    compared = evaluation.compare(net, test, denoised, images, split, config)
    run.save_arrays("baselines", denoising_baselines.to_arrays(compared.baselines))
    with ThreadPoolExecutor(1) as pool:  # LZMA leaves Python's lock to the drawing
        sizes = pool.submit(evaluation.code_size, net, images, config)
        run.save_figures(conv_dae_figures.draw(compared, images, test, denoised, result.history, config))
    return {**quality, **evaluation.comparison_metrics(compared), **sizes.result()}


def make_task(models: model.Autoencoder, split: TrainValSplit, config: ConvDAE) -> TrainingTask:
    """Reconstruct the clean image from a noisy one.

    No XLA: on two cores the layers ran at 187 to 420 images/s with it and at 370 to 610 with oneDNN's convolutions.
    """
    count = len(split.train_images)
    loss, validation = shared(make_losses, config, split.train_images, split.val_images, *fixed_noise(split, config))
    return TrainingTask(
        parameters=models.autoencoder.trainable_variables,
        order=lambda epoch: shuffled_batches(count, config.batch_size, epoch_rng(config.seed, epoch)),
        loss=loss,
        carry=tuple,
        validation=validation,
        xla=False,
        steps_per_chunk=max(1, 600_000 // (config.batch_size * split.train_images[0].size)),
    )


def make_losses(
    config: ConvDAE, images: np.ndarray, val_images: np.ndarray, *fixed: np.ndarray
) -> tuple[Loss, Validation]:
    """Return training and validation loss on `(n, height, width)` uint8 each, with noise from the key, or `fixed`."""
    pixels = as_tensor(images.reshape(*images.shape, 1))
    val_images = to_float(val_images.reshape(*val_images.shape, 1))
    val_clean = as_tensor(val_images)
    val_noisy = as_tensor(noise.add_for_validation(val_images, config.noise_kind, config.noise))
    noisy = [as_tensor(images.reshape(*images.shape, 1)) for images in fixed]

    def loss(parameters, indices, carry, key):  # type: ignore[no-untyped-def]
        mask = tf.cast(indices >= 0, tf.float32)
        indices = tf.maximum(indices, 0)
        clean = tf.cast(tf.gather(pixels, indices), tf.float32) / 255
        batch = (
            tf.gather(noisy[0], indices) if noisy else noise.add_in_graph(clean, config.noise_kind, config.noise, key)
        )
        return tf.reduce_sum(model.losses(parameters, batch, clean) * mask), tf.reduce_sum(mask), carry

    def validation(parameters, start, end):  # type: ignore[no-untyped-def]
        return tf.reduce_mean(model.losses(parameters, val_noisy[start:end], val_clean[start:end]))

    return loss, mean_over_batches(validation, len(val_images), 256)


def fixed_noise(split: TrainValSplit, config: ConvDAE) -> list[np.ndarray]:
    """Return the noisy training images of --fixed-noise, `(n, height, width)` float32 in [0, 1]; nothing without it."""
    if not config.fixed_noise:
        return []
    rng = stream("fixed noise", config.seed)
    return [noise.add(to_float(split.train_images), config.noise_kind, config.noise, rng=rng)]
