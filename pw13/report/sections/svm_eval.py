"""Item 1g: SVMs on codes and on pixels."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from pw13.metrics.intervals import Interval, mean_accuracy
from pw13.report import hints
from pw13.report.commentary import svm_eval as commentary
from pw13.report.commentary.phrasing import format_number, format_percent, join_words
from pw13.report.document import Block, table
from pw13.report.run_selection import RunSelection
from pw13.report.sections.blocks import comment, figure_block, missing
from pw13.runs.record import Record
from pw13.svm import summary

COLUMNS = (
    "features",
    "values",
    "kernel",
    "accuracy",
    "95 % interval",
    "unique images",
    "support vectors",
    "fit (s)",
    "predict (s)",
)
FIGURES = (  # name, caption, text alternative
    (
        "confusion",
        "Confusion matrices: rows are true classes, columns predicted classes; right, codes minus pixels.",
        "Matrices of counts by true and predicted class, side by side.",
    ),
    (
        "code_size",
        "Accuracy by code size, with 95 % intervals.",
        "Line plot of accuracy against the number of code values.",
    ),
    (
        "learning_curve",
        "Accuracy by number of labelled images; codes were learned without labels. Up to 1,000: mean of five draws.",
        "Line plot of test accuracy against training images, one line per kind of features.",
    ),
    (
        "disagreements",
        "Test images that only one of two SVMs classifies correctly.",
        "Rows of test images with the predictions of both SVMs above.",
    ),
)


def evaluation(selection: RunSelection) -> list[Block]:
    run = selection.svm
    if run is None:
        return missing("No evaluation of SVMs.", hints.first_run(selection, "svm-eval"))
    metrics = run.metrics or {}
    results = metrics.get("results") or []
    further = summary.findings(metrics) if results and "mcnemar" in metrics else []
    with_codes = any(result["features"] == "codes" for result in results)
    return [
        *([] if with_codes else without_codes(run, selection)),
        *comment(usability(metrics), *comparisons(metrics)),
        table(_caption(metrics), COLUMNS, [_row(result) for group in summary.alike(results) for result in group]),
        *_exact_subset(metrics),
        *[block for sentence in further for block in comment(sentence)],
        *[block for name, caption, alt in figures(metrics) for block in figure_block(run, name, "1g", caption, alt)],
    ]


def without_codes(run: Record, selection: RunSelection) -> list[Block]:
    """Return that an evaluation has no codes, and the commands for them."""
    commands = [*([] if selection.dense else [hints.first_run(selection, "dense-ae")]), hints.rerun(run)]
    return missing("No codes of the dense autoencoder were evaluated.", ", then: ".join(commands))


def figures(metrics: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return `FIGURES`, with how C and gamma of the few-label curve were chosen, and which networks have a line."""
    codes = [result for result in metrics.get("results") or [] if result["features"] == "codes"]
    networks = " Of networks of one size that differ in more than their seed, the first."
    networks *= any(map(summary.name_settings, codes))
    added = {"learning_curve": curve_tuning(metrics) + networks, "code_size": networks}
    return [(name, caption + added.get(name, ""), alt) for name, caption, alt in FIGURES]


def curve_tuning(metrics: dict[str, Any]) -> str:
    """Say how C and gamma of the few-label curve were chosen."""
    points = metrics.get("learning_curve") or []
    own = [p for p in points if p.get("tuned_on", math.inf) < metrics.get("tuned_on", 0)]
    if not own:
        return " C and gamma: those of the table above."
    size, labels = (format_number(max(p[name] for p in own)) for name in ("n_train", "tuned_on"))
    return f" C and gamma: chosen for each draw of up to {size} labels on these alone (at most {labels} of them)."


def _exact_subset(metrics: dict[str, Any]) -> list[Block]:
    """Return the table of exact SVMs on part of the images, where memory was too small for exact ones on all."""
    results = metrics.get("exact_results") or []
    if not results:
        return []
    caption = (
        f"Exact SVMs on {format_number(results[0].get('n_train'))} of the training images, as many as the memory took; "
        "settings and test images as above."
    )
    return [table(caption, COLUMNS, [_row(result) for group in summary.alike(results) for result in group])]


