"""Denoise a user's own images with a trained convolutional denoiser."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pw13 import console
from pw13.errors import UserError
from pw13.inference import tiling
from pw13.inference.denoiser import image_sides, load_denoiser
from pw13.inference.image_files import encode_png, read_grey, write_new
from pw13.inference.trained_run import find_trained_run
from pw13.runs.record import settings_of


class Output(NamedTuple):
    """An image and its two output files."""

    image: Path
    denoised: Path
    figure: Path


def denoise_files(images: Sequence[Path], *, run: str | None, runs_dir: Path, out: Path | None) -> list[dict[str, Any]]:
    """Denoise each image with the named run, else the latest; return size, files and RMS change of each.

    All inputs and outputs are checked before the first file is written.

    Raises:
        UserError: no run, a corrupt one, a file that is no image, an output that already exists.
    """
    record = find_trained_run("conv-dae", run, runs_dir)
    sides = image_sides(record)
    outputs = plan_outputs(images, out)
    for output in outputs:
        read_grey(output.image)
    settings = settings_of(record)
    net = load_denoiser(record, settings)
    console.message(f"using {record.name}, trained on {settings.noise_kind} noise {settings.noise:g}")
    if out is not None:
        make_folder(out)
    return [denoise_file(net, sides, output) for output in outputs]


def plan_outputs(images: Sequence[Path], out: Path | None) -> list[Output]:
    """Return the outputs of each image, beside it or in `out`; refuse existing files and name clashes."""
    image_of: dict[Path, Path] = {}
    for image in images:
        folder = image.parent if out is None else out
        denoised = folder / f"{image.stem}-denoised.png"
        if denoised in image_of:
            raise UserError(
                f"output name clash: {image_of[denoised]} and {image} both become {denoised}; denoise them separately"
            )
        image_of[denoised] = image
        for path in (denoised, figure_path(denoised)):
            if path.exists():
                raise UserError(f"{path}: already exists; not overwriting, choose another --out")
    return [Output(image, denoised, figure_path(denoised)) for denoised, image in image_of.items()]


def figure_path(denoised: Path) -> Path:
    return denoised.with_name(denoised.name.removesuffix("-denoised.png") + "-before-after.png")


def make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"--out {folder}: cannot create: {error.strerror}") from None


def denoise_file(net: Any, sides: tuple[int, int], output: Output) -> dict[str, Any]:
    """Denoise one image and write both files."""
    from pw13.figures import conv_dae as figures

    image = read_grey(output.image)
    # Tiles of the training size: 0.1 dB better on sheets of letters than the sheet as a whole.
    with console.progress(output.image.name, tiling.count_tiles(image.shape, sides)) as bar:
        denoised = tiling.map_tiles(image, sides, net.denoise, lambda count: bar.advance(count, "tiles"))
    write_new(output.denoised, encode_png(denoised))
    buffer = io.BytesIO()
    figures.before_after(image, denoised, output.image.name).savefig(buffer, format="png", dpi=120)
    write_new(output.figure, buffer.getvalue())
    return {
        "image": str(output.image),
        "height": image.shape[0],
        "width": image.shape[1],
        "denoised": str(output.denoised),
        "figure": str(output.figure),
        "rms_change": float(np.sqrt(np.mean(np.square(denoised - image), dtype=np.float64))),
    }
