"""What an SVM evaluation shows, in words computed from the numbers of its metrics.json."""

from collections.abc import Mapping, Sequence
from typing import Any

ALPHA = 0.05  # below it a difference is called significant

NAMES = {"pixels": "pixels", "codes": "codes", "pca": "PCA codes", "conv-codes": "codes of the convolutional encoder"}


def sentences(metrics: Mapping[str, Any]) -> list[str]:
    """A sentence or two for each point."""
    results, tests = metrics["results"], metrics["mcnemar"]
    lines = [against_pixels(test, results) for test in tests]
    codes = [r for r in results if r["features"] == "codes"]
    lines += [line for line in (ae_against_pca(codes, results), speed(codes, results)) if line]
    lines.append(weakest(codes or results))
    if metrics["n_test_distinct"] < metrics["n_test"]:
        lines.append(without_copies(metrics, codes or results))
    if not codes:
        lines.append("No dense autoencoder run on these data, so codes are left out; `pw13 train-dense-ae` makes one.")
    return lines


def against_pixels(test: Mapping[str, Any], results: Sequence[Mapping[str, Any]]) -> str:
    """Pixels and one other kind of features with one kernel: which is better, by how much, and whether by chance."""
    pixels = found(results, "pixels", test["kernel"])
    other = found(results, test["second"], test["kernel"], test["size"], test["run"])
    points = 100 * (other["accuracy"] - pixels["accuracy"])
    verdict = "as good as" if points == 0 else f"{abs(points):.2f} points {'better' if points > 0 else 'worse'} than"
    sure = "significant" if test["p"] < ALPHA else "not significant"
    return (
        f"With the {kernel(test)}, {named(other)} {percent(other)} are {verdict} {named(pixels)} {percent(pixels)}; "
        f"McNemar's exact test: p {chance(test['p'])}, {sure}."
    )


def chance(p: float) -> str:
    """A probability; what is too small for a float is told as such."""
    return f"= {p:.2g}" if p else "< 1e-300"


def ae_against_pca(codes: Sequence[Mapping[str, Any]], results: Sequence[Mapping[str, Any]]) -> str | None:
    """The autoencoder's codes beside PCA codes of the same size, for each kernel."""
    parts = []
    for mine in codes:
        rival = next(
            (r for r in results if (r["features"], r["size"], r["kernel"]) == ("pca", mine["size"], mine["kernel"])),
            None,
        )
        if rival:
            points = 100 * (mine["accuracy"] - rival["accuracy"])
            parts.append(f"{points:+.2f} points with {values(mine)}, {kernel(mine)}")
    return f"Codes of the autoencoder against PCA codes of the same size: {'; '.join(parts)}." if parts else None


def speed(codes: Sequence[Mapping[str, Any]], results: Sequence[Mapping[str, Any]]) -> str | None:
    """How much sooner codes are learnt and applied."""
    if not codes:
        return None
    mine = codes[0]
    pixels = found(results, "pixels", mine["kernel"])
    apply = mine["predict_seconds"] + mine["encode_seconds"]
    fit_ratio, apply_ratio = ratio(pixels["fit_seconds"], mine["fit_seconds"]), ratio(pixels["predict_seconds"], apply)
    what = named(mine)
    return (
        f"{what[0].upper()}{what[1:]} instead of {named(pixels)}, {kernel(mine)}: fitted in "
        f"{mine['fit_seconds']:.2g} s instead of {pixels['fit_seconds']:.2g} s ({fit_ratio}), "
        f"the autoencoder's training not counted; applied, encoding included, in {apply:.2g} s instead of "
        f"{pixels['predict_seconds']:.2g} s ({apply_ratio})."
    )


def weakest(rows: Sequence[Mapping[str, Any]]) -> str:
    """The class that is recognised least."""
    mine = rows[0]
    recalls = {name: value for name, value in mine["recall"].items() if value is not None and value == value}
    name = min(recalls, key=recalls.__getitem__)
    what = f"{named(mine)}, {kernel(mine)}"
    if recalls[name] == 1:
        return f"From {what}, every test image is recognised."
    return f"The class recognised least from {what} is {name}: {recalls[name]:.1%} of its images."


def without_copies(metrics: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    """What remains of an accuracy when test images that stand several times do not count."""
    mine, copies = rows[0], metrics["n_test"] - metrics["n_test_distinct"]
    if mine["accuracy_distinct"] is None:
        return f"All {copies:,} test images stand several times in the test file."
    return (
        f"Without the {copies:,} test images that stand several times: {mine['accuracy_distinct']:.2%} instead of "
        f"{mine['accuracy']:.2%} ({named(mine)}, {kernel(mine)})."
    )


def found(
    results: Sequence[Mapping[str, Any]], features: str, kernel: str, size: int | None = None, run: str | None = None
) -> Mapping[str, Any]:
    """The entry of these features and kernel, and of this size and run where given."""
    return next(
        r
        for r in results
        if r["features"] == features and r["kernel"] == kernel and size in (None, r["size"]) and run in (None, r["run"])
    )


def named(result: Mapping[str, Any]) -> str:
    return f"{NAMES[result['features']]} ({values(result)})"


def values(result: Mapping[str, Any]) -> str:
    return f"{result['size']} value{'s' * (result['size'] != 1)}"


def kernel(result: Mapping[str, Any]) -> str:
    return {"rbf": "RBF kernel", "linear": "linear kernel"}[result["kernel"]]


def percent(result: Mapping[str, Any]) -> str:
    low, high = result["ci95"]
    return f"({result['accuracy']:.2%}, 95 % interval {low:.2%} to {high:.2%})"


def ratio(slow: float, fast: float) -> str:
    """ "2.5 times as fast"; a measurement too short to divide by says so."""
    if min(slow, fast) < 1e-3:
        return "too short to compare"
    return f"{slow / fast:.1f} times as fast" if slow >= fast else f"{fast / slow:.1f} times as slow"
