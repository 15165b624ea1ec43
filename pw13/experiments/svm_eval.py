"""Exercise 1g: an SVM on codes against one on pixels, and on PCA codes: same images, scaling, kernels and tuning."""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pw13 import console, metrics
from pw13.config.settings import SvmEval
from pw13.data.images import ImageSet, load_images, stratified_sample, unique_mask
from pw13.errors import OptionError, UserError
from pw13.experiments import svm_features
from pw13.experiments.svm_features import Features
from pw13.figures import svm_eval as figures
from pw13.inference import encoders
from pw13.runs.folder import Run
from pw13.svm import cross_validation, evaluation, kernels, summary
from pw13.svm.evaluation import Outcome

CURVE_FRACTIONS = (1 / 16, 1 / 8, 1 / 4, 1 / 2)  # shares of the training images in the learning curve


class Trial(NamedTuple):
    """What came of one kind of features with one kernel."""

    features: Features
    outcome: Outcome

    @property
    def title(self) -> str:
        return f"{figures.NAMES[self.features.name]} ({self.features.size})"


def run_experiment(
    config: SvmEval, *, data: str | None, runs: Sequence[str] = (), runs_dir: str | Path, run: Run
) -> dict[str, Any]:
    """Evaluate, fill the run folder, and return the numbers of metrics.json. `runs`: whose encoders, by name."""
    images = load_images(data)
    rows = stratified_sample(images.train_labels, config.limit, rng=np.random.default_rng([config.seed, 2]))
    labels = images.train_labels[rows]
    check_classes(images, labels, config)
    found = encoders.load_encoders(runs, Path(runs_dir), images)
    run.record_data(images.source, images.notes, train=len(rows), test=len(images.test_labels))
    run.update(encoders=[encoder.run for encoder in found])

    sets = svm_features.feature_sets(images, rows, found)
    chosen = ("rbf", "linear") if config.kernel == "both" else (config.kernel,)
    with kernels.workers() as pool:
        trials = evaluate(sets, chosen, labels, config, pool.map)
        curves = learning_curves(
            [t for t in trials if t.outcome.setting.kernel == chosen[0]], labels, images, config, pool.map
        )
    for number, trial in enumerate(trials):
        run.save_arrays(
            f"svm-{number}-{trial.features.name}-{trial.outcome.setting.kernel}", evaluation.arrays(trial.outcome)
        )
    save_figures(run, trials, curves, images)
    results: dict[str, Any] = {
        "n_train": len(rows),
        "n_test": len(images.test_labels),
        "n_test_distinct": int(unique_mask(images.test_images).sum()),
        "tuned_on": min(config.tune_on, len(rows)),
        "folds": config.folds,
        "cores": kernels.cores(),
        "results": [row(trial, images) for trial in trials],
        "mcnemar": comparisons(trials, images.test_labels),
        "learning_curve": curves,
    }
    results["mcnemar_p"] = next(
        (c["p"] for c in results["mcnemar"] if c["kernel"] == "rbf" and c["second"] == "codes"), None
    )
    return {**results, "comment": summary.sentences(results)}


def check_classes(images: ImageSet, labels: np.ndarray, config: SvmEval) -> None:
    """Refuse training labels `(n,)` of one class, or with fewer images of a class than there are folds."""
    present, counts = np.unique(labels, return_counts=True)
    cut = config.limit is not None and config.limit < len(images.train_labels)
    refusal = OptionError if cut else UserError
    where = f"--limit {config.limit}" if cut else images.source.path
    if len(present) < 2:
        raise refusal(
            f"{where}: the training labels hold only one class ({present[0]}, {images.classes[present[0]]}); "
            "an SVM needs at least two classes"
        )
    if counts.min() < config.folds:
        least = images.classes[present[counts.argmin()]]
        many = f"{counts.min()} training image{'' if counts.min() == 1 else 's'}"
        raise refusal(
            f"{where}: class {least} has {many}, fewer than the {config.folds} folds of "
            "cross-validation; expected at least one a fold (--folds)"
        )


def evaluate(
    sets: Sequence[Features], chosen: Sequence[str], labels: np.ndarray, config: SvmEval, each: kernels.Mapper
) -> list[Trial]:
    """A trial of each kind of features with each kernel; all are tuned on the same folds of the same images."""
    rng = np.random.default_rng([config.seed, 4])
    parts = cross_validation.folds(stratified_sample(labels, config.tune_on, rng=rng), labels, config.folds, rng=rng)
    trials = []
    with console.progress("SVM", sum(evaluation.steps(kernel, config.folds) for kernel in chosen) * len(sets)) as bar:
        for kernel in chosen:
            for one in sets:
                words = f"{one.name} ({one.size}), {kernel}"
                outcome = evaluation.evaluate(
                    one.train,
                    labels,
                    one.test,
                    kernel,
                    parts=parts,
                    each=each,
                    approximate=config.approximate,
                    tick=functools.partial(bar.advance, 1, words),
                )
                trials.append(Trial(one, outcome))
    return trials


