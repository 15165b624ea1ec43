"""Items conv a to e: the convolutional denoising autoencoder."""

from typing import Any

from pw13.baselines import FILTER_NAMES
from pw13.report.commentary import conv_dae as comments
from pw13.report.commentary import phrasing, training_curves
from pw13.report.document import Block, table
from pw13.report.run_selection import RunSelection, history, number
from pw13.report.sections.blocks import (
    computed_comment,
    figure_block,
    format_count,
    format_number,
    missing,
    note,
    speed,
    summary,
)
from pw13.runs.record import Record

TRAIN = "pw13 train-conv-dae"


def part(found: RunSelection, tell: Any) -> list[Block]:
    return tell(found.conv) if found.conv else missing("No run of the convolutional denoising autoencoder.", TRAIN)


def diabolo(run: Record) -> list[Block]:
    try:
        first = (run.folder / "summary.txt").read_text("utf-8").split("\n")[0]
    except OSError:
        first = ""
    said = first if first.startswith("A diabolo") else ""
    told = (
        "The output has the shape of the input, and the sides of the feature maps shrink to a quarter "
        "and grow again: a diabolo."
    )
    return [*summary(run, only="autoencoder"), *computed_comment(told if said else "", said)]


def conv_code(run: Record) -> list[Block]:
    values, pixels = format_count(run, "code_values"), format_count(run, "pixel_values")
    uint8, packed, packed_pixels, png = (
        number(run, name) for name in ("code_bytes_uint8", "code_bytes_entropy", "pixel_bytes_entropy", "png_bytes")
    )
    rows = [
        ("raw pixels", format_number(pixels), format_number(pixels)),
        ("raw pixels, packed by LZMA", format_number(pixels), format_number(packed_pixels, digits=3)),
        ("PNG", format_number(pixels), format_number(png, digits=3)),
        ("code, float32", format_number(values), format_number(4 * values if values else None)),
        ("code, 8 bits a value", format_number(values), format_number(uint8)),
        ("code, 8 bits, packed by LZMA", format_number(values), format_number(packed, digits=3)),
    ]
    return [
        table(
            "Values and bytes an image; codes are those of noisy test images, pixels those of clean ones. "
            "LZMA packs all images together, PNG each alone.",
            ("form", "values", "bytes"),
            rows,
        ),
        *computed_comment(comments.conv_code(values, pixels, uint8, packed, packed_pixels)),
    ]


def noisy(run: Record) -> list[Block]:
    kind, level = run.config["noise_kind"], run.config["noise"]
    what = {
        "gaussian": f"Gaussian noise of deviation {level:g} is added to every pixel and the sum cut to the range "
        "from 0 to 1",
        "salt-pepper": f"a share of {level:g} of the pixels is set to black or white",
        "masking": f"a share of {level:g} of the pixels is set to black",
    }[kind]
    when = (
        "The noise of the training images is drawn once."
        if run.config["fixed_noise"]
        else "Training images get new noise in every epoch, so that the network never sees the same noisy image twice."
    )
    psnr = number(run, "noisy_psnr_db")
    how = (
        f" It leaves the test images with a PSNR of {psnr:.1f} dB and an SSIM of "
        f"{phrasing.figure(number(run, 'noisy_ssim'), 3)}."
        if psnr is not None
        else ""
    )
    return note(
        f"To make noisy copies of training and test images, {what}. {when} Test and validation images "
        f"have a noise of their own, fixed by a seed, so that figures can be compared.{how}"
    )


def training(run: Record) -> list[Block]:
    of = run.config
    told = (
        "Loss MSE between what comes out for a noisy image and the clean one, batches of "
        f"{of['batch_size']}, Adam with learning rate "
        f"{of['learning_rate']:g} ({of['schedule']}), {phrasing.count(of['epochs'], 'epoch')}."
    )
    figure = figure_block(
        run,
        "loss",
        "conv-d",
        "Loss of the denoising autoencoder.",
        "Line plot of training and validation loss against the epoch.",
    )
    return [*note(told), *figure, *computed_comment(training_curves.training(history(run)), speed(run, "images"))]


def denoising(run: Record) -> list[Block]:
    metrics = run.metrics or {}
    filters = {name: (each or {}).get("psnr_db") for name, each in (metrics.get("baselines") or {}).items()}
    noisy_psnr, denoised = number(run, "noisy_psnr_db"), number(run, "denoised_psnr_db")
    rows = [
        ("nothing (noisy image)", format_number(noisy_psnr, digits=3), ""),
        ("the network", format_number(denoised, digits=3), ""),
    ]
    for name, psnr in filters.items():
        setting = ", ".join(
            f"{key} {value:g}" for key, value in (metrics["baselines"][name].get("setting") or {}).items()
        )
        rows.append((f"{FILTER_NAMES.get(name, name)} filter", format_number(psnr, digits=3), setting))
    levels = metrics.get("by_noise") or []
    return [
        *figure_block(
            run,
            "denoising",
            "conv-e",
            "Test images: clean, noisy, denoised by the network, and by the best classical filter.",
            "Rows of grey images: clean, covered by noise, restored by the network, restored by a filter.",
        ),
        table(
            "Denoising the test images: PSNR of the mean squared error.",
            ("method", "PSNR, dB", "setting chosen on validation images"),
            rows,
        ),
        *computed_comment(
            comments.denoising(noisy_psnr, denoised, filters),
            comments.structure(number(run, "noisy_ssim"), number(run, "denoised_ssim")),
        ),
        *figure_block(
            run,
            "psnr_against_noise",
            "conv-e",
            "PSNR against the level of noise, for a network trained at one level; filters are tuned anew at each "
            "level.",
            "Line plot of PSNR against noise: noisy images, the network, classical filters.",
        ),
        *computed_comment(comments.noise_levels(levels, run.config["noise"])),
        *figure_block(
            run,
            "worst",
            "conv-e",
            "The test images that the network restores worst.",
            "Rows of test images with the largest errors: clean, noisy, denoised, filtered.",
        ),
    ]
