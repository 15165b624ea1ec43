"""What SVMs make of few labels, and of reconstructed images."""

from collections.abc import Mapping, Sequence
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
from pw13.metrics.intervals import mean_accuracy
from pw13.svm import evaluation, exact
from pw13.svm.cross_validation import stratified_folds
from pw13.svm.evaluation import Subset
from pw13.svm.kernels import MapFn
from pw13.system.streams import stream

CURVE_SIZES = (50, 100, 200, 500, 1000, 2000, 5000)  # training images in the few-label curve, besides all
CURVE_DRAWS = 5  # subsets of each size up to SMALL_SUBSET: one of 50 images says little
SMALL_SUBSET = 1000
TUNE_ON = 500  # labels of a subset that choose its C and gamma, at most: all would take more than twice as long


def learning_curves(
    trials: Trials, labels: np.ndarray, images: ImageSet, config: SvmEval, map_fn: MapFn
) -> list[dict[str, Any]]:
    """Return test accuracy by number of labelled training images, at least two per class, for the first kernel.

    The codes are those of encoders that saw all training images, of which most need no label. Small subsets are drawn
    several times: their interval is Student's over the draws, otherwise Wilson's over the test images. All but the last
    point of a curve are of exact SVMs. C and gamma: see `draw_subset`.
    """
    largest = min(trial.outcome.n_train for trial in (*trials.full, *trials.exact))
    tuned_on = min(config.tune_on, largest)
    sizes = [size for size in CURVE_SIZES if 2 * len(images.classes) <= size < largest]
    draws = [(size, draw) for size in sizes for draw in range(CURVE_DRAWS if size <= SMALL_SUBSET else 1)]
    subsets = [draw_subset(labels, size, draw, config, tuned_on) for size, draw in draws]
    own = {len(subset.rows): sum(map(len, subset.folds)) for subset in subsets}
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
            facts = {"method": methods.get(size, exact.METHOD), "tuned_on": own.get(size) or tuned_on}
            points.append(point(trial, size, drawn, len(images.test_labels), facts))
    return points


def draw_subset(labels: np.ndarray, size: int, draw: int, config: SvmEval, tuned_on: int) -> Subset:
    """Draw `size` labelled rows, and the folds that choose C and gamma: of the subset's own labels, at most `TUNE_ON`.

    tuned_on: number of labels that chose those of all images; from there on they are kept. A class with fewer rows than
    folds makes the folds fewer; with a single row there are none, and C and gamma of all images are kept, too.
    """
    rows = stratified_sample(labels, size, rng=stream("learning curve", config.split_seed, size, draw))
    if size >= tuned_on:
        return Subset(rows)
    drawn, rng = labels[rows], stream("folds", config.split_seed, size, draw)
    tuning = stratified_sample(drawn, TUNE_ON, rng=rng)
    folds = min(config.folds, int(np.unique(drawn[tuning], return_counts=True)[1].min()))
    return Subset(rows, stratified_folds(tuning, drawn, folds, rng=rng) if folds >= 2 else ())


def of_first_kernel(trials: Sequence[Trial]) -> list[Trial]:
    return [trial for trial in trials if trial.kernel == trials[0].kernel]


def same_features(first: Trial, second: Trial) -> bool:
    """Return whether two trials are of the same features and kernel."""
    return first.kernel == second.kernel and first.features is second.features


def point(trial: Trial, size: int, accuracies: Sequence[float], count: int, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return one entry of `learning_curve` in metrics.json, of `size` training and `count` test images.

    facts: `method`, and `tuned_on`, the number of labels that chose C and gamma.
    """
    features = trial.features
    return {
        "features": features.name,
        "size": features.size,
        "run": features.run,
        "kernel": trial.kernel,
        "n_train": size,
        **facts,
        "accuracies": accuracies,
        **accuracy_interval(accuracies, count),
    }


def accuracy_interval(accuracies: Sequence[float], count: int) -> dict[str, Any]:
    """Return `accuracy` and `ci95` of a classifier tested on `count` images, over several draws or of one."""
    over_draws = mean_accuracy(accuracies)
    if over_draws.ci95 is None:
        return {"accuracy": accuracies[0], "ci95": metrics.wilson(round(accuracies[0] * count), count)}
    return {"accuracy": over_draws.mean, "ci95": over_draws.ci95}


def on_reconstructions(
    pixels: Trial, images: ImageSet, encoders: Sequence[Encoder], linear: Mapping[int, PCA], map_fn: MapFn
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
