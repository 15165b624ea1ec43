"""Exercise 1g: SVMs on pixels, codes and PCA codes, with the same images, scaling, kernels and tuning."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pw13.config.settings import SvmEval
from pw13.data.images import ImageSet, contained_mask, load_images, stratified_sample, unique_mask
from pw13.errors import OptionError, UserError
from pw13.experiments import svm_features, svm_results
from pw13.experiments.svm_curves import learning_curves, of_first_kernel, on_reconstructions
from pw13.experiments.svm_figures import save_figures
from pw13.experiments.svm_memory import choose_plan, describe, make_plan, out_of_memory_refused
from pw13.experiments.svm_trials import draw_folds, draw_tuning, evaluate
from pw13.inference.encoders import differing_settings, load_encoders
from pw13.runs.folder import Run
from pw13.svm import evaluation, kernels, summary
from pw13.system import machine
from pw13.system.streams import stream


def run_experiment(
    config: SvmEval, *, data: str | None, runs: Sequence[str] = (), runs_dir: str | Path, run: Run
) -> dict[str, Any]:
    """Evaluate, fill the run folder, and return what metrics.json holds. `runs`: names of the runs with encoders."""
    images = load_images(data)
    indices = training_rows(images, config)
    labels = images.train_labels[indices]
    encoders = load_encoders(runs, Path(runs_dir), images, recorded_encoders(run))
    plan, limit = make_plan(images, labels, encoders, config)
    folds = draw_folds(labels, images.classes, config, plan.exact)
    run.record_data(images.source, images.notes, train=len(indices), test=len(images.test_labels))
    run.update(encoders=[encoder.run for encoder in encoders])

    linear = svm_features.fit_pca(images, encoders)
    features = svm_features.feature_sets(images, indices, encoders, linear, plan.held)
    with out_of_memory_refused(), kernels.thread_pool(machine.cores()) as pool:
        trials = evaluate(features, labels, config, plan, pool.map, folds=folds)
        curves = learning_curves(trials, labels, images, config, pool.map)
        reconstructed = on_reconstructions(trials.full[0], images, encoders, linear, pool.map)
    for i, trial in enumerate(trials.full):
        run.save_arrays(f"svm-{i}-{trial.features.name}-{trial.kernel}", evaluation.arrays(trial.outcome))
    run.save_arrays("predictions", svm_results.predictions(trials.full, len(images.classes)))
    in_training = contained_mask(images.test_images, images.train_images)
    distinct = unique_mask(images.test_images) & ~in_training
    rows, exact_rows = ([svm_results.result_row(each, images, distinct) for each in part] for part in trials)
    differing = differing_settings(encoders)
    for row in [*rows, *exact_rows, *curves, *reconstructed]:
        row["settings"] = differing.get(row["run"], {})
    save_figures(run, of_first_kernel(trials.full), rows, curves, images)
    tests = svm_results.mcnemar_tests(trials.full, images.test_labels)
    results: dict[str, Any] = {
        "n_train": len(indices),
        "n_test": len(images.test_labels),
        "n_test_distinct": int(distinct.sum()),
        "n_test_in_train": int(in_training.sum()),
        "majority_share": svm_results.majority_share(images.test_labels),
        "tuned_on": sum(map(len, folds)),
        "folds": len(folds),
        "cores": machine.cores(),
        "memory_limit": limit,
        "memory_estimate": plan.memory,
        "results": rows,
        "exact_results": exact_rows,
        "mcnemar": tests,
        "learning_curve": curves,
        "reconstructions": reconstructed,
        "mcnemar_p": svm_results.headline_p(tests),
    }
    return {**results, "comment": summary.sentences(results)}


def recorded_encoders(run: Run) -> list[str] | None:
    """Return the references of the encoders that a resumed evaluation has recorded; None if it has not, or is new."""
    recorded = (run.previous.facts if run.previous else {}).get("encoders")
    return recorded if isinstance(recorded, list) and all(isinstance(each, str) for each in recorded) else None


def check_settings(images: ImageSet, config: SvmEval) -> None:
    """Refuse settings that no evaluation of these images can have, whatever its encoders.

    Raises:
        UserError, OptionError: see `training_rows`; of `tune_on` and `memory` an OptionError.
    """
    labels = images.train_labels[training_rows(images, config)]
    largest = len(labels)
    if config.memory is not None:
        largest = choose_plan(describe(images, labels, (), config), config)[0].exact
    draw_tuning(labels, images.classes, config, largest, rng=stream("tuning", config.split_seed))


def training_rows(images: ImageSet, config: SvmEval) -> np.ndarray:
    """Return the rows of the training images to fit SVMs on, ascending int64.

    Raises:
        UserError: they are of one class, or a class has fewer images than there are folds.
        OptionError: the same, because of --limit.
    """
    indices = stratified_sample(images.train_labels, config.limit, rng=stream("limit", config.split_seed))
    present, counts = np.unique(images.train_labels[indices], return_counts=True)
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
    return indices
