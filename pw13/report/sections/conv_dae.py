"""Items conv a to e: the convolutional denoising autoencoder."""

import re
from collections.abc import Mapping
from typing import Any

from pw13.baselines import FILTER_NAMES
from pw13.baselines.linear_denoiser import DRAWS
from pw13.data.images.noise import SUBSET_SIZE
from pw13.errors import UserError
from pw13.report import hints
from pw13.report.commentary import conv_dae as commentary
from pw13.report.commentary.phrasing import format_decibels, format_number, join_words
from pw13.report.document import Block, table
from pw13.report.run_selection import RunSelection, metric
from pw13.report.sections.blocks import (
    Section,
    comment,
    curves,
    epochs,
    figure_block,
    int_metric,
    missing,
    model_summary,
    paragraph,
    training_speed,
)
from pw13.runs.record import Record, read_text

BASELINES = (
    "Two kinds of baseline show what the network is worth. The classical filters know no training images. Noise moves "
    "the average of black and of white areas, which a network learns to undo, so each filter is also given a gain and "
    "an offset by least squares. The linear denoiser is learned: a ridge regression from the noisy to the clean "
    f"pixels of the training images, on {DRAWS} noise draws of each."
)
FIXED_NOISE = " That favours it: the network saw one draw of each."


def build(selection: RunSelection, section: Section) -> list[Block]:
    """Return a section of the convolutional run, or what is missing."""
    run = selection.conv
    return section(run) if run else no_run(selection)


def no_run(selection: RunSelection) -> list[Block]:
    what = "No run of the convolutional denoising autoencoder."
    return missing(what, hints.first_run(selection, "conv-dae"))


def architecture(run: Record) -> list[Block]:
    return [
        *model_summary(run, "autoencoder"),
        *comment(commentary.shapes(_feature_map_sizes(run), int_metric(run, "code_values"))),
    ]


def _feature_map_sizes(run: Record) -> list[str]:
    """Return the sizes in the first line of summary.txt, "28x28", input to output; empty if there are none."""
    try:
        first = read_text(run.folder / "summary.txt").split("\n")[0]
    except UserError:
        return []
    sizes = re.search(r"\d+x\d+( -> \d+x\d+)+", first)
    return sizes[0].split(" -> ") if sizes else []


def code(run: Record) -> list[Block]:
    values, pixels = int_metric(run, "code_values"), int_metric(run, "pixel_values")
    uint8, packed, packed_pixels, png = (
        metric(run, name) for name in ("code_bytes_uint8", "code_bytes_entropy", "pixel_bytes_entropy", "png_bytes")
    )
    if values is None:  # of a point of a sweep
        return missing(f"No sizes measured in {run.reference}.", hints.rerun(run))
    rows = [
        ("raw pixels", format_number(pixels), format_number(pixels)),
        ("raw pixels, LZMA", format_number(pixels), format_number(packed_pixels, 3)),
        ("PNG", format_number(pixels), format_number(png, 3)),
        ("float32 code", format_number(values), format_number(4 * values if values else None)),
        ("8-bit code", format_number(values), format_number(uint8)),
        ("8-bit code, LZMA", format_number(values), format_number(packed, 3)),
    ]
    return [
        table(
            "Values and bytes per image; codes are those of noisy test images, pixels those of clean ones. "
            "LZMA compresses all images together, PNG each separately.",
            ("format", "values", "bytes"),
            rows,
        ),
        *comment(commentary.conv_code(values, pixels, uint8, packed, packed_pixels)),
    ]


def noise(run: Record) -> list[Block]:
    level = run.config["noise"]
    method = {
        "gaussian": f"Gaussian noise of standard deviation {level:g} is added to every pixel and the result clipped to "
        "the range from 0 to 1",
        "salt-pepper": f"a fraction of {level:g} of the pixels is set to black or white",
        "masking": f"a fraction of {level:g} of the pixels is set to black",
    }[run.config["noise_kind"]]
    drawn = (
        "The noise of the training images is drawn once."
        if run.config["fixed_noise"]
        else "Training images get new noise in every epoch, so the network never sees the same noisy image twice."
    )
    psnr, ssim = metric(run, "noisy_psnr_db"), metric(run, "noisy_ssim")
    similarity = f" and an SSIM of {format_number(ssim, 3)}" if ssim is not None else ""
    strength = f" The noisy test images have a PSNR of {psnr:.1f} dB{similarity}." if psnr is not None else ""
    return paragraph(
        f"For noisy copies of training and test images, {method}. {drawn} The noise of validation and test images is "
        f"fixed by a seed, so that results are comparable.{strength}"
    )


