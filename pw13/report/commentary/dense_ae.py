"""Comments on the dense autoencoder (1a to 1f)."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pw13.metrics.rate_distortion import Point, largest, margin, mse_at, ranges_ahead
from pw13.report.commentary.contrasts import BySeed, change, compared, is_lower, is_same, is_undecided, mean
from pw13.report.commentary.phrasing import (
    format_count,
    format_number,
    format_percent,
    join_sentences,
    join_words,
)

COMPARED_SIZES = (8, 16, 32, 64)  # bytes per image
NOT_LETTERS = 1.2  # times the MSE of test letters from which random codes are said not to decode to letters
FAR = 0.2  # the share by which an MSE is lower where a method is far ahead


def code_sizes(rows: Sequence[tuple[int, BySeed]]) -> str:
    """Return the change of the test MSE with each code size; rows of (size, test MSE by seed) by ascending size."""
    known = [(size, losses) for size, losses in rows if losses]
    if len(known) < 2:
        return ""
    pairs = list(itertools.pairwise(known))
    steps = [f"from {small} to {large} values {change(before, after)}" for (small, before), (large, after) in pairs]
    size, lowest = min(known, key=lambda row: mean(row[1]))
    steps_of_loss = [(before, after) for (_, before), (_, after) in pairs]
    if all(is_lower(before, after) for before, after in steps_of_loss):
        lead = "Larger codes reconstruct better throughout"
    elif all(is_lower(before, after) or is_undecided(before, after) for before, after in steps_of_loss):
        lead = "Not every gain of a larger code can be told from chance"
    else:
        lead = "Larger codes do not always reconstruct better"
    return (
        f"{lead}: test MSE {format_number(mean(known[0][1]))} with {format_count(known[0][0], 'value')}; "
        f"{', '.join(steps)}. The lowest is {format_number(mean(lowest))} with {format_count(size, 'value')}."
    )


def against_pca(size: int, mse: BySeed, pca: BySeed) -> str:
    """Return the comparison of test MSEs, by seed, with `size` principal components."""
    if not mse or not pca:
        return ""
    comparison = (
        f"The dense autoencoder's test MSE, {format_number(mean(mse))}, is {compared(pca, mse)} that of "
        f"{format_count(size, 'principal component')}, {format_number(mean(pca))}"
    )
    if is_same(pca, mse) and not is_undecided(pca, mse):
        return f"{comparison}: it matches the best linear map of that size."
    if is_lower(pca, mse):
        return f"{comparison}: being nonlinear, it outperforms the best linear map of that size."
    return f"{comparison}, the best linear map of that size."


def code_map(space: Mapping[str, Any]) -> str:
    """Return how well codes, pixels and each map keep letters of a class together.

    space: `code_space` in metrics.json; empty for runs of 0.1.0.
    """
    shares = space.get("neighbours") or {}
    known = [shares[name] for name in ("codes", "pixels", "tsne", "pca") if shares.get(name)]
    if len(known) < 4:
        return ""
    codes, pixels, tsne, pca = (_with_interval(share, lambda value: format_percent(value, 0)) for share in known)
    return (
        f"Of the {shares['count']} nearest neighbours of a test letter among the {format_number(shares['letters'])} on "
        f"the map {codes} are of its class by code, {pixels} by pixels, {tsne} on the t-SNE map and {pca} along the "
        "first two principal components of the codes."
    )


def generation(space: Mapping[str, Any]) -> str:
    """Return how far what decodes from codes of no image is from any training image; `space` as above."""
    errors = space.get("nearest_mse") or {}
    if not errors.get("letters") or not errors.get("random") or not errors["letters"]["mean"]:
        return ""
    letters, means, midpoints, random = (
        errors.get(name) and _with_interval(errors[name], lambda value: format_number(value, 3))
        for name in ("letters", "means", "midpoints", "random")
    )
    between = f", halfway between two letters {midpoints}" if midpoints else ""
    ratio = errors["random"]["mean"] / errors["letters"]["mean"]
    verdict = (
        f"{ratio:.1f} times that of test letters: nothing in the training of a plain autoencoder asks that such codes "
        "decode to letters"
        if ratio >= NOT_LETTERS
        else "about that of test letters"
        if ratio > 1 / NOT_LETTERS
        else "less than that of test letters"
    )
    return (
        f"The MSE between a decoded code and the nearest of {format_number(errors['images'])} training images is "
        f"{letters} for test letters, {means} for mean codes of classes{between}, and for random codes {random}, "
        f"{verdict}. Brackets: 95 % intervals."
    )


def _with_interval(measured: Mapping[str, Any], shown: Callable[[float], str]) -> str:
    """Return `{mean, ci95}` as "0.114 (0.110 to 0.118)"."""
    interval = measured.get("ci95")
    brackets = f" ({shown(interval[0])} to {shown(interval[1])})" if interval else ""
    return f"{shown(measured['mean'])}{brackets}"


def dead_units(dead: int | None, size: int) -> str:
    if dead is None:
        return ""
    if not dead:
        return f"All {size} code units are in use." if size > 1 else "The one code unit is in use."
    return (
        f"{dead} of {format_count(size, 'code unit')} {'is' if dead == 1 else 'are'} dead (constant over the training "
        f"images): {format_count(size - dead, 'value')} would suffice."
    )


def reconstruction(psnr: float | None, mse: float | None) -> str:
    """Return the reconstruction error in dB and per pixel."""
    if psnr is None or mse is None:
        return ""
    return (
        f"The reconstructions of the test set reach a PSNR of {psnr:.1f} dB: pixels are off by {mse**0.5:.2f} of the "
        "range from black to white (root mean square)."
    )


def compression(sizes: Mapping[str, Any], mse: float | None) -> str:
    """Return the reduction in bytes, and its cost; `mse` is that of the code as float32, over the same images."""
    raw, floats, bytes_ = (sizes.get(key) for key in ("raw_bytes", "float32_code_bytes", "uint8_code_bytes"))
    if not (raw and floats and bytes_):
        return ""
    reduction = (
        f"An image of {format_number(raw)} bytes becomes a code of {format_number(floats)} bytes as float32 "
        f"({_times(raw, floats)}), or {format_number(bytes_)} bytes at 8 bits per value ({_times(raw, bytes_)})."
    )
    return join_sentences(
        reduction, _rounding(mse, sizes.get("uint8_code_test_mse")), _lossless(sizes, bytes_), _decoder(sizes)
    )


def _times(before: float, after: float) -> str:
    """Return how a size compares with that before: "6.1 times smaller", "2.0 times larger" or "about as large"."""
    factor = f"{max(before / after, after / before):.1f}"
    if factor == "1.0":
        return "about as large"
    return f"{factor} times {'smaller' if after < before else 'larger'}"


def _rounding(mse: float | None, rounded: float | None) -> str:
    if not mse or rounded is None:
        return ""
    return (
        f"Rounding the code to 8 bits changes the test MSE from {format_number(mse)} to {format_number(rounded)} "
        f"({100 * (rounded / mse - 1):+.2f} %)."
    )


def _lossless(sizes: Mapping[str, Any], code_bytes: float) -> str:
    formats = {"PNG": sizes.get("png_bytes"), "WebP": sizes.get("webp_bytes")}
    known = {name: size for name, size in formats.items() if size}
    if not known:
        return ""
    name = min(known, key=known.__getitem__)
    conjunction = "but" if code_bytes < known[name] else "and"
    return (
        f"Lossless {name} takes {format_number(known[name], 3)} bytes per test image on average; the 8-bit code is "
        f"{_times(known[name], code_bytes)}, {conjunction} lossy."
    )


def _decoder(sizes: Mapping[str, Any]) -> str:
    decoder, images, images_png = (
        sizes.get(key) for key in ("decoder_bytes", "break_even_images", "break_even_images_png")
    )
    if not decoder or not images:
        return ""
    against_png = f" ({format_number(images_png)} images compared with PNG)" if images_png else ""
    return (
        f"The receiver also needs the decoder, {format_number(decoder)} bytes, once: codes pay off from "
        f"{format_number(images)} images on{against_png}."
    )


def rate_distortion(curves: Mapping[str, Sequence[Point]], images: int | None) -> str:
    """Return where the autoencoder or PCA is ahead at the same number of bytes.

    curves: points by method. images: number of test images; None if it is unknown.
    """
    own, pca = (curves.get(method, ()) for method in ("autoencoder", "pca"))
    if not own or not pca:
        return ""
    by = margin(images)
    return join_sentences(
        _where_ahead(own, pca, by, "; smaller differences may be chance" if images else "") if by < 1 else "",
        _far_ahead("The autoencoder", own, pca, max(FAR, by)),
        _far_ahead("PCA", pca, own, max(FAR, by)),
        _smallest_files(curves),
    )


def _where_ahead(own: Sequence[Point], pca: Sequence[Point], by: float, note: str) -> str:
    lower, end = f"at least {format_percent(by, 0)} lower", min(largest(own), largest(pca))
    return (
        f"At the same number of bytes per image, up to the {format_number(end, 2)} that both reach, the autoencoder's "
        f"MSE is {_spans(lower, ranges_ahead(own, pca, by))} and PCA's is "
        f"{_spans(lower, ranges_ahead(pca, own, by))}{note}."
    )


def _spans(what: str, ranges: Sequence[tuple[float, float]]) -> str:
    spans = [f"from {format_number(low, 2)} to {format_number(high, 2)} bytes" for low, high in ranges]
    return f"{what} {join_words(spans)}" if spans else f"nowhere {what}"


def _far_ahead(name: str, points: Sequence[Point], rival: Sequence[Point], by: float) -> str:
    compared = ((size, mse_at(points, size), mse_at(rival, size)) for size in COMPARED_SIZES)
    parts = [
        f"{size} bytes ({format_number(mse, 3)} against {format_number(other, 3)})"
        for size, mse, other in compared
        if mse is not None and other is not None and mse < (1 - by) * other
    ]
    return f"{name} is far ahead at {join_words(parts)}." if parts else ""


def _smallest_files(curves: Mapping[str, Sequence[Point]]) -> str:
    smallest = {
        name: min(curves[method], key=lambda point: point.bytes)
        for method, name in (("webp", "WebP"), ("jpeg", "JPEG"))
        if curves.get(method)
    }
    parts = [
        f"{format_number(point.bytes, 3)} bytes ({name}, MSE {format_number(point.mse, 3)})"
        for name, point in smallest.items()
    ]
    return f"Image files, headers included, take {join_words(parts)} or more." if parts else ""
