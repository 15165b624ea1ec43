"""Exercise 1a-f: train the shallow dense autoencoder and evaluate it as compression."""

from typing import Any

import numpy as np
import tensorflow as tf

from pw13 import metrics
from pw13.baselines import image_compression, pca
from pw13.config.settings import DenseAE
from pw13.data.images import ImageSet, load_images, stratified_sample, to_vectors, train_val_split
from pw13.experiments.model_files import save_models
from pw13.figures import dense_ae as figures
from pw13.figures.loss_curves import loss_curves
from pw13.metrics import compression
from pw13.metrics.rate_distortion import Point, code_points, to_rows
from pw13.models import dense_ae as model
from pw13.models import dense_ae_numpy
from pw13.runs.folder import Run
from pw13.system.streams import stream
from pw13.training.fit import fit, model_summaries, training_metrics
from pw13.training.task import TrainingTask, epoch_rng, shuffled_batches, training_options

MAX_MAPPED = 1000  # test codes in the map; t-SNE of all would take minutes
RATE_SAMPLE, RATE_SEED = 1000, 0  # test images of the rate and distortion, the same for every run


def run_experiment(config: DenseAE, *, data: str | None, run: Run) -> dict[str, Any]:
    """Train and evaluate, fill the run folder, and return what metrics.json holds."""
    images = load_images(data)
    split = train_val_split(images, share=config.validation_share, limit=config.limit, split_seed=config.split_seed)
    run.record_data(images.source, images.notes, train=len(split.train_labels), validation=len(split.val_labels),
                  test=len(images.test_labels))  # fmt: skip
    models = model.build(to_vectors(split.val_images).shape[1], config)
    run.save_text("summary.txt", model_summaries(models))

    result = fit(
        make_task(models, to_vectors(split.val_images), split.train_images, config),
        training_options(config, f"dense autoencoder, code {config.code_size}"),
        run=run,
        save=lambda best, last: save_models(run, models, best, last),
    )
    net = dense_ae_numpy.Weights(config.activation, *result.best)
    train, test = to_vectors(split.train_images), to_vectors(images.test_images)
    codes, test_codes = net.encode(train), net.encode(test)
    outputs = net.decode(test_codes)
    linear = pca.fit(train, max(config.code_size, *image_compression.COMPONENTS))
    same_size = linear.truncate(config.code_size)
    points = rate_distortion(net, linear, train, images)

    save_figures(run, images, outputs, result.history, config)
    rows, places = project_codes(test_codes, images.test_labels, config)
    run.save_figure("codes", figures.code_map(places, images.test_labels[rows], images.classes))
    run.save_arrays("map", map_arrays(rows, places, same_size))
    run.save_figure("units", figures.unit_effects(unit_changes(net, codes, images.test_images.shape)))
    run.save_figure("rate_distortion", figures.rate_distortion(points, f"code size {config.code_size}"))
    test_mse = metrics.mse(test, outputs)
    return {
        **training_metrics(result, models.autoencoder),
        "code_size": config.code_size,
        "test_mse": test_mse,
        "test_psnr_db": metrics.psnr(test_mse),
        "val_mse": metrics.mse(to_vectors(split.val_images), net.decode(net.encode(to_vectors(split.val_images)))),
        "pca_test_mse": metrics.mse(test, same_size.decode(same_size.encode(test))),
        "dead_units": int(np.sum(codes.var(axis=0) < 1e-8)),
        "compression": compression.compression_metrics(
            images.test_images, test_codes, compression.scale_of(codes), net.decode, net.decoder_values,
            image_compression.lossless_bytes(images.test_images),
        ),
        "rate_distortion": to_rows(points),
    }  # fmt: skip