def training(run: Record) -> list[Block]:
    config = run.config
    return [
        *paragraph(
            "The loss is the MSE between the output for a noisy image and the clean image; batch size "
            f"{config['batch_size']}, Adam with learning rate {config['learning_rate']:g} ({config['schedule']}), "
            f"{epochs(run)}."
        ),
        *figure_block(
            run,
            "loss",
            "conv-d",
            "Loss of the denoising autoencoder.",
            "Line plot of training and validation loss per epoch.",
        ),
        *comment(curves(run), training_speed(run)),
    ]


def denoising(run: Record) -> list[Block]:
    metrics = run.metrics or {}
    baselines = metrics.get("baselines") or {}
    noisy, denoised = metric(run, "noisy_psnr_db"), metric(run, "denoised_psnr_db")
    learned = ["the linear denoiser", "the network"] if baselines.get("linear") else ["the network"]
    methods = join_words(["the best classical filter", *learned])
    no_baselines = f"No filters and linear denoiser measured in {run.reference}."
    by_methods = f" by {methods}" if baselines else ""  # figures of a point of a sweep are drawn with baselines anew
    return [
        *figure_block(
            run,
            "denoising",
            "conv-e",
            f"Test images: clean, noisy, and denoised{by_methods}.",
            f"Rows of grayscale images: clean, noisy, denoised{by_methods}.",
        ),
        *(paragraph(BASELINES + FIXED_NOISE * run.config["fixed_noise"]) if "linear" in baselines else []),
        table(
            "Denoising the test images: PSNR of the mean squared error. Settings, gains and offsets are chosen on "
            "validation images.",
            ("method", "PSNR (dB)", "setting", "with gain and offset (dB)", "setting, gain, offset"),
            [
                ("none (noisy image)", format_decibels(noisy), "", "", ""),
                ("the network", format_decibels(denoised), "", "", ""),
                *(_baseline_row(name, baseline) for name, baseline in reversed(baselines.items())),
            ],
        ),
        *([] if baselines else missing(no_baselines, hints.rerun(run))),
        *comment(
            commentary.denoising(noisy, denoised, baselines),
            commentary.structure(metric(run, "noisy_ssim"), metric(run, "denoised_ssim")),
        ),
        *figure_block(
            run,
            "psnr_against_noise",
            "conv-e",
            f"PSNR by noise level on at most {SUBSET_SIZE:,} test images, of {join_words(learned)} trained at one "
            "level; the filters are tuned at each level.",
            f"Line plot of PSNR against noise: noisy images, and denoised{by_methods}.",
        ),
        *comment(commentary.noise_levels(metrics.get("by_noise") or [], run.config["noise"], baselines)),
        *figure_block(
            run,
            "worst",
            "conv-e",
            "The test images with the largest errors after denoising by the network.",
            "Rows of test images with the largest errors: clean, noisy, denoised.",
        ),
    ]


def _baseline_row(name: str, baseline: Mapping[str, Any] | None) -> tuple[str, str, str, str, str]:
    baseline = baseline or {}
    psnr, corrected = (format_decibels(baseline.get(key)) for key in ("psnr_db", "corrected_psnr_db"))
    setting = _values(baseline.get("setting"))
    if name == "linear":
        return "linear denoiser", psnr, setting, "", ""
    gain, offset = baseline.get("gain"), baseline.get("offset")
    values = [_values(baseline.get("corrected_setting"))]
    if gain is not None and offset is not None:
        values += [f"{gain:.2f}, {offset:+.2f}"]
    return f"{FILTER_NAMES.get(name, name)} filter", psnr, setting, corrected, ", ".join(values)


def _values(setting: Mapping[str, float] | None) -> str:
    return ", ".join(f"{key} {value:g}" for key, value in (setting or {}).items())