def _row(result: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a result in the order of `COLUMNS`."""
    return (
        ", ".join([summary.NAMES.get(result["features"], result["features"]), *summary.name_settings(result)]),
        format_number(result.get("size")),
        result["kernel"],
        _accuracy(result.get("accuracy")),
        _interval(result.get("ci95")),
        _accuracy(result.get("accuracy_distinct")),
        format_number(result.get("support_vectors")),
        format_number(result.get("fit_seconds"), 2),
        format_number(result.get("predict_seconds"), 2),
    )


def _caption(metrics: dict[str, Any]) -> str:
    methods = sorted({result["method"] for result in metrics.get("results") or [] if result.get("method")})
    not_in_training = " and are not in training" if "n_test_in_train" in metrics else ""
    solvers = f" Solved by {join_words(methods)}." if methods else ""
    several = any(len(group) > 1 for group in summary.alike(metrics.get("results") or []))
    seeds = " Rows with the same features, values and kernel are encoders trained with other seeds." * several
    return (
        f"SVMs trained on {format_number(metrics.get('n_train'))} images, tested on "
        f"{format_number(metrics.get('n_test'))}: same images, same scaling, C and gamma tuned by cross-validation for "
        f"each.{solvers} Unique images: accuracy on the test images that occur only once{not_in_training}.{seeds}"
    )


def usability(metrics: dict[str, Any]) -> str:
    """Return the answer to the handout's question, for the RBF kernel or else the linear one."""
    results = metrics.get("results") or []
    codes = preferred(results, "codes", "rbf") or preferred(results, "codes", "linear")
    classes = len((codes or {}).get("recall") or {})
    return commentary.usable(codes["accuracy"], classes, metrics.get("majority_share")) if codes else ""


def comparisons(metrics: dict[str, Any]) -> Iterator[str]:
    """Yield codes against pixels for each kernel, RBF first."""
    results = metrics.get("results") or []
    for kernel, name in (("rbf", "RBF"), ("linear", "Linear")):
        codes, pixels = preferred(results, "codes", kernel), preferred(results, "pixels", kernel)
        if codes and pixels:
            settings = summary.name_settings(codes)
            if encoders := over_encoders(results, codes):
                yield commentary.codes_over_encoders(
                    pixels["accuracy"], encoders, size=codes["size"], kernel=name, settings=settings
                )
                continue
            test = _test(metrics, kernel, codes)
            yield commentary.codes_against_pixels(
                pixels["accuracy"],
                codes["accuracy"],
                test.get("p_holm", test.get("p")),  # runs of 0.1.0 did not adjust
                size=codes.get("size", 0),
                kernel=name,
                settings=settings,
                holm="p_holm" in test,
            )


def over_encoders(results: list[dict[str, Any]], codes: dict[str, Any]) -> Interval | None:
    """Return the accuracy of codes over the encoders that differ in their seed alone; None for one encoder."""
    accuracies = [row["accuracy"] for group in summary.alike(results) if codes in group for row in group]
    return mean_accuracy(accuracies) if len(accuracies) > 1 else None


def preferred(results: list[dict[str, Any]], features: str, kernel: str) -> dict[str, Any] | None:
    """Return the headline result of these features and kernel."""
    matching = (result for result in results if (result["features"], result["kernel"]) == (features, kernel))
    return summary.headline(matching, lambda result: result.get("size"))


def _test(metrics: dict[str, Any], kernel: str, codes: dict[str, Any]) -> dict[str, Any]:
    """Return McNemar's test of pixels against these codes; empty if there is none."""
    key = (kernel, "codes", codes.get("run"))
    tests = metrics.get("mcnemar") or []
    return next((test for test in tests if (test["kernel"], test["second"], test.get("run")) == key), {})


def _accuracy(fraction: float | None) -> str:
    return format_percent(fraction, 2) if fraction is not None else "–"


def _interval(bounds: list[float] | None) -> str:
    return f"{100 * bounds[0]:.2f}–{100 * bounds[1]:.2f} %" if bounds and None not in bounds else "–"
