"""A user's own images through a trained convolutional denoiser."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pw13 import console
from pw13.errors import UserError
from pw13.inference import tiling
from pw13.inference.denoiser import find_denoiser, image_sides, load_denoiser
from pw13.inference.image_files import encode_png, read_grey, write_new
from pw13.runs.record import settings_of


class Output(NamedTuple):
    """An image and the two files that come of it."""

    image: Path
    denoised: Path
    figure: Path


def denoise_files(images: Sequence[Path], *, run: str | None, runs_dir: Path, out: Path | None) -> list[dict[str, Any]]:
    """Denoise each image by the run named, else the latest; one dict for each: size, files, change.

    Everything that can be refused is refused before the first file is written.

    Raises:
        UserError: no run, a damaged one, a file that is no image, a result that exists already.
    """
    record = find_denoiser(run, runs_dir)
    sides = image_sides(record)
    chosen = plan_outputs(images, out)
    for target in chosen:
        read_grey(target.image)
    settings = settings_of(record)
    net = load_denoiser(record, settings)
    console.message(f"network of {record.name}, trained at {settings.noise_kind} noise {settings.noise:g}")
    if out is not None:
        make_folder(out)
    return [denoise_file(net, sides, target) for target in chosen]


def plan_outputs(images: Sequence[Path], out: Path | None) -> list[Output]:
    """Where the results of each image go: beside it or into `out`; refused where a file is there, or would be twice."""
    chosen: dict[Path, Path] = {}
    for image in images:
        folder = image.parent if out is None else out
        target = folder / f"{image.stem}-denoised.png"
        if target in chosen:
            raise UserError(f"{image} and {chosen[target]} would both become {target}; denoise them apart")
        chosen[target] = image
        for path in (target, figure_path(target)):
            if path.exists():
                raise UserError(f"{path}: exists already and is not overwritten; choose another --out")
    return [Output(image, path, figure_path(path)) for path, image in chosen.items()]


def figure_path(denoised: Path) -> Path:
    return denoised.with_name(denoised.name.removesuffix("-denoised.png") + "-before-after.png")


def make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"--out {folder}: cannot be made: {error.strerror}") from None


def denoise_file(net: Any, sides: tuple[int, int], target: Output) -> dict[str, Any]:
    """Denoise one image and write both files."""
    from pw13.figures import conv_dae as figures

    image = read_grey(target.image)
    # Tiles of the size that the network has learnt on: 0.1 dB better on sheets of letters than the sheet as a whole.
    with console.progress(target.image.name, tiling.count_tiles(image.shape, sides)) as bar:
        denoised = tiling.map_tiles(image, sides, net.denoise, lambda done: bar.advance(done, "tiles"))
    write_new(target.denoised, encode_png(denoised))
    drawn = io.BytesIO()
    figures.before_after(image, denoised, target.image.name).savefig(drawn, format="png", dpi=120)
    write_new(target.figure, drawn.getvalue())
    return {
        "image": str(target.image),
        "height": image.shape[0],
        "width": image.shape[1],
        "denoised": str(target.denoised),
        "figure": str(target.figure),
        "rms_change": float(np.sqrt(np.mean(np.square(denoised - image), dtype=np.float64))),
    }
