"""Tune, fit and apply an SVM for each kernel and kind of features, on the same images."""

import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pw13 import console
from pw13.config.settings import SvmEval
from pw13.data.images import stratified_sample
from pw13.errors import OptionError
from pw13.experiments.svm_features import Features
from pw13.svm import cross_validation, evaluation
from pw13.svm.evaluation import Outcome, Solver
from pw13.svm.kernels import MapFn
from pw13.svm.plan import Plan
from pw13.svm.summary import NAMES, headline
from pw13.system.streams import stream


class Trial(NamedTuple):
    """One set of features evaluated with one kernel."""

    features: Features
    outcome: Outcome

    @property
    def kernel(self) -> str:
        return self.outcome.setting.kernel

    @property
    def title(self) -> str:
        return f"{NAMES[self.features.name]} ({self.features.size})"


class Trials(NamedTuple):
    """Trials by kernel and features: of classifiers fitted on all images, and of exact ones where those are not."""

    full: list[Trial]
    exact: list[Trial]


def draw_folds(labels: np.ndarray, classes: Sequence[str], config: SvmEval, largest: int) -> list[np.ndarray]:
    """Draw the rows that choose C and gamma, at most `largest`, and split them into folds, `(m,)` int64 each.

    labels: `(n,)` int64 of the training images. A class with fewer rows than folds makes the folds fewer.

    Raises:
        OptionError: see `draw_tuning`.
    """
    rng = stream("tuning", config.split_seed)
    tuning, smallest, rarest = draw_tuning(labels, classes, config, largest, rng=rng)
    folds = min(config.folds, smallest)
    if folds < config.folds:
        few = f"{smallest} of the {len(tuning):,} images of tuning are of class {rarest}"
        console.note(f"{folds} folds: {few}")
    return cross_validation.stratified_folds(tuning, labels, folds, rng=rng)


def draw_tuning(
    labels: np.ndarray, classes: Sequence[str], config: SvmEval, largest: int, *, rng: np.random.Generator
) -> tuple[np.ndarray, int, str]:
    """Draw the rows that choose C and gamma, at most `largest`; return them, and size and name of the rarest class.

    Raises:
        OptionError: --tune-on draws fewer than two images of a class.
    """
    count = min(config.tune_on, largest)
    tuning = stratified_sample(labels, count, rng=rng)
    present = np.unique(labels)
    counts = np.bincount(labels[tuning], minlength=len(classes))[present]
    smallest, rarest = int(counts.min()), classes[present[counts.argmin()]]
    if smallest < 2:
        option = f"--tune-on {count}" if count == config.tune_on else f"--memory: for tuning on {count:,} images"
        expected = "expected at least two images of each class"
        raise OptionError(f"{option}: {expected}, received {smallest} of {rarest}; set a larger one")
    return tuning, smallest, rarest


def evaluate(
    feature_sets: Sequence[Features], labels: np.ndarray, config: SvmEval, plan: Plan, map_fn: MapFn,
    *, folds: Sequence[np.ndarray],
) -> Trials:  # fmt: skip
    """Tune, fit and time an SVM for each kernel and set of features, on the same folds of the same images.

    labels: `(n,)` int64 of the training images; folds: as from `draw_folds`.
    """
    solvers = {kernel: choose_solvers(labels, plan, kernel, config.split_seed) for kernel in plan.all_by}
    steps = sum(evaluation.steps(kernel, len(folds), each) for kernel, each in solvers.items()) * len(feature_sets)
    trials = Trials([], [])
    with console.progress("SVM", steps) as bar:
        for kernel in plan.all_by:
            for features in feature_sets:
                text = f"{features.name} ({features.size}), {kernel}"
                tick = functools.partial(bar.advance, 1, text)
                outcomes = evaluation.evaluate(
                    features.train, labels, features.test, kernel,
                    folds=folds, solvers=solvers[kernel], together=plan.together, map_fn=map_fn, tick=tick,
                )  # fmt: skip
                trials.full.append(Trial(features, outcomes[0]))
                trials.exact.extend(Trial(features, outcome) for outcome in outcomes[1:])
    return trials


def choose_solvers(labels: np.ndarray, plan: Plan, kernel: str, seed: int) -> list[Solver]:
    """Return the solver for all images and, if it is not exact, one for as many as the memory takes."""
    full = evaluation.choose_solver(plan.all_by[kernel], len(labels), seed=seed)
    if plan.exact == len(labels):
        return [full]
    return [full, evaluation.exact_solver(stratified_sample(labels, plan.exact, rng=stream("exact SVM", seed)))]


def one_encoder_each(trials: Sequence[Trial]) -> list[Trial]:
    """Return the first trial of each kind and size of features: encoders of other seeds need no curve of their own."""
    return list({(trial.features.name, trial.features.size): trial for trial in reversed(trials)}.values())[::-1]


def compared_pair(trials: Sequence[Trial]) -> list[Trial]:
    """Return pixels and the headline codes, which the text compares with them; without dense codes the next trial."""
    codes = headline(
        (trial for trial in trials[1:] if trial.features.name == "codes"), lambda trial: trial.features.size
    )
    return [*trials[:1], *([codes] if codes else trials[1:2])]
