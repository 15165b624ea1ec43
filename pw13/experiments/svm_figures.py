"""The figures of an evaluation of SVMs."""

from collections.abc import Mapping, Sequence
from typing import Any

from pw13 import metrics
from pw13.data.images import ImageSet
from pw13.experiments.svm_trials import Trial, compared_pair, one_encoder_each
from pw13.figures import svm_eval as figures
from pw13.runs.folder import Run
from pw13.svm import summary


def save_figures(
    run: Run,
    trials: Sequence[Trial],
    rows: Sequence[dict[str, Any]],
    curves: Sequence[dict[str, Any]],
    images: ImageSet,
) -> None:
    """Save confusion matrices, learning curve, accuracy by code size, and images that pixels and codes disagree on.

    trials: of one kernel, pixels first.
    """
    kernel = trials[0].kernel
    shown = one_encoder_each(trials)
    pair = compared_pair(shown)
    tables = [metrics.confusion(images.test_labels, t.outcome.predictions, len(images.classes)) for t in pair]
    run.save_figure("confusion", figures.confusion_matrices(tables, [t.title for t in pair], images.classes, kernel))
    run.save_figure("learning_curve", figures.learning_curve(curves, kernel))
    if len({t.features.size for t in shown if t.features.name == "codes"}) > 1:
        run.save_figure("code_size", figures.accuracy_by_code_size(one_network_each(rows, kernel), kernel))
    if len(pair) > 1:
        predictions = [(t.title, t.outcome.predictions) for t in pair]
        run.save_figure(
            "disagreements", figures.disagreements(images.test_images, images.test_labels, images.classes, *predictions)
        )


def one_network_each(rows: Sequence[Mapping[str, Any]], kernel: str) -> list[Mapping[str, Any]]:
    """Return the results of a kernel; of networks of one size that differ in more than their seed, the first's."""
    groups = summary.alike([row for row in rows if row["kernel"] == kernel])
    first = {(group[0]["features"], group[0]["size"]): group for group in reversed(groups)}
    return [row for group in first.values() for row in group]