def learning_curves(
    trials: Sequence[Trial], labels: np.ndarray, images: ImageSet, config: SvmEval, each: kernels.Mapper
) -> list[dict[str, Any]]:
    """Test accuracy against the number of training images, a class never below two."""
    sizes = [round(share * len(labels)) for share in CURVE_FRACTIONS if share * len(labels) >= 2 * len(images.classes)]
    subsets = [stratified_sample(labels, size, rng=np.random.default_rng([config.seed, 5])) for size in sizes]
    points = []
    for one, outcome in trials:
        shares = evaluation.accuracies_by_size(
            one.train,
            labels,
            one.test,
            images.test_labels,
            outcome,
            subsets=subsets,
            each=each,
            approximate=config.approximate,
        )
        whole = float(np.mean(outcome.predictions == images.test_labels))
        fixed = {"features": one.name, "size": one.size, "run": one.run, "kernel": outcome.setting.kernel}
        for size, accuracy in zip([*sizes, len(labels)], [*shares, whole], strict=True):
            hits = round(accuracy * len(images.test_labels))
            interval = metrics.wilson(hits, len(images.test_labels))
            points.append({**fixed, "n_train": size, "accuracy": accuracy, "ci95": interval})
    return points


def row(trial: Trial, images: ImageSet) -> dict[str, Any]:
    """One entry of `results` in metrics.json."""
    one, outcome = trial
    right = outcome.predictions == images.test_labels
    recall = metrics.recall(images.test_labels, outcome.predictions, len(images.classes))
    return {
        "features": one.name,
        "size": one.size,
        "run": one.run,
        "kernel": outcome.setting.kernel,
        "method": outcome.method,
        "c": outcome.setting.c,
        "gamma": outcome.setting.gamma if outcome.setting.kernel == "rbf" else None,
        "cv_accuracy": outcome.cv_accuracy,
        "accuracy": float(right.mean()),
        "accuracy_distinct": fraction_correct(right[unique_mask(images.test_images)]),
        "ci95": metrics.wilson(int(right.sum()), len(right)),
        "encode_seconds": one.encode_seconds,
        "tune_seconds": outcome.tune_seconds,
        "fit_seconds": outcome.fit_seconds,
        "predict_seconds": outcome.predict_seconds,
        "support_vectors": outcome.machine.support_vectors,
        "recall": dict(zip(images.classes, recall.tolist(), strict=True)),
    }


def fraction_correct(right: np.ndarray) -> float | None:
    return float(right.mean()) if len(right) else None


def comparisons(trials: Sequence[Trial], labels: np.ndarray) -> list[dict[str, Any]]:
    """McNemar's test of pixels against every other kind of features, for each kernel."""
    tests = []
    for first, first_outcome in trials:
        for second, second_outcome in trials:
            if (
                first.name != "pixels"
                or second.name == "pixels"
                or first_outcome.setting.kernel != second_outcome.setting.kernel
            ):
                continue
            a, b = first_outcome.predictions == labels, second_outcome.predictions == labels
            only_first, only_second = int(np.sum(a & ~b)), int(np.sum(b & ~a))
            tests.append(
                {
                    "kernel": first_outcome.setting.kernel,
                    "first": first.name,
                    "second": second.name,
                    "size": second.size,
                    "run": second.run,
                    "only_first": only_first,
                    "only_second": only_second,
                    "p": metrics.mcnemar(only_first, only_second),
                }
            )
    return tests


def save_figures(run: Run, trials: Sequence[Trial], curves: Sequence[dict[str, Any]], images: ImageSet) -> None:
    """Confusions side by side, the learning curve, accuracy by code size, images that divide pixels and codes."""
    kernel = trials[0].outcome.setting.kernel
    shown = [trial for trial in trials if trial.outcome.setting.kernel == kernel]
    tables = [metrics.confusion(images.test_labels, t.outcome.predictions, len(images.classes)) for t in shown]
    run.save_figure("confusion", figures.confusion_matrices(tables, [t.title for t in shown], images.classes, kernel))
    run.save_figure("learning_curve", figures.learning_curve(curves, kernel))
    if len({t.features.size for t in shown if t.features.name == "codes"}) > 1:
        results = [row(trial, images) for trial in shown]
        run.save_figure("code_size", figures.accuracy_by_code_size(results, kernel))
    second = next((t for t in shown[1:] if t.features.name == "codes"), shown[1] if len(shown) > 1 else None)
    if second:
        pair = [(t.title, t.outcome.predictions) for t in (shown[0], second)]
        run.save_figure(
            "disagreements", figures.disagreements(images.test_images, images.test_labels, images.classes, *pair)
        )
