"""Comments on the convolutional denoising autoencoder."""

from collections.abc import Mapping, Sequence
from typing import Any

from pw13.baselines import FILTER_NAMES
from pw13.report.commentary.phrasing import format_number, join_sentences, join_words

SAME_PSNR = 0.05  # dB below which two PSNRs count as the same
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


def denoising(noisy: float | None, denoised: float | None, filters: Mapping[str, float | None]) -> str:
    """Return the gain of the network over the noisy images, then over the best classical filter; PSNRs in dB."""
    if noisy is None or denoised is None:
        return ""
    return join_sentences(_psnr_gain(noisy, denoised), _against_filters(denoised, filters))


def _psnr_gain(noisy: float, denoised: float) -> str:
    gain = denoised - noisy
    if gain <= SAME_PSNR:
        return f"The network does not denoise: its PSNR is {denoised:.1f} dB, that of the noisy images {noisy:.1f} dB."
    return (
        f"On the test images the network raises the PSNR from {noisy:.1f} to {denoised:.1f} dB, by {gain:.1f} dB: the "
        f"mean squared error becomes {10 ** (gain / 10):.1f} times smaller."
    )


def _against_filters(denoised: float, filters: Mapping[str, float | None]) -> str:
    known = {name: psnr for name, psnr in filters.items() if psnr is not None}
    if not known:
        return ""
    best = max(known, key=known.__getitem__)
    name, lead = FILTER_NAMES.get(best, best), denoised - known[best]
    if abs(lead) < SAME_PSNR:
        return f"That equals the best classical filter, {name}, tuned on validation images."
    reason = (
        "the network has learned what such images look like, a filter only assumes that neighbouring pixels are alike"
        if lead > 0
        else "as trained, the network is of no use"
    )
    return (
        f"That is {abs(lead):.1f} dB {'more' if lead > 0 else 'less'} than the best classical filter, {name}, reaches "
        f"({known[best]:.1f} dB, tuned on validation images): {reason}."
    )


def structure(noisy: float | None, denoised: float | None) -> str:
    """Return the change of SSIM from noisy to denoised images."""
    if noisy is None or denoised is None:
        return ""
    trend = "rises" if denoised > noisy + SAME_SSIM else "falls" if denoised < noisy - SAME_SSIM else "is unchanged"
    return f"The structural similarity (SSIM, 1 for equal images) {trend}: {noisy:.3f} noisy, {denoised:.3f} denoised."


def noise_levels(rows: Sequence[Mapping[str, Any]], trained_at: float) -> str:
    """Return the noise levels at which the network helps; `rows` as `by_noise` in metrics.json."""
    gains = {
        row["noise"]: row["denoised_psnr_db"] - row["noisy_psnr_db"]
        for row in rows
        if row.get("noisy_psnr_db") is not None and row.get("denoised_psnr_db") is not None
    }
    if len(gains) < 2:
        return ""
    harmed = [f"{level:g}" for level, gain in gains.items() if gain <= 0]
    if len(harmed) == len(gains):
        return (
            f"Trained at noise {trained_at:g}, the network helps at none of the levels measured "
            f"({harmed[0]} to {harmed[-1]})."
        )
    best = max(gains, key=gains.__getitem__)
    helps = (
        f"Trained at noise {trained_at:g} only, the network helps at {len(gains) - len(harmed)} of the {len(gains)} "
        f"levels measured, most at {best:g} ({gains[best]:+.1f} dB)"
    )
    return f"{helps}; at {join_words(harmed)} it does more damage than the noise." if harmed else f"{helps}."


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
