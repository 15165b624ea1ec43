"""Evaluation of a dense autoencoder: its errors next to PCA's, and its code as compression."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from pw13 import metrics
from pw13.baselines import image_compression, pca
from pw13.baselines.pca import PCA
from pw13.config.settings import DenseAE
from pw13.data.images import ImageSet, TrainValSplit, load_images, stratified_sample, to_vectors, train_val_split
from pw13.errors import UserError
from pw13.metrics import compression
from pw13.metrics.bootstrap import ExampleLosses
from pw13.metrics.rate_distortion import SAMPLE, Point, code_points, to_rows
from pw13.models import dense_ae_numpy
from pw13.system import memory
from pw13.system.cache import digest
from pw13.system.streams import stream

MAX_MAPPED = 1000  # test codes in the map; t-SNE of all would take minutes
RATE_SEED = 0  # of the test images of the rate and distortion, the same for every run
# What needs the pixels or codes of many images as floats is measured on at most so many: the ranges of codes on
# training images, file sizes on test images.
MAX_TRAIN, MAX_TEST = 60_000, 20_000
ROWS_PER_BLOCK = 8192  # validation images reconstructed at a time
SIZES = ("compression", "rate_distortion", "test_sample")  # the metrics that `sizes` returns


class Evaluation(NamedTuple):
    """A trained network and PCA on the images; `train`, `test` `(n, pixels)` float32 in [0, 1].

    train: the training images, of more than `MAX_TRAIN` a sample, stratified by class. val: `(n, height, width)` uint8.
    codes, test_codes: `(n, code_size)` float32. outputs: those of the test images, `(n, pixels)` float32.
    """

    net: dense_ae_numpy.Weights
    linear: PCA
    images: ImageSet
    train: np.ndarray
    val: np.ndarray
    test: np.ndarray
    codes: np.ndarray
    test_codes: np.ndarray
    outputs: np.ndarray


def load_split(data: str | None, config: DenseAE) -> tuple[ImageSet, TrainValSplit]:
    images = load_images(data)
    return images, train_val_split(
        images, share=config.validation_share, limit=config.limit, split_seed=config.split_seed
    )


def evaluate(weights: list[np.ndarray], images: ImageSet, split: TrainValSplit, config: DenseAE) -> Evaluation:
    """Encode and decode with the weights of the best epoch."""
    net = dense_ae_numpy.Weights(config.activation, *weights)
    linear = pca.fit_cached(split.train_images, _components(config))
    rows = stratified_sample(split.train_labels, MAX_TRAIN, rng=stream("rate-distortion", RATE_SEED, 0))
    train, test = to_vectors(split.train_images[rows]), to_vectors(images.test_images)
    codes, test_codes = net.encode(train), net.encode(test)
    return Evaluation(net, linear, images, train, split.val_images, test, codes, test_codes, net.decode(test_codes))


def check_memory(split: TrainValSplit, config: DenseAE) -> None:
    """Refuse before the training what PCA could not be fitted to after it.

    Raises:
        UserError: too little memory is free.
    """
    count, pixels = len(split.train_images), split.train_images[0].size
    needed, free = pca.memory(count, pixels, _components(config)), memory.free_memory()
    if needed > free:
        raise UserError(
            f"too little memory for PCA of {count:,} images of {pixels:,} pixels: expected {needed / 1e9:.1f} GB, "
            f"{free / 1e9:.1f} GB are free; use fewer with --limit, or smaller ones"
        )


def _components(config: DenseAE) -> int:
    return max(config.code_size, *image_compression.COMPONENTS)


class CodeMap(NamedTuple):
    """Test codes on the plane: `rows` `(n,)` of the test images, `places` `(n, 2)`."""

    rows: np.ndarray
    places: np.ndarray


def errors(part: Evaluation, config: DenseAE) -> dict[str, Any]:
    """Return the errors of network and PCA, keys as in metrics.json."""
    test_mse, same_size = metrics.mse(part.test, part.outputs), part.linear.truncate(config.code_size)
    return {
        "code_size": config.code_size,
        "test_mse": test_mse,
        "test_psnr_db": metrics.psnr(test_mse),
        "val_mse": reconstruction_mse(part.net, part.val),
        "pca_test_mse": metrics.mse(part.test, same_size.decode(same_size.encode(part.test))),
        "dead_units": dead_units(part.codes),
        "train_sample": len(part.codes),
    }


def dead_units(codes: np.ndarray) -> int | None:
    """Return how many values of codes `(n, size)` are constant; None for fewer than two codes, which show nothing."""
    return int(np.sum(codes.var(axis=0) < 1e-8)) if len(codes) > 1 else None


def losses(part: Evaluation, config: DenseAE) -> dict[str, ExampleLosses]:
    """Return the errors of network and PCA per test image."""
    same_size, images = part.linear.truncate(config.code_size), digest(part.images.test_images)
    outputs = {"test_mse": part.outputs, "pca_test_mse": same_size.decode(same_size.encode(part.test))}
    return {
        metric: ExampleLosses(metrics.image_mse(part.test, output), np.ones(len(output), np.uint8), images)
        for metric, output in outputs.items()
    }


def reconstruction_mse(net: dense_ae_numpy.Weights, images: np.ndarray) -> float:
    """Return the mean squared error over images `(n, height, width)` uint8, computed in blocks."""
    total = 0.0
    for start in range(0, len(images), ROWS_PER_BLOCK):
        pixels = to_vectors(images[start : start + ROWS_PER_BLOCK])
        total += np.square(pixels - net.decode(net.encode(pixels))).sum(dtype=np.float64)
    return float(total / images.size)


class Measured(NamedTuple):
    """What takes seconds and leaves Python's lock to others meanwhile: see `lossless_bytes`, `Point` and `CodeMap`."""

    files: Future[dict[str, float]]
    points: Future[dict[str, list[Point]]]
    code_map: Future[CodeMap]


