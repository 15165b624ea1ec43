"""Comments on the dense autoencoder (1a to 1f)."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from pw13.report.commentary.phrasing import change, count, falling, figure, joined


def code_sizes(rows: Sequence[tuple[int, float | None]]) -> str:
    """What each step to another code size does to the test MSE; rows of (size, test MSE)."""
    known = [(size, mse) for size, mse in rows if mse is not None]
    if len(known) < 2:
        return ""
    steps = [
        f"from {small} to {large} values {change(before, after)}"
        for (small, before), (large, after) in itertools.pairwise(known)
    ]
    best = min(known, key=lambda row: row[1])
    lead = (
        "A larger code reconstructs better throughout"
        if best == known[-1] and falling([mse for _, mse in known])
        else "More is not always better here"
    )
    return (
        f"{lead}: test MSE {figure(known[0][1])} with {count(known[0][0], 'value')}; {', '.join(steps)}. The "
        f"lowest is {figure(best[1])} with {count(best[0], 'value')}."
    )


def against_pca(size: int, mse: float | None, pca: float | None) -> str:
    """The autoencoder beside principal components of the same number."""
    if mse is None or pca is None:
        return ""
    verdict = change(pca, mse)
    beside = (
        f"Its test MSE, {figure(mse)}, is {verdict} {'as' if 'same' in verdict else 'than'} that of "
        f"{count(size, 'principal component')}, {figure(pca)}"
    )
    if "same" in verdict:
        return f"{beside}: it does as well as the best linear map of that size, and no better."
    if mse < pca:
        return f"{beside}: what is not linear in it makes it more than a linear map."
    return f"{beside}, the best linear map of that size."


def dead_units(dead: int | None, size: int) -> str:
    if dead is None:
        return ""
    if not dead:
        return f"All {size} code units are in use." if size > 1 else "The one code unit is in use."
    verb, who = ("changes", "it carries") if dead == 1 else ("change", "they carry")
    return (
        f"{dead} of {count(size, 'code unit')} never {verb} over the training images: {who} nothing, and "
        f"{count(size - dead, 'value')} would do."
    )


def reconstruction(psnr: float | None, mse: float | None) -> str:
    """How far a reconstruction is off."""
    if psnr is None or mse is None:
        return ""
    off = mse**0.5
    return (
        f"Over the whole test file the reconstructions reach {psnr:.1f} dB: a pixel is off by {off:.2f} "
        "of the range from black to white (root of the mean square)."
    )


def compression(sizes: Mapping[str, Any], mse: float | None) -> str:
    """The gain of bandwidth, and what it costs."""
    raw, floats, bytes_ = (sizes.get(key) for key in ("raw_bytes", "float32_code_bytes", "uint8_code_bytes"))
    if not (raw and floats and bytes_):
        return ""
    gain = (
        f"An image of {figure(raw)} bytes becomes a code of {figure(floats)} bytes as float32 "
        f"({raw / floats:.1f} times fewer), or {figure(bytes_)} bytes at 8 bits a value "
        f"({raw / bytes_:.1f} times fewer)."
    )
    return joined(gain, _rounding(mse, sizes.get("uint8_code_test_mse")), _lossless(sizes, bytes_), _decoder(sizes))


def _rounding(mse: float | None, rounded: float | None) -> str:
    if not mse or rounded is None:
        return ""
    rise = rounded / mse - 1
    return (
        f"Cutting the code to 8 bits changes the test MSE from {figure(mse)} to {figure(rounded)} "
        f"({100 * rise:+.2f} %)."
    )


def _lossless(sizes: Mapping[str, Any], code: float) -> str:
    files = {"PNG": sizes.get("png_bytes"), "lossless WebP": sizes.get("webp_bytes")}
    known = {name: size for name, size in files.items() if size}
    if not known:
        return ""
    name = min(known, key=known.__getitem__)
    return (
        f"Without any loss {name} needs {figure(known[name], 3)} bytes a test image on average: against "
        f"that the gain is {known[name] / code:.1f} times, at the price of the loss above."
    )


def _decoder(sizes: Mapping[str, Any]) -> str:
    decoder, pays, pays_png = (
        sizes.get(key) for key in ("decoder_bytes", "break_even_images", "break_even_images_png")
    )
    if not decoder or not pays:
        return ""
    beside = f", and from {figure(pays_png)} images on against PNG" if pays_png else ""
    return (
        f"The receiver needs the decoder, once: {figure(decoder)} bytes, so that sending codes pays from "
        f"{figure(pays)} images on{beside}."
    )
