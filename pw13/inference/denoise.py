"""Denoise a user's own images with a trained convolutional denoiser."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pw13 import console
from pw13.config.settings import ConvDAE
from pw13.data.images import noise
from pw13.data.staging import try_folder
from pw13.errors import OptionError, UserError
from pw13.inference import tiling
from pw13.inference.best_filter import BestFilter, best_filter
from pw13.inference.denoiser import image_sides, load_denoiser
from pw13.inference.image_files import encode_png, read_grey, read_picture, write_new
from pw13.inference.noise_level import estimate_level, is_far
from pw13.inference.trained_run import find_trained_run
from pw13.metrics.images import mse, psnr
from pw13.runs.record import settings_of

if TYPE_CHECKING:
    from pw13.models.conv_dae import Denoiser

OUTPUTS = ("denoised", "filtered", "noisy", "before-after")  # ends of the names of the files, in the order of `Output`


class Output(NamedTuple):
    """An image and the names of its output files."""

    image: Path
    denoised: Path
    filtered: Path
    noisy: Path
    figure: Path


class Denoisers(NamedTuple):
    """A run's network, the `(height, width)` of its training images, its settings and its best filter, if any."""

    network: "Denoiser"
    sides: tuple[int, int]
    settings: ConvDAE
    filter: BestFilter | None


def denoise_files(
    images: Sequence[Path], *, run: str | None, runs_dir: Path, out: Path | None, add_noise: float | None
) -> list[dict[str, Any]]:
    """Denoise each image with the named run, else the latest, and with its best filter; return what came of each.

    All inputs and outputs are checked before the first file is written.

    add_noise: level of noise to add to the images first, of the kind of the run; they are clean then.

    Raises:
        UserError: no run, a corrupt one, a file that is no image, an output that already exists or cannot be written.
        OptionError: no such level of noise.
    """
    record = find_trained_run("conv-dae", run, runs_dir)
    sides = image_sides(record)
    settings = settings_of(record)
    check_level(add_noise, settings.noise_kind)
    outputs = plan_outputs(images, out, noisy=add_noise is not None)
    for output in outputs:
        frames = read_picture(output.image).frames
        if frames > 1:
            console.note(f"{output.image}: {frames} frames or pages, only the first is denoised")
    denoisers = Denoisers(load_denoiser(record, settings), sides, settings, best_filter(record, math.prod(sides)))
    console.message(f"using {record.name}, trained on {settings.noise_kind} noise {settings.noise:g}")
    return [denoise_file(denoisers, output, add_noise) for output in outputs]


def check_level(level: float | None, kind: str) -> None:
    """Refuse a noise level that `--add-noise` cannot have.

    Raises:
        OptionError: out of range.
    """
    high = 100 if kind == "gaussian" else 1
    if level is not None and not 0 < level <= high:
        raise OptionError(f"--add-noise: expected a level of {kind} noise above 0 to {high}, received {level:g}")


def plan_outputs(images: Sequence[Path], out: Path | None, *, noisy: bool) -> list[Output]:
    """Return the outputs of each image, beside it or in `out`; refuse clashes, existing files, read-only folders."""
    image_of: dict[Path, Path] = {}
    for image in images:
        folder = image.parent if out is None else out
        denoised = folder / f"{image.stem}-denoised.png"
        if denoised in image_of:
            raise UserError(
                f"output name clash: {image_of[denoised]} and {image} both become {denoised}; denoise them separately"
            )
        image_of[denoised] = image
    outputs = [
        Output(image, *(denoised.with_name(f"{image.stem}-{name}.png") for name in OUTPUTS))
        for denoised, image in image_of.items()
    ]
    for output in outputs:
        for path in (output.denoised, output.filtered, output.figure, *([output.noisy] if noisy else [])):
            if path.exists():
                raise UserError(f"{path}: already exists; not overwriting, choose another --out")
    for folder in dict.fromkeys(output.denoised.parent for output in outputs):
        try:
            try_folder(folder)
        except OSError as error:
            raise UserError(f"{folder}: cannot write: {error.strerror or error}; choose another --out") from None
    return outputs


def denoise_file(denoisers: Denoisers, output: Output, add_noise: float | None) -> dict[str, Any]:
    """Denoise one image and write its files."""
    original = read_grey(output.image)
    kind, trained = denoisers.settings.noise_kind, denoisers.settings.noise
    image = original if add_noise is None else noise.add_for_test(original[None], kind, add_noise)[0]
    denoised = apply_network(denoisers, image, output.image.name)
    best, threads = denoisers.filter, denoisers.settings.threads
    filtered = best.apply(image, output.image.name, threads=threads) if best else None
    level = estimate_level(image, denoised, kind)
    if is_far(level, trained):
        console.warning(
            f"{output.image}: its noise is estimated at {level:.2g}, far from the {trained:g} that the network was "
            f"trained on{f'; compare with {output.filtered}' if denoisers.filter else ''}"
        )
    write_outputs(output, denoisers, image, denoised, filtered, noisy=add_noise is not None)
    return {
        "image": str(output.image),
        "height": image.shape[0],
        "width": image.shape[1],
        "denoised": str(output.denoised),
        "filtered": str(output.filtered) if denoisers.filter else None,
        "filter": denoisers.filter.label if denoisers.filter else None,
        "figure": str(output.figure),
        "rms_change": mse(image, denoised) ** 0.5,
        "estimated_noise": level,
        "trained_noise": trained,
        **({} if add_noise is None else _psnrs(original, image, filtered, denoised)),
    }


def apply_network(denoisers: Denoisers, image: np.ndarray, name: str) -> np.ndarray:
    """Denoise tiles of the training size: 0.1 dB better on sheets of letters than the sheet as a whole."""
    sides = denoisers.sides
    with console.progress(name, tiling.count_tiles(image.shape, sides)) as bar:
        return tiling.map_tiles(image, sides, denoisers.network.denoise, lambda count: bar.advance(count, "tiles"))


def write_outputs(
    output: Output,
    denoisers: Denoisers,
    image: np.ndarray,
    denoised: np.ndarray,
    filtered: np.ndarray | None,
    *,
    noisy: bool,
) -> None:
    """Write the files of an image, all of them or none."""
    from pw13.figures import conv_dae as figures
    from pw13.figures import to_png

    columns = {"noisy" if noisy else "input": image, "network": denoised}
    contents = {output.denoised: encode_png(denoised)}
    if noisy:
        contents[output.noisy] = encode_png(image)
    if denoisers.filter and filtered is not None:
        contents[output.filtered] = encode_png(filtered)
        columns[denoisers.filter.label] = filtered
    contents[output.figure] = to_png(figures.before_after(columns, output.image.name))
    write_new(contents)


def _psnrs(
    clean: np.ndarray, noisy: np.ndarray, filtered: np.ndarray | None, denoised: np.ndarray
) -> dict[str, float | None]:
    return {
        "noisy_psnr_db": psnr(mse(clean, noisy)),
        "filtered_psnr_db": None if filtered is None else psnr(mse(clean, filtered)),
        "denoised_psnr_db": psnr(mse(clean, denoised)),
    }
