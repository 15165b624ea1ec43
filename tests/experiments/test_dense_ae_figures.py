"""The figures of a dense run show what they say."""

import itertools

import numpy as np

from pw13.baselines import pca
from pw13.config.settings import DenseAE
from pw13.data.images import ImageSet, to_vectors
from pw13.data.source import Source
from pw13.experiments import dense_ae_figures
from pw13.experiments.dense_ae_evaluation import Evaluation
from pw13.models.dense_ae_numpy import Weights


def evaluation(labels: np.ndarray, classes: tuple[str, ...]) -> Evaluation:
    """Return an untrained network of three code values on random images of 4x4 pixels."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (len(labels), 4, 4)).astype(np.uint8)
    rows = to_vectors(images)
    weights = [rng.normal(size=shape).astype(np.float32) for shape in ((16, 3), (3,), (3, 16), (16,))]
    net = Weights("linear", *weights)
    data = ImageSet(images, labels, images, labels, classes, Source("", "", "", "", {}))
    codes = net.encode(rows)
    return Evaluation(net, pca.fit(images, 3), data, rows, images, rows, codes, codes, net.decode(codes))


def test_mean_codes_are_named_after_the_classes_that_the_test_file_has():
    part = evaluation(np.repeat([0, 2, 3], 4), ("A", "B", "C", "D"))
    drawn = dense_ae_figures.draw(part, None, [{"epoch": 1, "loss": 1.0, "val_loss": 1.0}], DenseAE(code_size=3))
    figures = dict(itertools.takewhile(lambda pair: pair[0] != "units", drawn))
    assert [text.get_text() for text in figures["code_space"].axes[0].texts] == ["A", "C", "D"]
