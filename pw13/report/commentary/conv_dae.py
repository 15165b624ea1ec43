"""Comments on the convolutional denoising autoencoder."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pw13.baselines import FILTER_NAMES
from pw13.baselines.linear_denoiser import MAX_PIXELS
from pw13.report.commentary.phrasing import format_number, join_sentences, join_words

SAME_PSNR = 0.05  # dB below which two PSNRs count as the same
NO_MORE = 0.1  # dB within which the whole interval of a difference shows that a network gains nothing
SAME_SSIM = 0.005


def shapes(steps: Sequence[str], code: int | None) -> str:
    """Return whether the network is a diabolo: `steps` are the sizes of its feature maps, "28x28", input to output."""
    if len(steps) < 3:
        return ""
    values = f" The code has {format_number(code)} values." if code else ""
    return (
        f"The feature maps shrink and grow again, {' -> '.join(steps)}: a diabolo network, whose output has the shape "
        f"of its input.{values}"
    )


def denoising(noisy: float | None, denoised: float | None, baselines: Mapping[str, Any]) -> str:
    """Return the gain of the network over the noisy images, the linear denoiser and the best filter; PSNRs in dB.

    baselines: as in metrics.json.
    """
    if noisy is None or denoised is None:
        return ""
    return join_sentences(
        _psnr_gain(noisy, denoised), _against_linear(denoised, baselines), _against_filters(denoised, baselines)
    )


def _psnr_gain(noisy: float, denoised: float) -> str:
    gain = denoised - noisy
    if gain <= SAME_PSNR:
        return f"The network does not denoise: its PSNR is {denoised:.1f} dB, that of the noisy images {noisy:.1f} dB."
    return (
        f"On the test images the network raises the PSNR from {noisy:.1f} to {denoised:.1f} dB, by {gain:.1f} dB: the "
        f"mean squared error becomes {10 ** (gain / 10):.1f} times smaller."
    )


def _against_linear(denoised: float, baselines: Mapping[str, Any]) -> str:
    if not baselines:
        return ""
    if "linear" not in baselines:
        return "The run was compared with neither a linear denoiser nor filters with gain and offset."
    if baselines["linear"] is None:
        return f"Images of more than {MAX_PIXELS:,} pixels have no linear denoiser."
    psnr, interval = baselines["linear"]["psnr_db"], baselines["linear"]["network_gain_db"]["ci95"]
    if psnr is None:
        return ""
    if not interval or None in interval:  # of one test image, or of images denoised perfectly
        return f"The linear denoiser reaches {psnr:.1f} dB."
    lead, (low, high) = denoised - psnr, interval
    reached = f"{psnr:.1f} dB; 95 % interval of the difference {low:+.2f} to {high:+.2f} dB"
    if (low <= 0 <= high or abs(lead) < SAME_PSNR) and -NO_MORE <= low <= high <= NO_MORE:
        return (
            f"The linear denoiser reaches as much ({reached}): as trained, the network does no more than a linear map "
            "of the pixels."
        )
    if low <= 0 <= high:
        return (
            f"The linear denoiser reaches {psnr:.1f} dB; the difference is not distinguishable from 0 (95 % interval "
            f"{low:+.2f} to {high:+.2f} dB)."
        )
    if lead < 0:
        return f"The linear denoiser reaches {-lead:.1f} dB more ({reached}): as trained, the network is of no use."
    return (
        f"That is {lead:.1f} dB more than the linear denoiser reaches ({reached}): beyond what any linear map of the "
        "pixels can do, the network has learned what such images look like."
    )


def _against_filters(denoised: float, baselines: Mapping[str, Any]) -> str:
    """Compare with the best filter on validation images, as it is or with gain and offset.

    Runs that lack its validation PSNR (`val_psnr_db`): with the best on test images.
    Runs keep no losses per image of filters, so the difference has no interval and the network is not judged by it.
    """
    psnrs = {}  # on validation and on test images
    for name, baseline in baselines.items():
        if name != "linear" and baseline:
            for kind, text in (("", ""), ("corrected_", " with gain and offset")):
                psnr = baseline.get(f"{kind}psnr_db")
                psnrs[FILTER_NAMES.get(name, name) + text] = baseline.get(f"{kind}val_psnr_db", psnr), psnr
    known = {name: pair for name, pair in psnrs.items() if None not in pair}
    if not known:
        return ""
    best = max(known, key=known.__getitem__)
    psnr = known[best][1]
    lead = denoised - psnr
    reaches = f"The best classical filter, {best}, tuned on validation images, reaches"
    if abs(lead) < SAME_PSNR:
        return f"{reaches} the same."
    if lead < 0:
        return f"{reaches} {psnr:.1f} dB, {-lead:.1f} dB more than the network."
    return (
        f"{reaches} {psnr:.1f} dB, {lead:.1f} dB less than the network: it only assumes that neighbouring "
        "pixels are alike."
    )


def structure(noisy: float | None, denoised: float | None) -> str:
    """Return the change of SSIM from noisy to denoised images."""
    if noisy is None or denoised is None:
        return ""
    trend = "rises" if denoised > noisy + SAME_SSIM else "falls" if denoised < noisy - SAME_SSIM else "is unchanged"
    return f"The structural similarity (SSIM, 1 for equal images) {trend}: {noisy:.3f} noisy, {denoised:.3f} denoised."


def noise_levels(rows: Sequence[Mapping[str, Any]], trained_at: float, baselines: Mapping[str, Any]) -> str:
    """Return the noise levels at which the network helps, and at which a baseline has a higher PSNR.

    rows, baselines: as `by_noise` and `baselines` in metrics.json. trained_at: noise level of the network and of the
        linear denoiser, at which all test images and an interval decide between the two, not those of `rows`.
    """
    gains = {
        row["noise"]: row["denoised_psnr_db"] - row["noisy_psnr_db"]
        for row in rows
        if row.get("noisy_psnr_db") is not None and row.get("denoised_psnr_db") is not None
    }
    if len(gains) < 2:
        return ""
    helped = [level for level, gain in gains.items() if gain > SAME_PSNR]
    if not helped:
        return (
            f"Trained at noise {trained_at:g}, the network helps at none of the levels measured "
            f"({min(gains):g} to {max(gains):g})."
        )
    best = max(gains, key=gains.__getitem__)
    helps = (
        f"Trained at noise {trained_at:g} only, the network helps at {len(helped)} of the {len(gains)} levels "
        f"measured, most at {best:g} ({gains[best]:+.1f} dB)"
    )
    harmed = [level for level, gain in gains.items() if gain < -SAME_PSNR]
    damage = f"; at {_in_words(harmed)} it does more damage than the noise" if harmed else ""
    network_gain = (baselines.get("linear") or {}).get("network_gain_db")
    linear = _levels_where_linear_is_better(rows, trained_at, network_gain)
    filters = _levels_where_better(rows, _best_corrected)
    by_linear, by_filter = _in_words(linear), _in_words(filters)
    return join_sentences(
        f"{helps}{damage}.",
        by_linear and f"The linear denoiser, fitted at noise {trained_at:g} as well, has a higher PSNR at {by_linear}.",
        by_filter
        and f"The best filter, with gain and offset and tuned at each level, has a higher PSNR at {by_filter}.",
        _without_intervals(linear, filters, trained_at),
    )


def _without_intervals(linear: Sequence[float], filters: Sequence[float], trained_at: float) -> str:
    """Return which of the differences have no interval: all but the linear denoiser's at the noise trained at."""
    if trained_at not in linear:
        return "These differences have no intervals." if linear or filters else ""
    others = len(linear) + len(filters) > 1
    return f"Of these differences only the linear denoiser's at {trained_at:g} has an interval." if others else ""


