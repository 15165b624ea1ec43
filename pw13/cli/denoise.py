"""`pw13 denoise`: a user's own images through a trained convolutional denoiser."""

from pathlib import Path
from typing import Annotated

import typer

from pw13 import console
from pw13.cli.options import JsonOption, QuietOption, RunOption, RunsDirOption, described, user_path
from pw13.config import DEFAULT_RUNS_DIR


def denoise(
    images: Annotated[
        list[Path], typer.Argument(metavar="IMAGE...", parser=user_path, help="PNG, JPEG, ... of any size")
    ],
    run: RunOption = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", parser=user_path, help=described("output directory", "beside each image")),
    ] = None,
    add_noise: Annotated[
        float | None,
        typer.Option("--add-noise", metavar="LEVEL", help="noise to add first, to clean images; shows the PSNR"),
    ] = None,
    runs_dir: RunsDirOption = DEFAULT_RUNS_DIR,
    json: JsonOption = None,
    quiet: QuietOption = None,
) -> None:
    """Denoise your own images with a trained denoiser.

    Each IMAGE becomes NAME-denoised.png (greyscale), NAME-filtered.png, by the best classical filter of the run,
    NAME-before-after.png and, with --add-noise, NAME-noisy.png. Existing files are never overwritten. Images of other
    sizes are processed in overlapping tiles. The noise is estimated; a note says if it is far from that of the
    training.
    """
    from pw13.cli import tables
    from pw13.inference import denoise

    console.start(quiet=bool(quiet))
    results = denoise.denoise_files(images, run=run, runs_dir=runs_dir, out=out, add_noise=add_noise)
    if json:
        console.json_document({"images": results})
        return
    console.table("denoised", *tables.denoised(results))
