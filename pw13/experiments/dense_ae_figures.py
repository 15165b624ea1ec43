"""The figures of a dense autoencoder's run."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from pw13.config.settings import DenseAE
from pw13.experiments import dense_ae_codes
from pw13.experiments import dense_ae_evaluation as evaluation
from pw13.experiments.dense_ae_codes import SHOWN
from pw13.experiments.dense_ae_evaluation import Evaluation, Measured
from pw13.figures import dense_ae as figures
from pw13.figures.loss_curves import loss_curves
from pw13.inference.trained_run import read_best_weights
from pw13.models import dense_ae_numpy
from pw13.runs import comparison
from pw13.runs.folder import NamedFigure
from pw13.runs.record import Record, check_same_data


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
    present = [classes[label] for label in np.unique(labels)[:SHOWN]]  # a test file may lack a class
    yield "code_space", figures.code_space(*decoded_codes(part, config), present)
    yield "units", figures.unit_effects(unit_changes(part.net, part.codes, images.shape))
    yield "rate_distortion", figures.rate_distortion(measured.points.result(), f"code size {config.code_size}")
    code_map = measured.code_map.result()
    principal = dense_ae_codes.principal(part, code_map)
    yield "codes", figures.code_map(code_map.places, principal, labels[code_map.rows], classes)


def redraw(config: DenseAE, record: Record, *, data: str | None) -> Iterator[NamedFigure]:
    """Draw the figures of a finished run from its folder, as the run itself draws them."""
    images, split = evaluation.load_split(data, config)
    check_same_data(record, images.source)
    weights = read_best_weights(record, dense_ae_numpy.weight_specs(images.test_images[0].size, config))
    test = evaluation.evaluate(weights, images, split, config)
    return draw(test, evaluation.measure(test, config), comparison.history(record.folder), config)


def decoded_codes(part: Evaluation, config: DenseAE) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Decode mean codes, codes between two letters, and random codes: at most `SHOWN` images of each."""
    codes, shape = dense_ae_codes.codes_of_no_image(part, config), part.images.test_images.shape[1:]
    means, path, random = (part.net.decode(rows[:SHOWN]) for rows in (codes.means, codes.path, codes.random))
    return means.reshape(-1, *shape), path.reshape(-1, *shape), random.reshape(-1, *shape)


def unit_changes(net: dense_ae_numpy.Weights, codes: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return how the output changes as a unit goes from mean - 2 std to mean + 2 std: `(units, h, w)` float32.

    Of at most as many units as are drawn.
    """
    mean, deviations = codes.mean(axis=0), codes.std(axis=0)
    steps = 2 * deviations * np.eye(min(figures.MAX_UNITS, len(mean)), len(mean), dtype=np.float32)
    changes: np.ndarray = net.decode(mean + steps) - net.decode(mean - steps)
    return changes.reshape(-1, *shape[1:])
