"""What SVMs make of few labels, and of reconstructed images."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pw13 import metrics
from pw13.baselines.pca import PCA
from pw13.config.settings import SvmEval
from pw13.data.images import ImageSet, in_blocks, stratified_sample
from pw13.experiments import svm_features
from pw13.experiments.svm_features import Encode
from pw13.experiments.svm_trials import Trial, Trials, one_encoder_each
from pw13.inference.encoders import Encoder
from pw13.metrics.intervals import mean_interval
from pw13.svm import evaluation, exact
from pw13.svm.kernels import MapFn
from pw13.system.streams import stream

CURVE_SIZES = (50, 100, 200, 500, 1000, 2000, 5000)  # training images in the few-label curve, besides all
CURVE_DRAWS = 5  # subsets of each size up to SMALL_SUBSET: one of 50 images says little
SMALL_SUBSET = 1000


def learning_curves(
    trials: Trials, labels: np.ndarray, images: ImageSet, config: SvmEval, map_fn: MapFn
) -> list[dict[str, Any]]:
    """Return test accuracy by number of labelled training images, at least two per class, for the first kernel.

    The codes are those of encoders that saw all training images, of which most need no label. Small subsets are drawn
    several times: their interval is Student's over the draws, otherwise Wilson's over the test images. All but the last
    point of a curve are of exact SVMs.
    """
    largest = min(trial.outcome.n_train for trial in (*trials.full, *trials.exact))
    sizes = [size for size in CURVE_SIZES if 2 * len(images.classes) <= size < largest]
    draws = [(size, draw) for size in sizes for draw in range(CURVE_DRAWS if size <= SMALL_SUBSET else 1)]
    subsets = [
        stratified_sample(labels, size, rng=stream("learning curve", config.split_seed, size, draw))
        for size, draw in draws
    ]
    points = []
    for trial in one_encoder_each(of_first_kernel(trials.full)):
        features, outcome = trial
        accuracies = evaluation.accuracies_by_size(
            features.train, labels, features.test, images.test_labels, outcome, subsets=subsets, map_fn=map_fn
        )
        larger = [*(each for each in trials.exact if same_features(each, trial)), trial]
        by_size: dict[int, list[float]] = {}
        for (size, _), accuracy in zip(draws, accuracies, strict=True):
            by_size.setdefault(size, []).append(accuracy)
        for each in larger:
            by_size[each.outcome.n_train] = [float(np.mean(each.outcome.predictions == images.test_labels))]
        methods = {each.outcome.n_train: each.outcome.method for each in larger}
        for size, drawn in by_size.items():
            points.append(point(trial, size, drawn, len(images.test_labels), methods.get(size, exact.METHOD)))
    return points


def of_first_kernel(trials: Sequence[Trial]) -> list[Trial]:
    return [trial for trial in trials if trial.kernel == trials[0].kernel]


def same_features(first: Trial, second: Trial) -> bool:
    """Return whether two trials are of the same features and kernel."""
    return first.kernel == second.kernel and first.features is second.features


def point(trial: Trial, size: int, accuracies: Sequence[float], count: int, method: str) -> dict[str, Any]:
    """Return one entry of `learning_curve` in metrics.json, of `size` training and `count` test images."""
    features = trial.features
    return {
        "features": features.name,
        "size": features.size,
        "run": features.run,
        "kernel": trial.kernel,
        "n_train": size,
        "method": method,
        "accuracies": accuracies,
        **accuracy_interval(accuracies, count),
    }


def accuracy_interval(accuracies: Sequence[float], count: int) -> dict[str, Any]:
    """Return `accuracy` and `ci95` of a classifier tested on `count` images, over several draws or of one."""
    over_draws = mean_interval(accuracies)
    if over_draws.ci95 is None:
        return {"accuracy": accuracies[0], "ci95": metrics.wilson(round(accuracies[0] * count), count)}
    low, high = over_draws.ci95
    return {"accuracy": over_draws.mean, "ci95": (max(0.0, low), min(1.0, high))}


def on_reconstructions(
    pixels: Trial, images: ImageSet, encoders: Sequence[Encoder], linear: PCA, map_fn: MapFn
) -> list[dict[str, Any]]:
    """Return the test accuracy of the SVM trained on original pixels, on what the decoders make of the test images."""
    rows = []
    for name, size, run, reconstruct in svm_features.reconstructions(encoders, linear):
        predictions = predict_in_blocks(pixels, images.test_images, reconstruct, map_fn)
        hits, count = int(np.sum(predictions == images.test_labels)), len(predictions)
        row = {"features": name, "size": size, "run": run, "kernel": pixels.kernel}
        rows.append({**row, "accuracy": hits / count, "ci95": metrics.wilson(hits, count)})
    return rows


def predict_in_blocks(pixels: Trial, images: np.ndarray, reconstruct: Encode, map_fn: MapFn) -> np.ndarray:
    return in_blocks(lambda block: evaluation.predict(pixels.outcome, reconstruct(block), map_fn), images)
