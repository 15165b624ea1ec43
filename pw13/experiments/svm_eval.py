"""Exercise 1g: SVMs on pixels, codes and PCA codes, with the same images, scaling, kernels and tuning."""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pw13 import console, metrics
from pw13.baselines.pca import PCA
from pw13.config.settings import SvmEval
from pw13.data.images import ImageSet, contained_mask, load_images, stratified_sample, unique_mask
from pw13.errors import OptionError, UserError
from pw13.experiments import svm_features
from pw13.experiments.svm_features import Features
from pw13.figures import svm_eval as figures
from pw13.inference.encoders import Encoder, load_encoders
from pw13.metrics.intervals import holm, mean_interval
from pw13.runs.folder import Run
from pw13.svm import cross_validation, evaluation, kernels, summary
from pw13.svm.evaluation import Outcome
from pw13.system import machine
from pw13.system.streams import stream

CURVE_SIZES = (50, 100, 200, 500, 1000, 2000, 5000)  # training images in the few-label curve, besides all
CURVE_DRAWS = 5  # subsets of each size up to SMALL_SUBSET: one of 50 images says little
SMALL_SUBSET = 1000

HANDOUT_CODE_SIZE = 32  # of the codes that the report compares with pixels


class Trial(NamedTuple):
    """One set of features evaluated with one kernel."""

    features: Features
    outcome: Outcome

    @property
    def kernel(self) -> str:
        return self.outcome.setting.kernel

    @property
    def title(self) -> str:
        return f"{figures.NAMES[self.features.name]} ({self.features.size})"


def run_experiment(
    config: SvmEval, *, data: str | None, runs: Sequence[str] = (), runs_dir: str | Path, run: Run
) -> dict[str, Any]:
    """Evaluate, fill the run folder, and return what metrics.json holds. `runs`: names of the runs with encoders."""
    images = load_images(data)
    indices = stratified_sample(images.train_labels, config.limit, rng=stream("limit", config.split_seed))
    labels = images.train_labels[indices]
    check_classes(images, labels, config)
    encoders = load_encoders(runs, Path(runs_dir), images)
    run.record_data(images.source, images.notes, train=len(indices), test=len(images.test_labels))
    run.update(encoders=[encoder.run for encoder in encoders])

    linear = svm_features.fit_pca(images, encoders)
    features = svm_features.feature_sets(images, indices, encoders, linear)
    kernel_names = ("rbf", "linear") if config.kernel == "both" else (config.kernel,)
    with kernels.thread_pool(machine.cores()) as pool:
        trials = evaluate(features, kernel_names, labels, config, pool.map)
        first_kernel = [trial for trial in trials if trial.kernel == kernel_names[0]]
        curves = learning_curves(one_encoder_each(first_kernel), labels, images, config, pool.map)
        reconstructed = on_reconstructions(first_kernel[0], images, encoders, linear, pool.map)
    for i, trial in enumerate(trials):
        run.save_arrays(f"svm-{i}-{trial.features.name}-{trial.kernel}", evaluation.arrays(trial.outcome))
    run.save_arrays("predictions", predictions(trials, len(images.classes)))
    in_training = contained_mask(images.test_images, images.train_images)
    distinct = unique_mask(images.test_images) & ~in_training
    rows = [result_row(trial, images, distinct) for trial in trials]
    save_figures(run, trials, rows, curves, images)
    tests = mcnemar_tests(trials, images.test_labels)
    results: dict[str, Any] = {
        "n_train": len(indices),
        "n_test": len(images.test_labels),
        "n_test_distinct": int(distinct.sum()),
        "n_test_in_train": int(in_training.sum()),
        "tuned_on": min(config.tune_on, len(indices)),
        "folds": config.folds,
        "cores": machine.cores(),
        "results": rows,
        "mcnemar": tests,
        "learning_curve": curves,
        "reconstructions": reconstructed,
        "mcnemar_p": next((t["p"] for t in tests if t["kernel"] == "rbf" and t["second"] == "codes"), None),
    }
    return {**results, "comment": summary.sentences(results)}


def predictions(trials: Sequence[Trial], classes: int) -> dict[str, np.ndarray]:
    """Return the predicted labels of the test images `(n,)` by features and kernel, the first of each."""
    dtype = np.min_scalar_type(classes)
    return {f"{t.features.name}-{t.kernel}": t.outcome.predictions.astype(dtype) for t in reversed(trials)}


