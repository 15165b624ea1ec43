"""Exercise 1a-f: train the shallow dense autoencoder and evaluate it as compression."""

from typing import Any

import numpy as np
import tensorflow as tf

from pw13.config.settings import DenseAE
from pw13.data.images import IMAGES_PER_BLOCK, to_vectors
from pw13.experiments import dense_ae_codes, dense_ae_figures
from pw13.experiments import dense_ae_evaluation as evaluation
from pw13.experiments.model_files import save_models
from pw13.models import dense_ae as model
from pw13.runs import example_losses
from pw13.runs.folder import Run
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


def run_experiment(config: DenseAE, *, data: str | None, run: Run, lean: bool = False) -> dict[str, Any]:
    """Train and evaluate, fill the run folder, and return what metrics.json holds.

    lean: leave out figures and sizes, which are None in the metrics; `redraw` draws the figures later.
    """
    images, split = evaluation.load_split(data, config)
    evaluation.check_memory(split, config)
    run.record_data(images.source, images.notes, train=len(split.train_labels), validation=len(split.val_labels),
                  test=len(images.test_labels))  # fmt: skip
    models = model.build(split.val_images[0].size, config)
    run.save_text("summary.txt", model_summaries(models))

    result = fit(
        make_task(models, split.val_images, split.train_images, config),
        training_options(config, f"dense autoencoder, code {config.code_size}"),
        run=run,
        save=lambda best, last: save_models(run, models, best, last),
    )
    test = evaluation.evaluate(result.best, images, split, config)
    errors = {**training_metrics(result, models.autoencoder), **evaluation.errors(test, config)}
    example_losses.save(run, evaluation.losses(test, config))
    if lean:
        return {**errors, **dict.fromkeys((*evaluation.SIZES, "code_space"))}
    measured = evaluation.measure(test, config)
    run.save_figures(dense_ae_figures.draw(test, measured, result.history, config))
    run.save_arrays("map", evaluation.map_arrays(measured.code_map.result(), test, config))
    space = dense_ae_codes.measure(test, measured.code_map.result(), config)
    return {**errors, **evaluation.sizes(test, measured), "code_space": space}


def make_task(models: model.Autoencoder, val_images: np.ndarray, images: np.ndarray, config: DenseAE) -> TrainingTask:
    """Reconstruct the input. XLA fuses the small steps: 171,000 images/s against 119,000 without (two cores)."""
    loss, validation = shared(make_losses, config, images, val_images)
    return TrainingTask(
        parameters=models.autoencoder.trainable_variables,
        order=lambda epoch: shuffled_batches(len(images), config.batch_size, epoch_rng(config.seed, epoch)),
        loss=loss,
        carry=tuple,
        validation=validation,
        xla=True,
        steps_per_chunk=steps_per_chunk(images[0].size, config),
    )


def steps_per_chunk(pixels: int, config: DenseAE) -> int:
    """Return how many steps take about a second at 50 GFLOP/s, from the sizes of a step's matrix products."""
    step = config.batch_size * 2 * pixels * config.code_size
    return max(1, min(1000, round(5e10 / (6 * step))))


def make_losses(config: DenseAE, images: np.ndarray, val_images: np.ndarray) -> tuple[Loss, Validation]:
    """Return training and validation loss on `(n, height, width)` and `(m, height, width)` uint8."""
    pixels = as_tensor(images.reshape(len(images), -1))

    def loss(parameters, indices, carry, key):  # type: ignore[no-untyped-def]
        mask = tf.cast(indices >= 0, tf.float32)
        batch = tf.cast(tf.gather(pixels, tf.maximum(indices, 0)), tf.float32) / 255
        return tf.reduce_sum(model.losses(parameters, batch, config) * mask), tf.reduce_sum(mask), carry

    if len(val_images) <= IMAGES_PER_BLOCK:
        val_batch = tf.constant(to_vectors(val_images))

        def validate(parameters):  # type: ignore[no-untyped-def]
            return tf.reduce_mean(model.losses(parameters, val_batch, config))

        return loss, tf.function(validate, autograph=False)
    val_pixels = as_tensor(val_images.reshape(len(val_images), -1))

    def validate_rows(parameters, start, end):  # type: ignore[no-untyped-def]
        batch = tf.cast(val_pixels[start:end], tf.float32) / 255
        return tf.reduce_mean(model.losses(parameters, batch, config))

    return loss, mean_over_batches(validate_rows, len(val_images), IMAGES_PER_BLOCK)
