"""Sentences on an SVM evaluation, computed from the numbers of its metrics.json."""

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from pw13.metrics.intervals import Interval, mean_accuracy, mean_interval, paired_difference

Result = Mapping[str, Any]  # an entry of "results" in metrics.json
T = TypeVar("T")

ALPHA = 0.05  # significance level
HANDOUT_CODE_SIZE = 32

NAMES = {"pixels": "pixels", "codes": "codes", "pca": "PCA codes", "conv-codes": "convolutional codes"}


def sentences(metrics: Mapping[str, Any]) -> list[str]:
    """Return a sentence or two per finding."""
    lines = [*against_pixels(metrics["mcnemar"], metrics["results"]), *findings(metrics)]
    if not headline_first(metrics["results"]):
        lines.append(
            "No codes of a dense autoencoder: no usable run on these data; train one with `pw13 train-dense-ae`."
        )
    return lines


def findings(metrics: Mapping[str, Any]) -> list[str]:
    """Return sentences on codes against PCA, speed, few labels, the hardest class and repeated test images."""
    results = metrics["results"]
    codes = headline_first(results)
    lines = approximations(metrics)
    lines += [line for line in (ae_against_pca(codes, results), speed(codes, results)) if line]
    lines += [*few_labels(metrics.get("learning_curve") or []), *on_reconstructions(metrics)]
    lines.append(lowest_recall(codes or results))
    if metrics["n_test_distinct"] < metrics["n_test"]:
        lines.append(without_duplicates(metrics, codes or results))
    return lines


def headline(rows: Iterable[T], size: Callable[[T], Any]) -> T | None:
    """Return the result that stands for those of several code sizes: of the handout's 32, else the first.

    None if there is no result. size: of a result.
    """
    return min(rows, key=lambda row: size(row) != HANDOUT_CODE_SIZE, default=None)


def headline_first(results: Sequence[Result]) -> list[Result]:
    """Return the results of codes: of the handout's size before others, of the RBF kernel before the linear one."""
    codes = (result for result in results if result["features"] == "codes")
    return sorted(codes, key=lambda result: (result["size"] != HANDOUT_CODE_SIZE, result["kernel"] != "rbf"))


def against_pixels(tests: Sequence[Mapping[str, Any]], results: Sequence[Result]) -> list[str]:
    """Compare each kind of features with pixels for each kernel: one encoder by McNemar's test, several over them."""
    compared = [{**_find(results, t["second"], t["kernel"], t["size"], t["run"]), "test": t} for t in tests]
    lines = []
    for group in alike(compared):
        pixels = _find(results, "pixels", group[0]["kernel"])
        lines.append(_several_encoders(group, pixels) if len(group) > 1 else _one_encoder(group[0], pixels))
    return lines


def _one_encoder(other: Result, pixels: Result) -> str:
    test = other["test"]
    points = 100 * (other["accuracy"] - pixels["accuracy"])
    verdict = "the same as" if points == 0 else f"{abs(points):.2f} points {'above' if points > 0 else 'below'}"
    adjusted = test.get("p_holm", test["p"])  # runs of 0.1.0 did not adjust
    significance = "significant" if adjusted < ALPHA else "not significant"
    return (
        f"{_capitalized(kernel(test))}: {describe(other)} reach {_accuracy(other)}, {verdict} {describe(pixels)} "
        f"with {_accuracy(pixels)}; McNemar's exact test: p {_p_value(adjusted)}"
        f"{' (Holm)' if 'p_holm' in test else ''}, {significance}."
    )


def _several_encoders(group: Sequence[Result], pixels: Result) -> str:
    difference = mean_interval([row["accuracy"] - pixels["accuracy"] for row in group])
    return (
        f"{_capitalized(kernel(pixels))}: {describe(group[0])} reach {_mean_accuracy(group)}, {describe(pixels)} "
        f"{_accuracy(pixels)}: {_verdict(difference)}."
    )


def approximations(metrics: Mapping[str, Any]) -> list[str]:
    """Compare approximations fitted on all images with exact SVMs on part of them, for each kernel on pixels."""
    return [
        f"{_capitalized(kernel(row))}, {describe(row)}: {_find(metrics['results'], 'pixels', row['kernel'])['method']} "
        f"on all {metrics['n_train']:,} images reaches {_accuracy(_find(metrics['results'], 'pixels', row['kernel']))},"
        f" an exact SVM on {row['n_train']:,} of them {_accuracy(row)}."
        for row in metrics.get("exact_results") or ()
        if row["features"] == "pixels"
    ]


def _p_value(p: float) -> str:
    return f"= {p:.2g}" if p else "< 1e-300"