def check_classes(images: ImageSet, labels: np.ndarray, config: SvmEval) -> None:
    """Refuse training labels `(n,)` of one class, or with fewer images per class than folds."""
    present, counts = np.unique(labels, return_counts=True)
    limited = config.limit is not None and config.limit < len(images.train_labels)
    error = OptionError if limited else UserError
    where = f"--limit {config.limit}" if limited else images.source.path
    if len(present) < 2:
        only = f"{present[0]}, {images.classes[present[0]]}"
        raise error(f"{where}: an SVM needs at least two classes, received only one ({only})")
    if counts.min() < config.folds:
        smallest = images.classes[present[counts.argmin()]]
        count = f"{counts.min()} training image{'' if counts.min() == 1 else 's'}"
        raise error(f"{where}: need at least one image per fold (--folds {config.folds}), class {smallest} has {count}")


def evaluate(
    feature_sets: Sequence[Features],
    kernel_names: Sequence[str],
    labels: np.ndarray,
    config: SvmEval,
    map_fn: kernels.MapFn,
) -> list[Trial]:
    """Tune, fit and time an SVM for each kernel and set of features, on the same folds of the same images."""
    rng = stream("tuning", config.split_seed)
    tuning = stratified_sample(labels, config.tune_on, rng=rng)
    folds = cross_validation.stratified_folds(tuning, labels, config.folds, rng=rng)
    trials = []
    steps = sum(evaluation.steps(kernel, config.folds) for kernel in kernel_names) * len(feature_sets)
    with console.progress("SVM", steps) as bar:
        for kernel in kernel_names:
            for features in feature_sets:
                text = f"{features.name} ({features.size}), {kernel}"
                outcome = evaluation.evaluate(
                    features.train,
                    labels,
                    features.test,
                    kernel,
                    folds=folds,
                    map_fn=map_fn,
                    approximate=config.approximate,
                    tick=functools.partial(bar.advance, 1, text),
                )
                trials.append(Trial(features, outcome))
    return trials


def one_encoder_each(trials: Sequence[Trial]) -> list[Trial]:
    """Return the first trial of each kind and size of features: encoders of other seeds need no curve of their own."""
    return list({(trial.features.name, trial.features.size): trial for trial in reversed(trials)}.values())[::-1]


def learning_curves(
    trials: Sequence[Trial], labels: np.ndarray, images: ImageSet, config: SvmEval, map_fn: kernels.MapFn
) -> list[dict[str, Any]]:
    """Return test accuracy by number of labelled training images, at least two per class.

    The codes are those of encoders that saw all training images, of which most need no label. Small subsets are drawn
    several times: their interval is Student's over the draws, otherwise Wilson's over the test images.
    """
    sizes = [size for size in CURVE_SIZES if 2 * len(images.classes) <= size < len(labels)]
    draws = [(size, draw) for size in sizes for draw in range(CURVE_DRAWS if size <= SMALL_SUBSET else 1)]
    subsets = [
        stratified_sample(labels, size, rng=stream("learning curve", config.split_seed, size, draw))
        for size, draw in draws
    ]
    points = []
    for features, outcome in trials:
        accuracies = evaluation.accuracies_by_size(
            features.train,
            labels,
            features.test,
            images.test_labels,
            outcome,
            subsets=subsets,
            map_fn=map_fn,
            approximate=config.approximate,
        )
        full = float(np.mean(outcome.predictions == images.test_labels))
        curve = {"features": features.name, "size": features.size, "run": features.run}
        by_size: dict[int, list[float]] = {}
        for (size, _), accuracy in zip([*draws, (len(labels), 0)], [*accuracies, full], strict=True):
            by_size.setdefault(size, []).append(accuracy)
        for size, drawn in by_size.items():
            point = {"kernel": outcome.setting.kernel, "n_train": size, "accuracies": drawn}
            points.append({**curve, **point, **accuracy_interval(drawn, len(images.test_labels))})
    return points


def accuracy_interval(accuracies: Sequence[float], count: int) -> dict[str, Any]:
    """Return `accuracy` and `ci95` of a classifier tested on `count` images, over several draws or of one."""
    over_draws = mean_interval(accuracies)
    if over_draws.ci95 is None:
        return {"accuracy": accuracies[0], "ci95": metrics.wilson(round(accuracies[0] * count), count)}
    low, high = over_draws.ci95
    return {"accuracy": over_draws.mean, "ci95": (max(0.0, low), min(1.0, high))}