def _best_corrected(row: Mapping[str, Any]) -> Iterable[float | None]:
    """Return the PSNR of the filter that is best on validation images; of all, in runs that do not say which it is."""
    psnrs, chosen = row.get("corrected_baselines") or {}, row.get("corrected_best_filter")
    return psnrs.values() if chosen is None else [psnrs.get(chosen)]


def _levels_where_linear_is_better(
    rows: Sequence[Mapping[str, Any]], trained_at: float, gain: Mapping[str, Any] | None
) -> list[float]:
    """Return the noise levels at which the linear denoiser is better; gain: the network's over it at `trained_at`."""
    better = _levels_where_better(rows, lambda row: [(row.get("baselines") or {}).get("linear")])
    if gain is None:
        return better
    known = gain["ci95"] and None not in gain["ci95"]
    if known and gain["ci95"][1] < 0 and gain["mean"] <= -SAME_PSNR:
        return better
    return [level for level in better if level != trained_at]


def _levels_where_better(
    rows: Sequence[Mapping[str, Any]], psnrs: Callable[[Mapping[str, Any]], Iterable[float | None]]
) -> list[float]:
    """Return the noise levels at which one of `psnrs(row)` is above the network's PSNR by `SAME_PSNR`."""

    def is_better(row: Mapping[str, Any]) -> bool:
        network = row.get("denoised_psnr_db")
        return network is not None and any(psnr is not None and psnr - network >= SAME_PSNR for psnr in psnrs(row))

    return [row["noise"] for row in rows if is_better(row)]


def _in_words(levels: Sequence[float]) -> str:
    return join_words([f"{level:g}" for level in levels])


def conv_code(
    code: int | None, pixels: int | None, uint8: float | None, entropy: float | None, packed_pixels: float | None
) -> str:
    """Return whether the code is smaller than the image, as it is and with both LZMA-compressed.

    Args:
        code: values per code.
        pixels: pixels, and bytes, per image.
        uint8: bytes per 8-bit code.
        entropy: bytes per LZMA-compressed 8-bit code.
        packed_pixels: bytes per LZMA-compressed image.
    """
    if not code or not pixels:
        return ""
    ratio = code / pixels
    values = f"The code has {format_number(code)} values for {format_number(pixels)} pixels, " + (
        f"{ratio:.3g} times as many: by itself it does not compress." if ratio > 1 else f"{1 / ratio:.3g} times fewer."
    )
    if not uint8 or not entropy:
        return values
    packed = (
        f"Rounded to 8 bits it takes {format_number(uint8)} bytes, LZMA-compressed {format_number(entropy, 3)}: "
        f"{'still more' if entropy > pixels else 'fewer'} than the {format_number(pixels)} bytes of the raw image"
    )
    if not packed_pixels:
        return f"{values} {packed}."
    conjunction = "and" if (entropy > packed_pixels) == (entropy > pixels) else "but"
    return (
        f"{values} {packed}, {conjunction} {'more' if entropy > packed_pixels else 'fewer'} than the "
        f"{format_number(packed_pixels, 3)} of its LZMA-compressed pixels."
    )