def ae_against_pca(codes: Sequence[Result], results: Sequence[Result]) -> str | None:
    """Compare the autoencoder's codes with PCA codes of the same size, for each kernel, over encoders if several.

    PCA was fitted to the images of the first encoder of a size; those that were trained on others are left out.
    """
    parts = []
    for group in alike(codes):
        first = next(code for code in codes if code["size"] == group[0]["size"])
        if _images(group[0]) != _images(first):
            continue
        key = ("pca", group[0]["size"], group[0]["kernel"])
        rival = next((r for r in results if (r["features"], r["size"], r["kernel"]) == key), None)
        if rival:
            difference = mean_interval([100 * (code["accuracy"] - rival["accuracy"]) for code in group])
            over = _over_encoders(difference, "{:+.2f}".format)
            parts.append(f"{difference.mean:+.2f} points{over} with {_count_values(group[0])}, {kernel(group[0])}")
    return f"Autoencoder codes vs PCA codes of the same size: {'; '.join(parts)}." if parts else None


def _images(row: Result) -> list[Any]:
    """Return which images the result's encoder was trained on, as far as it differs between encoders of its size."""
    return [(row.get("settings") or {}).get(name) for name in ("limit", "split_seed", "validation_share")]


def speed(codes: Sequence[Result], results: Sequence[Result]) -> str | None:
    """Compare the times of fitting and predicting on codes with those on pixels."""
    if not codes:
        return None
    code = codes[0]
    pixels = _find(results, "pixels", code["kernel"])
    predict = code["predict_seconds"] + code["encode_seconds"]
    return (
        f"{_capitalized(describe(code))} vs {describe(pixels)}, {kernel(code)}: fitting takes "
        f"{code['fit_seconds']:.2g} s vs {pixels['fit_seconds']:.2g} s "
        f"({_ratio(pixels['fit_seconds'], code['fit_seconds'])}), excluding the autoencoder's training; prediction, "
        f"including encoding, {predict:.2g} s vs {pixels['predict_seconds']:.2g} s "
        f"({_ratio(pixels['predict_seconds'], predict)})."
    )


def few_labels(curve: Sequence[Result]) -> list[str]:
    """Compare codes with pixels at the smallest number of labels, over several draws of the labelled images.

    The difference is paired by draw; runs of 0.1.0 drew once and get no sentence.
    """
    size = min((point["n_train"] for point in curve), default=0)
    pixels = next((p for p in curve if (p["features"], p["n_train"]) == ("pixels", size)), None)
    if pixels is None or len(pixels.get("accuracies") or ()) < 2:
        return []
    compared = [
        f"{describe(codes)} {100 * codes['accuracy']:.1f} %, "
        f"{_verdict(paired_difference(codes['accuracies'], pixels['accuracies']))}"
        for codes in sorted(curve, key=lambda point: point["size"])
        if (codes["features"], codes["n_train"]) == ("codes", size)
    ]
    lead = (
        f"With {size} labelled images ({kernel(pixels)}, {len(pixels['accuracies'])} draws), {describe(pixels)} reach "
        f"{100 * pixels['accuracy']:.1f} %"
    )
    tuned = "on these labels alone" if pixels.get("tuned_on", math.inf) <= size else "on more labels than these"
    after = f"C and gamma were chosen {tuned}; the codes were learned without labels, from the autoencoder's images."
    return [f"{'; '.join([lead, *compared])}. {after}"] if compared else []


def _verdict(difference: Interval) -> str:
    """Return which is better, in points of accuracy; of neither, unless the interval of the difference excludes 0."""
    assert difference.ci95 is not None
    low, high = (100 * bound for bound in difference.ci95)
    interval = f"difference {100 * difference.mean:+.1f} points, 95 % interval {low:+.1f} to {high:+.1f}"
    if not difference.excludes_zero:
        return f"not distinguishable ({interval})"
    return f"{'better' if difference.mean > 0 else 'worse'} ({interval})"


def on_reconstructions(metrics: Mapping[str, Any]) -> list[str]:
    """Say what the SVM trained on original pixels makes of reconstructed test images; runs of 0.1.0 lack it."""
    rows = metrics.get("reconstructions") or []
    if not rows:
        return []
    original = _find(metrics["results"], "pixels", rows[0]["kernel"])
    parts = [f"{_mean_accuracy(group)} of {describe_decoder(group[0])}" for group in alike(rows)]
    return [
        f"The SVM trained on original pixels ({kernel(original)}) is right on {_accuracy(original)} of the original "
        f"test images, {', '.join(parts)}."
    ]


def describe_decoder(row: Result) -> str:
    return f"{'PCA' if row['features'] == 'pca' else 'autoencoder'} reconstructions from {_count_values(row)}"


