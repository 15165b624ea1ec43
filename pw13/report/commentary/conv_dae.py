"""Comments on the convolutional denoising autoencoder."""

from collections.abc import Mapping, Sequence
from typing import Any

from pw13.baselines import FILTER_NAMES
from pw13.report.commentary.phrasing import figure, joined, listed


def denoising(noisy: float | None, denoised: float | None, filters: Mapping[str, float | None]) -> str:
    """The gain of the network in dB, beside the best classical filter."""
    if noisy is None or denoised is None:
        return ""
    gain = denoised - noisy
    if gain > 0.05:
        first = (
            f"On the test images the network raises the PSNR from {noisy:.1f} to {denoised:.1f} dB, by "
            f"{gain:.1f} dB: the mean squared error becomes {10 ** (gain / 10):.1f} times smaller."
        )
    else:
        first = f"The network does not denoise: PSNR {denoised:.1f} dB against {noisy:.1f} dB of the noisy images."
    known = {name: value for name, value in filters.items() if value is not None}
    if not known:
        return first
    best = max(known, key=known.__getitem__)
    name, ahead = FILTER_NAMES.get(best, best), denoised - known[best]
    if abs(ahead) < 0.05:
        return f"{first} That is as much as the best classical filter, {name}, tuned on validation images."
    word = "more" if ahead > 0 else "less"
    why = (
        "the network has learnt what such images look like, a filter only that neighbouring pixels are alike"
        if ahead > 0
        else "as trained, the network is no use beside it"
    )
    return (
        f"{first} That is {abs(ahead):.1f} dB {word} than the best classical filter, {name}, reaches "
        f"({known[best]:.1f} dB, tuned on validation images): {why}."
    )


def structure(noisy: float | None, denoised: float | None) -> str:
    """SSIM of noisy and denoised images."""
    if noisy is None or denoised is None:
        return ""
    verdict = "rises" if denoised > noisy + 0.005 else "falls" if denoised < noisy - 0.005 else "stays as it is"
    return (
        f"The structural similarity (SSIM, 1 for equal images) {verdict}: {noisy:.3f} noisy, {denoised:.3f} denoised."
    )


def noise_levels(rows: Sequence[Mapping[str, Any]], trained_at: float) -> str:
    """At which levels the network helps, though trained at one."""
    usable_rows = [r for r in rows if r.get("noisy_psnr_db") is not None and r.get("denoised_psnr_db") is not None]
    if len(usable_rows) < 2:
        return ""
    helped = [r["noise"] for r in usable_rows if r["denoised_psnr_db"] > r["noisy_psnr_db"]]
    harmed = [r["noise"] for r in usable_rows if r["denoised_psnr_db"] <= r["noisy_psnr_db"]]
    if not helped:
        return (
            f"Trained at noise {trained_at:g}, it helps at none of the levels measured "
            f"({usable_rows[0]['noise']:g} to {usable_rows[-1]['noise']:g})."
        )
    best = max(usable_rows, key=lambda r: r["denoised_psnr_db"] - r["noisy_psnr_db"])
    first = (
        f"Trained at noise {trained_at:g} alone, it helps at {len(helped)} of the {len(usable_rows)} "
        f"levels measured, most at {best['noise']:g} "
        f"({best['denoised_psnr_db'] - best['noisy_psnr_db']:+.1f} dB)"
    )
    if not harmed:
        return first + "."
    return f"{first}; at {listed([f'{level:g}' for level in harmed])} it takes away more than the noise did."


def conv_code(
    code: int | None, pixels: int | None, uint8: float | None, entropy: float | None, packed_pixels: float | None
) -> str:
    """Whether the code of the convolutional encoder is smaller than the image, raw and packed in the same way."""
    if not code or not pixels:
        return ""
    ratio = code / pixels
    first = f"The code has {figure(code)} values for {figure(pixels)} pixels, "
    first += (
        f"{ratio:.3g} times as many: as it stands it does not compress."
        if ratio > 1
        else f"{1 / ratio:.3g} times fewer."
    )
    packed = ""
    if uint8 and entropy:
        verdict = "still more" if entropy > pixels else "fewer"
        packed = (
            f"Cut to 8 bits it takes {figure(uint8)} bytes, and packed by LZMA {figure(entropy, 3)}: {verdict} than "
            f"the {figure(pixels)} bytes of the raw image"
        )
        packed += (
            f", {'and' if (entropy > packed_pixels) == (entropy > pixels) else 'but'} "
            f"{'more' if entropy > packed_pixels else 'fewer'} than the {figure(packed_pixels, 3)} of its pixels "
            "packed in the same way."
            if packed_pixels
            else "."
        )
    return joined(first, packed)