def on_reconstructions(
    pixels: Trial, images: ImageSet, encoders: Sequence[Encoder], linear: PCA, map_fn: kernels.MapFn
) -> list[dict[str, Any]]:
    """Return the test accuracy of the SVM trained on original pixels, on what the decoders make of the test images."""
    rows = []
    for name, size, run, reconstructed in svm_features.reconstructions(images.test_images, encoders, linear):
        predictions = evaluation.predict(pixels.outcome, reconstructed, map_fn)
        hits, count = int(np.sum(predictions == images.test_labels)), len(predictions)
        row = {"features": name, "size": size, "run": run, "kernel": pixels.kernel}
        rows.append({**row, "accuracy": hits / count, "ci95": metrics.wilson(hits, count)})
    return rows


def result_row(trial: Trial, images: ImageSet, distinct: np.ndarray) -> dict[str, Any]:
    """Return one entry of `results` in metrics.json.

    distinct: `(n,)` bool, which test images occur only once and are not in training.
    """
    features, outcome = trial
    correct = outcome.predictions == images.test_labels
    correct_distinct = correct[distinct]
    recall = metrics.recall(images.test_labels, outcome.predictions, len(images.classes))
    return {
        "features": features.name,
        "size": features.size,
        "run": features.run,
        "kernel": trial.kernel,
        "method": outcome.method,
        "c": outcome.setting.c,
        "gamma": outcome.setting.gamma if trial.kernel == "rbf" else None,
        "cv_accuracy": outcome.cv_accuracy,
        "accuracy": float(correct.mean()),
        "accuracy_distinct": float(correct_distinct.mean()) if len(correct_distinct) else None,
        "ci95": metrics.wilson(int(correct.sum()), len(correct)),
        "encode_seconds": features.encode_seconds,
        "tune_seconds": outcome.tune_seconds,
        "fit_seconds": outcome.fit_seconds,
        "predict_seconds": outcome.predict_seconds,
        "support_vectors": outcome.classifier.support_vectors,
        "recall": dict(zip(images.classes, recall.tolist(), strict=True)),
    }


def mcnemar_tests(trials: Sequence[Trial], labels: np.ndarray) -> list[dict[str, Any]]:
    """Compare pixels with every other set of features by McNemar's test, for each kernel.

    `p_holm` is adjusted for the number of tests.
    """
    tests = [
        mcnemar_test(first, second, labels)
        for first in trials
        for second in trials
        if first.features.name == "pixels" and second.features.name != "pixels" and first.kernel == second.kernel
    ]
    adjusted = holm([test["p"] for test in tests])
    return [{**test, "p_holm": p} for test, p in zip(tests, adjusted, strict=True)]


def mcnemar_test(first: Trial, second: Trial, labels: np.ndarray) -> dict[str, Any]:
    """Return one entry of `mcnemar` in metrics.json."""
    a, b = first.outcome.predictions == labels, second.outcome.predictions == labels
    only_first, only_second = int(np.sum(a & ~b)), int(np.sum(b & ~a))
    return {
        "kernel": first.kernel,
        "first": first.features.name,
        "second": second.features.name,
        "size": second.features.size,
        "run": second.features.run,
        "only_first": only_first,
        "only_second": only_second,
        "p": metrics.mcnemar(only_first, only_second),
    }


def save_figures(
    run: Run,
    trials: Sequence[Trial],
    rows: Sequence[dict[str, Any]],
    curves: Sequence[dict[str, Any]],
    images: ImageSet,
) -> None:
    """Save confusion matrices, learning curve, accuracy by code size, and images that pixels and codes disagree on."""
    kernel = trials[0].kernel
    shown = one_encoder_each([trial for trial in trials if trial.kernel == kernel])
    pair = compared_pair(shown)
    tables = [metrics.confusion(images.test_labels, t.outcome.predictions, len(images.classes)) for t in pair]
    run.save_figure("confusion", figures.confusion_matrices(tables, [t.title for t in pair], images.classes, kernel))
    run.save_figure("learning_curve", figures.learning_curve(curves, kernel))
    if len({t.features.size for t in shown if t.features.name == "codes"}) > 1:
        results = [row for row in rows if row["kernel"] == kernel]
        run.save_figure("code_size", figures.accuracy_by_code_size(results, kernel))
    if len(pair) > 1:
        predictions = [(t.title, t.outcome.predictions) for t in pair]
        run.save_figure(
            "disagreements", figures.disagreements(images.test_images, images.test_labels, images.classes, *predictions)
        )


def compared_pair(trials: Sequence[Trial]) -> list[Trial]:
    """Return pixels and the codes that the text compares with them: of the handout's size 32, else the first."""
    codes = [trial for trial in trials[1:] if trial.features.name == "codes"]
    chosen = [trial for trial in codes if trial.features.size == HANDOUT_CODE_SIZE] or codes or list(trials[1:])
    return [*trials[:1], *chosen[:1]]
