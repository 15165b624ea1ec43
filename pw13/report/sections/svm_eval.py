"""Item 1g: SVMs on codes and on pixels."""

from typing import Any

from pw13.report.commentary import phrasing
from pw13.report.commentary import svm_eval as comments
from pw13.report.document import Block, table
from pw13.report.run_selection import RunSelection
from pw13.report.sections.blocks import computed_comment, figure_block, format_number, missing
from pw13.svm import summary

EVALUATE = "pw13 svm-eval"


COLUMNS = (
    "features",
    "values",
    "kernel",
    "accuracy",
    "95 % interval",
    "without repeats",
    "support vectors",
    "fit, s",
    "predict, s",
)
FIGURES = (  # file, caption, what a reader who cannot see it is told
    (
        "confusion",
        "Confusions: rows are true classes, columns what the SVM says.",
        "Matrices of counts by true and predicted class, side by side.",
    ),
    (
        "code_size",
        "Accuracy against the size of the code, with 95 % intervals.",
        "Line plot of accuracy against the number of code values.",
    ),
    (
        "learning_curve",
        "Accuracy against the number of training images.",
        "Line plot of test accuracy against training images, a line for each kind of features.",
    ),
    (
        "disagreements",
        "Test images that one of two SVMs gets right and the other wrong.",
        "Rows of test images with the answers of both SVMs above.",
    ),
)


def compared(found: RunSelection) -> list[Block]:
    run = found.svm
    if run is None:
        return missing("No evaluation by SVM.", EVALUATE)
    metrics = run.metrics or {}
    results = metrics.get("results") or []
    told = further(metrics) if results and "mcnemar" in metrics else []
    return [
        *computed_comment(*verdict(metrics)),
        table(_caption(metrics), COLUMNS, [_row(result) for result in results]),
        *[block for line in told for block in computed_comment(line)],
        *[block for name, caption, alt in FIGURES for block in figure_block(run, name, "1g", caption, alt)],
    ]


def _row(result: dict[str, Any]) -> tuple[str, ...]:
    """A result in the order of `COLUMNS`."""
    return (
        summary.NAMES.get(result["features"], result["features"]),
        format_number(result.get("size")),
        result["kernel"],
        _share(result.get("accuracy")),
        _interval(result.get("ci95")),
        _share(result.get("accuracy_distinct")),
        format_number(result.get("support_vectors")),
        format_number(result.get("fit_seconds"), digits=2),
        format_number(result.get("predict_seconds"), digits=2),
    )


def _caption(metrics: dict[str, Any]) -> str:
    methods = sorted({result["method"] for result in metrics.get("results") or [] if result.get("method")})
    solved = f" Solved by {phrasing.listed(methods)}." if methods else ""
    return (
        f"SVMs trained on {phrasing.figure(metrics.get('n_train'))} images, tested on "
        f"{phrasing.figure(metrics.get('n_test'))}: same images, same scaling, "
        f"C and gamma chosen by cross-validation for each.{solved} Without repeats: images that stand once in the test "
        "file."
    )


def further(metrics: dict[str, Any]) -> list[str]:
    """What else an evaluation shows: codes against PCA, speed, the hardest class, repeated test images."""
    results = metrics["results"]
    codes = sorted(
        (r for r in results if r["features"] == "codes"), key=lambda r: (r["size"] != 32, r["kernel"] != "rbf")
    )
    said = [
        summary.ae_against_pca(codes, results),
        summary.speed(codes, results),
        summary.weakest(codes or results),
    ]
    if metrics["n_test_distinct"] < metrics["n_test"]:
        said.append(summary.without_copies(metrics, codes or results))
    return [text for text in said if text]


def verdict(metrics: dict[str, Any]) -> list[str]:
    """The answer to the handout's question, then codes against pixels with each kernel."""
    results: list[dict[str, Any]] = metrics.get("results") or []
    said: list[str] = []
    for kernel, name in (("rbf", "RBF"), ("linear", "Linear")):
        codes = preferred(results, "codes", kernel)
        pixels = preferred(results, "pixels", kernel)
        if codes and not said:
            said.append(comments.usable(codes["accuracy"], len(codes.get("recall") or {})))
        if codes and pixels:
            p = _p_value(metrics, kernel, codes)
            said.append(comments.svm(pixels["accuracy"], codes["accuracy"], p, size=codes.get("size", 0), kernel=name))
    return said


def preferred(results: list[dict[str, Any]], features: str, kernel: str) -> dict[str, Any] | None:
    """The result of these features and kernel; of several code sizes that with the handout's 32 values."""
    found = [r for r in results if (r["features"], r["kernel"]) == (features, kernel)]
    return next((r for r in found if r.get("size") == 32), found[0] if found else None)


def _p_value(metrics: dict[str, Any], kernel: str, codes: dict[str, Any]) -> float | None:
    """McNemar's p of pixels against these codes."""
    wanted = (kernel, "codes", codes.get("run"))
    tests = metrics.get("mcnemar") or []
    return next((test.get("p") for test in tests if (test["kernel"], test["second"], test.get("run")) == wanted), None)


def _share(value: float | None) -> str:
    return phrasing.percent(value, 2) if value is not None else "–"


def _interval(pair: list[float] | None) -> str:
    return f"{100 * pair[0]:.1f}–{100 * pair[1]:.1f} %" if pair and None not in pair else "–"