def make_task(models: model.Autoencoder, val_images: np.ndarray, images: np.ndarray, config: DenseAE) -> TrainingTask:
    """Reconstruct the input. XLA fuses the small steps: 171,000 images/s against 119,000 without (two cores)."""
    pixels = tf.constant(images.reshape(len(images), -1))

    def loss(parameters, indices, carry, key):  # type: ignore[no-untyped-def]
        mask = tf.cast(indices >= 0, tf.float32)
        batch = tf.cast(tf.gather(pixels, tf.maximum(indices, 0)), tf.float32) / 255
        return tf.reduce_sum(model.losses(parameters, batch, config) * mask), tf.reduce_sum(mask), carry

    val_batch = tf.constant(val_images)
    return TrainingTask(
        parameters=models.autoencoder.trainable_variables,
        order=lambda epoch: shuffled_batches(len(images), config.batch_size, epoch_rng(config.seed, epoch)),
        loss=loss,
        carry=tuple,
        validation=tf.function(lambda parameters: tf.reduce_mean(model.losses(parameters, val_batch, config))),
        xla=True,
        steps_per_chunk=1000,
    )


def rate_distortion(
    net: dense_ae_numpy.Weights, linear: pca.PCA, train: np.ndarray, images: ImageSet
) -> dict[str, list[Point]]:
    """Measure bytes against MSE on a sample of the test images, by method. train: `(n, pixels)` float32 in [0, 1]."""
    rows = stratified_sample(images.test_labels, RATE_SAMPLE, rng=stream("rate-distortion", RATE_SEED))
    sample, test = images.test_images[rows], to_vectors(images.test_images[rows])
    codes, sensitivity = (net.encode(train), net.encode(test)), np.linalg.norm(net.decoder_kernel, axis=1)
    return {
        "autoencoder": code_points(*codes, test, net.decode, sensitivity=sensitivity, unit="value"),
        "pca": image_compression.pca_points(linear, train, test),
        "webp": image_compression.lossy_points(sample, "webp"),
        "jpeg": image_compression.lossy_points(sample, "jpeg"),
    }


def save_figures(
    run: Run, images: ImageSet, outputs: np.ndarray, history: list[dict[str, float]], config: DenseAE
) -> None:
    """Save inputs above outputs (one per class, best and worst) and the loss curves."""
    inputs = to_vectors(images.test_images)
    errors = np.mean(np.square(outputs - inputs), axis=1)
    pairs = inputs.reshape(images.test_images.shape), outputs.reshape(images.test_images.shape)
    run.save_figure("reconstructions", figures.reconstructions(*pairs, images.test_labels, images.classes))
    run.save_figure("best_and_worst", figures.best_and_worst(*pairs, errors, images.test_labels, images.classes))
    run.save_figure("loss", loss_curves(history, label=f"loss ({config.loss})"))


def project_codes(codes: np.ndarray, labels: np.ndarray, config: DenseAE) -> tuple[np.ndarray, np.ndarray]:
    """Project test codes to the plane by t-SNE (van der Maaten and Hinton, 2008).

    Return the rows of the test images `(n,)` and their points `(n, 2)`.
    """
    from sklearn.manifold import TSNE

    indices = stratified_sample(labels, MAX_MAPPED, rng=stream("map", config.seed))
    perplexity = min(30.0, max(1.0, (len(indices) - 1) / 3))
    if codes.shape[1] < 2 or len(indices) < 4:
        return indices, np.pad(codes[indices], ((0, 0), (0, 1)))[:, :2]
    tsne = TSNE(perplexity=perplexity, max_iter=500, random_state=config.seed)
    return indices, tsne.fit_transform(codes[indices])


def map_arrays(rows: np.ndarray, points: np.ndarray, linear: pca.PCA) -> dict[str, np.ndarray]:
    """Return what `pw13 explore` shows besides the network: the map of codes, and PCA of the same size."""
    half = np.float16  # enough for a picture, and half the size
    return {"rows": rows, "tsne": points.astype(half), "pca_mean": linear.mean.astype(half),
            "pca_components": linear.components.astype(half)}  # fmt: skip


def unit_changes(net: dense_ae_numpy.Weights, codes: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return how the output changes as a unit goes from mean - 2 std to mean + 2 std: `(units, h, w)` float32."""
    mean, steps = codes.mean(axis=0), 2 * np.diag(codes.std(axis=0))
    changes: np.ndarray = net.decode(mean + steps) - net.decode(mean - steps)
    return changes.reshape(-1, *shape[1:])
