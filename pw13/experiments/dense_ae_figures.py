"""The figures of a dense autoencoder's run."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from pw13.baselines import pca
from pw13.config.settings import DenseAE
from pw13.experiments.dense_ae_evaluation import CodeMap, Evaluation, Measured
from pw13.figures import dense_ae as figures
from pw13.figures.loss_curves import loss_curves
from pw13.models import dense_ae_numpy
from pw13.runs.folder import NamedFigure
from pw13.system.streams import stream

SHOWN = 10  # images per row of the figure of codes that belong to no image


def draw(
    part: Evaluation, measured: Measured, history: Sequence[Mapping[str, float]], config: DenseAE
) -> Iterator[NamedFigure]:
    """Draw inputs above outputs (one per class, best and worst), loss, codes in several ways, units, bytes."""
    images, labels, classes = part.images.test_images, part.images.test_labels, part.images.classes
    errors = np.mean(np.square(part.outputs - part.test), axis=1)
    pairs = part.test.reshape(images.shape), part.outputs.reshape(images.shape)
    yield "reconstructions", figures.reconstructions(*pairs, labels, classes)
    yield "best_and_worst", figures.best_and_worst(*pairs, errors, labels, classes)
    yield "loss", loss_curves(history, label=f"loss ({config.loss})")
    yield "code_space", figures.code_space(*decoded_codes(part, config), classes[:SHOWN])
    yield "units", figures.unit_effects(unit_changes(part.net, part.codes, images.shape))
    yield "rate_distortion", figures.rate_distortion(measured.points.result(), f"code size {config.code_size}")
    code_map = measured.code_map.result()
    yield "codes", figures.code_map(code_map.places, principal(part, code_map), labels[code_map.rows], classes)


def principal(part: Evaluation, code_map: CodeMap) -> np.ndarray:
    """Return the first two principal components of the mapped test codes, `(n, 2)`; zeros where there is only one."""
    codes = part.test_codes[code_map.rows]
    points = pca.fit(codes, 2).encode(codes)
    return np.pad(points, ((0, 0), (0, 2 - points.shape[1])))


def decoded_codes(part: Evaluation, config: DenseAE) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Decode codes that belong to no image, each `(n, height, width)` in [0, 1].

    They are the mean code of each class, codes on the line between the first test letters of two classes, and codes
    drawn from a normal distribution with mean and covariance of the training codes.
    """
    labels, shape = part.images.test_labels, part.images.test_images.shape[1:]
    present = np.unique(labels)
    means = np.array([part.test_codes[labels == label].mean(axis=0) for label in present[:SHOWN]])
    first, last = (part.test_codes[np.flatnonzero(labels == label)[0]] for label in present[[0, -1]])
    shares = np.linspace(0, 1, SHOWN, dtype=np.float32)[:, None]
    path = (1 - shares) * first + shares * last
    rng = stream("random codes", config.seed)
    covariance = np.atleast_2d(np.cov(part.codes, rowvar=False))
    random = rng.multivariate_normal(part.codes.mean(axis=0), covariance, SHOWN, method="eigh").astype(np.float32)
    means, path, random = (part.net.decode(codes).reshape(-1, *shape) for codes in (means, path, random))
    return means, path, random


def unit_changes(net: dense_ae_numpy.Weights, codes: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return how the output changes as a unit goes from mean - 2 std to mean + 2 std: `(units, h, w)` float32."""
    mean, steps = codes.mean(axis=0), 2 * np.diag(codes.std(axis=0))
    changes: np.ndarray = net.decode(mean + steps) - net.decode(mean - steps)
    return changes.reshape(-1, *shape[1:])