def _mean_accuracy(group: Sequence[Result]) -> str:
    """Return an accuracy with its interval over images, or the mean of several encoders' with that over them."""
    if len(group) == 1:
        return _accuracy(group[0])
    mean = mean_accuracy([row["accuracy"] for row in group])
    return f"{100 * mean.mean:.2f} %{_over_encoders(mean, lambda share: f'{100 * share:.2f} %')}"


def _over_encoders(mean: Interval, shown: Callable[[float], str]) -> str:
    """Return the interval of a mean over encoders in brackets; nothing for a single one."""
    if mean.ci95 is None:
        return ""
    return f" (mean of {mean.n} encoders, 95 % interval {shown(mean.ci95[0])} to {shown(mean.ci95[1])})"


def alike(rows: Sequence[Result]) -> list[list[Result]]:
    """Group results by kernel, features, size and network: encoders that differ in their seed alone are together.

    Kernels, features and networks keep their order, sizes ascend.
    """
    kernels, features = ([*dict.fromkeys(row[name] for row in rows)] for name in ("kernel", "features"))
    networks = [*dict.fromkeys(map(network, rows))]

    def key(row: Result) -> tuple[int, int, int, int]:
        size = row.get("size") or 0
        return kernels.index(row["kernel"]), features.index(row["features"]), size, networks.index(network(row))

    return [list(group) for _, group in itertools.groupby(sorted(rows, key=key), key)]


def network(row: Result) -> str:
    """Return a key that encoders of one size share if they differ in their seed alone.

    What metrics.json lacks in older runs is not known of their encoders; no two of those count as alike.
    """
    settings = row.get("settings")
    return f"run {row.get('run')}" if settings is None else repr(settings)


def lowest_recall(rows: Sequence[Result]) -> str:
    """Name the class with the lowest recall, of the first result."""
    first = rows[0]
    recalls = {name: value for name, value in first["recall"].items() if value is not None and value == value}
    name = min(recalls, key=recalls.__getitem__)
    what = f"{describe(first)}, {kernel(first)}"
    if recalls[name] == 1:
        return f"With {what}, every test image is classified correctly."
    return f"Lowest recall with {what}: class {name}, {100 * recalls[name]:.1f} %."


def without_duplicates(metrics: Mapping[str, Any], rows: Sequence[Result]) -> str:
    """State the accuracy, of the first result, on test images that appear only once and are not in training.

    Runs of 0.1.0 did not look for test images in training.
    """
    first, copies = rows[0], metrics["n_test"] - metrics["n_test_distinct"]
    in_training = metrics.get("n_test_in_train") or 0
    where = f"in duplicate groups or in training ({in_training:,})" if in_training else "in duplicate groups"
    if first["accuracy_distinct"] is None:
        return f"All {copies:,} test images are {where}."
    return (
        f"Without the {copies:,} test images {where}: {100 * first['accuracy_distinct']:.2f} % instead of "
        f"{100 * first['accuracy']:.2f} % ({describe(first)}, {kernel(first)})."
    )


def _find(
    results: Sequence[Result], features: str, kernel: str, size: int | None = None, run: str | None = None
) -> Result:
    """Return the result of these features and kernel, and of this size and run where given.

    Raises:
        LookupError: there is none.
    """
    for r in results:
        asked = (r["features"], r["kernel"]) == (features, kernel)
        if asked and size in (None, r["size"]) and run in (None, r["run"]):
            return r
    raise LookupError(f"result on {NAMES.get(features, features)}, {kernel}")


def describe(result: Result) -> str:
    return f"{NAMES[result['features']]} ({_count_values(result)})"


def kernel(result: Result) -> str:
    return {"rbf": "RBF kernel", "linear": "linear kernel"}[result["kernel"]]


def _count_values(result: Result) -> str:
    return ", ".join([f"{result['size']} value{'s' * (result['size'] != 1)}", *name_settings(result)])


def name_settings(result: Result) -> list[str]:
    """Return the settings that tell the result's encoder from others of its size, as "activation relu"."""
    return [f"{name.replace('_', ' ')} {value}" for name, value in (result.get("settings") or {}).items()]


def _accuracy(result: Result) -> str:
    low, high = result["ci95"]
    return f"{100 * result['accuracy']:.2f} % (95 % interval {100 * low:.2f} % to {100 * high:.2f} %)"


def _capitalized(text: str) -> str:
    return text[0].upper() + text[1:]


def _ratio(slow: float, fast: float) -> str:
    """Return a speed-up such as "2.5x faster"; times too short to divide are named as such."""
    if min(slow, fast) < 1e-3:
        return "too short to compare"
    return f"{slow / fast:.1f}x faster" if slow >= fast else f"{fast / slow:.1f}x slower"
