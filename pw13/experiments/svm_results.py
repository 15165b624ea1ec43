"""The accuracies of SVMs on test images, and whether they differ: the entries of metrics.json."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pw13 import metrics
from pw13.data.images import ImageSet
from pw13.experiments.svm_trials import Trial
from pw13.metrics.intervals import holm
from pw13.svm.summary import headline


def predictions(trials: Sequence[Trial], classes: int) -> dict[str, np.ndarray]:
    """Return the predicted labels of the test images `(n,)` by features and kernel, of several sizes the headline's."""
    by_name: dict[str, list[Trial]] = {}
    for trial in trials:
        by_name.setdefault(f"{trial.features.name}-{trial.kernel}", []).append(trial)
    kept = {name: headline(alike, lambda trial: trial.features.size) for name, alike in by_name.items()}
    dtype = np.min_scalar_type(classes)
    return {name: trial.outcome.predictions.astype(dtype) for name, trial in kept.items() if trial}


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
        "n_train": outcome.n_train,
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


def majority_share(labels: np.ndarray) -> float:
    """Return the largest share of one class among labels `(n,)`: the accuracy of always naming that class."""
    return float(np.bincount(labels).max() / len(labels))


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


def headline_p(tests: Sequence[dict[str, Any]]) -> float | None:
    """Return `mcnemar_p` of metrics.json: of pixels against the headline codes, RBF kernel; None without such a test.

    It is not corrected for the number of tests, as `p_holm` of each test is.
    """
    of_codes = (test for test in tests if (test["kernel"], test["second"]) == ("rbf", "codes"))
    chosen = headline(of_codes, lambda test: test["size"])
    return chosen["p"] if chosen else None


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
