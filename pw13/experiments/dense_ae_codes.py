"""What the codes of a dense autoencoder are like: where classes lie, and what decodes from codes of no image."""

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pw13.baselines import pca
from pw13.config.settings import DenseAE
from pw13.data.images import stratified_sample
from pw13.experiments.dense_ae_evaluation import CodeMap, Evaluation
from pw13.metrics.intervals import mean_interval
from pw13.system.streams import stream

SHOWN = 10  # images per row of the figure, and classes in it
SAMPLE = 200  # codes of each kind whose images are compared with training images
MAX_TRAIN = 10_000  # training images that the nearest one is sought among
NEIGHBOURS = 10

Floats = npt.NDArray[np.float32]


class Codes(NamedTuple):
    """Codes of no image, `(n, code_size)` float32.

    means: of each class. path: on the line between the first test letters of the first and the last class.
    midpoints: halfway between pairs of test letters of two classes. random: drawn from a normal distribution with mean
    and covariance of the training codes.
    """

    means: Floats
    path: Floats
    midpoints: Floats
    random: Floats


def codes_of_no_image(part: Evaluation, config: DenseAE) -> Codes:
    """Return codes that belong to no image."""
    labels, codes = part.images.test_labels, part.test_codes
    present = np.unique(labels)
    means = np.array([codes[labels == label].mean(axis=0) for label in present])
    first, last = (codes[np.flatnonzero(labels == label)[0]] for label in present[[0, -1]])
    shares = np.linspace(0, 1, SHOWN, dtype=np.float32)[:, None]
    center = part.codes.mean(axis=0)
    rng = stream("random codes", config.seed)
    # Normal with their covariance, which itself would be (code_size, code_size); of a single code: the code.
    mixing = rng.standard_normal((SAMPLE, len(part.codes)), dtype=np.float32)
    mixing -= mixing.mean(axis=1, keepdims=True)
    random = center + mixing @ part.codes / np.float32(math.sqrt(max(1, len(part.codes) - 1)))
    one, other = rng.integers(0, len(codes), (2, SAMPLE))
    different = labels[one] != labels[other]
    midpoints = (codes[one[different]] + codes[other[different]]) / 2
    return Codes(means, (1 - shares) * first + shares * last, midpoints, random)


def measure(part: Evaluation, code_map: CodeMap, config: DenseAE) -> dict[str, Any]:
    """Return `code_space` in metrics.json.

    `neighbours`: of the `count` nearest neighbours of a mapped test letter among the `letters` on the map, the share
    that is of its class: by code, on the map, along the first two principal components of the codes, and by pixels.
    `nearest_mse`: the mean squared error between a decoded code and the nearest of `images` training images: of test
    letters, of classes' means, halfway between two letters of different classes, and of random codes. Each is a mean
    over letters or codes with its 95 % interval; None without any.
    """
    labels, codes = part.images.test_labels[code_map.rows], part.test_codes[code_map.rows]
    places = {
        "codes": codes,
        "tsne": code_map.places,
        "pca": principal(part, code_map),
        "pixels": part.test[code_map.rows],
    }
    free, known = codes_of_no_image(part, config), part.train[:: -(-len(part.train) // MAX_TRAIN)]
    letters = codes[stratified_sample(labels, SAMPLE, rng=stream("nearest letters", config.seed))]
    decoded = {"letters": letters, "means": free.means, "midpoints": free.midpoints, "random": free.random}
    shares = {name: _interval(shares_of_class(points, labels)) for name, points in places.items()}
    errors = {name: _interval(nearest_mse(part.net.decode(each), known)) for name, each in decoded.items()}
    return {
        "neighbours": {"count": min(NEIGHBOURS, len(labels) - 1), "letters": len(labels), **shares},
        "nearest_mse": {"images": len(known), **errors},
    }


def _interval(values: npt.NDArray[np.float64]) -> dict[str, object] | None:
    return mean_interval(values.tolist()).as_json() if len(values) else None


def shares_of_class(points: Floats, labels: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return the share of each point's nearest others that have its label, `(n,)`; `(0,)` for a single point.

    points: `(n, dimensions)`. labels: `(n,)`.
    """
    count = min(NEIGHBOURS, len(points) - 1)
    if count < 1:
        return np.empty(0)
    distances = _squared_distances(points, points)
    np.fill_diagonal(distances, np.inf)
    nearest = np.argpartition(distances, count - 1, axis=1)[:, :count]
    shares: npt.NDArray[np.float64] = np.mean(labels[nearest] == labels[:, None], axis=1)
    return shares


def nearest_mse(outputs: Floats, images: Floats) -> npt.NDArray[np.float64]:
    """Return the MSE between each output and the nearest image, `(n,)`; both `(n, pixels)` float32 in [0, 1]."""
    nearest = _squared_distances(outputs, images).argmin(axis=1)
    errors: npt.NDArray[np.float64] = np.mean(np.square(outputs - images[nearest]), axis=1, dtype=np.float64)
    return errors


def _squared_distances(points: Floats, others: Floats) -> Floats:
    """Return the squared Euclidean distances `(n, m)` between rows."""
    squares = [np.square(rows).sum(axis=1) for rows in (points, others)]
    distances: Floats = squares[0][:, None] - 2 * points @ others.T + squares[1]
    return distances


def principal(part: Evaluation, code_map: CodeMap) -> np.ndarray:
    """Return the first two principal components of the mapped test codes, `(n, 2)`; zeros where there is only one."""
    return pca.project(part.test_codes[code_map.rows], 2)