def measure(part: Evaluation, config: DenseAE) -> Measured:
    """Begin to measure sizes, bytes against MSE by method, and the map of the test codes."""
    with_map, others = ThreadPoolExecutor(1), ThreadPoolExecutor(1)
    measured = Measured(
        points=others.submit(rate_distortion, part),
        files=others.submit(file_sizes, part.images),
        code_map=with_map.submit(project_codes, part, config),
    )
    for pool in (with_map, others):
        pool.shutdown(wait=False)
    return measured


def sizes(part: Evaluation, measured: Measured) -> dict[str, Any]:
    """Return the code's sizes, keys as in metrics.json."""
    rows, scale = size_sample(part.images), compression.scale_of(part.codes)
    images, codes = part.images.test_images[rows], part.test_codes[rows]
    return {
        "compression": compression.compression_metrics(
            images, codes, scale, part.net.decode, part.net.decoder_values, measured.files.result()
        ),
        "rate_distortion": to_rows(measured.points.result()),
        "test_sample": len(rows),
    }


def file_sizes(images: ImageSet) -> dict[str, float]:
    """Return the mean sizes of test images as lossless files; they depend on the data alone."""
    return image_compression.lossless_bytes(images.test_images[size_sample(images)])


def size_sample(images: ImageSet) -> np.ndarray:
    """Return the indices of the test images whose code and file sizes are compared."""
    return stratified_sample(images.test_labels, MAX_TEST, rng=stream("rate-distortion", RATE_SEED, 1))


def rate_distortion(part: Evaluation) -> dict[str, list[Point]]:
    """Measure bytes against MSE on a sample of the test images, by method."""
    test = part.test[rate_sample(part.images)]
    codes, sensitivity = (part.codes, part.net.encode(test)), np.linalg.norm(part.net.decoder_kernel, axis=1)
    return {
        "autoencoder": code_points(*codes, test, part.net.decode, sensitivity=sensitivity, unit="value"),
        "pca": image_compression.pca_points(part.linear, part.train, test),
        **file_points(part.images),
    }


def file_points(images: ImageSet) -> dict[str, list[Point]]:
    """Return the points of image files of the sample; they depend on the data alone."""
    sample = images.test_images[rate_sample(images)]
    return {format: image_compression.lossy_points(sample, format) for format in ("webp", "jpeg")}


def rate_sample(images: ImageSet) -> np.ndarray:
    """Return the indices of the test images whose bytes and MSE are measured."""
    return stratified_sample(images.test_labels, SAMPLE, rng=stream("rate-distortion", RATE_SEED))


def project_codes(part: Evaluation, config: DenseAE) -> CodeMap:
    """Project test codes to the plane by t-SNE (van der Maaten and Hinton, 2008); to one point if all are alike."""
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    rows = stratified_sample(part.images.test_labels, MAX_MAPPED, rng=stream("map", config.seed))
    perplexity, codes = min(30.0, max(1.0, (len(rows) - 1) / 3)), part.test_codes[rows]
    if codes.shape[1] < 2 or len(rows) < 4:
        return CodeMap(rows, np.pad(codes, ((0, 0), (0, 1)))[:, :2])
    spread = float(np.ptp(codes.astype(np.float64), axis=0).max()) if np.isfinite(codes).all() else 0.0
    if not spread:  # t-SNE starts at PCA divided by its deviation, and scikit-learn crashes on NaN
        return CodeMap(rows, np.zeros((len(rows), 2), np.float32))
    if not 1e-9 < spread < 1e9:  # float32 has no squares of such distances, and t-SNE is the same at any scale
        codes = ((codes.astype(np.float64) - codes[0]) / spread).astype(np.float32)
    tsne = TSNE(perplexity=perplexity, max_iter=500, random_state=config.seed)
    with threadpool_limits(1):  # more threads add forces in any order, and points move apart with the last bit
        return CodeMap(rows, tsne.fit_transform(codes))


def map_arrays(code_map: CodeMap, part: Evaluation, config: DenseAE) -> dict[str, np.ndarray]:
    """Return what `pw13 explore` shows besides the network: the map of codes, and PCA of the same size."""
    half, linear = np.float16, part.linear.truncate(config.code_size)  # half is enough for a picture
    return {"rows": code_map.rows, "tsne": code_map.places.astype(half), "pca_mean": linear.mean.astype(half),
            "pca_components": linear.components.astype(half)}  # fmt: skip
