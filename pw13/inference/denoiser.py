"""Load the denoiser of a conv-dae run."""

from pathlib import Path
from typing import Any

import numpy as np

from pw13.config.settings import ConvDAE
from pw13.errors import UserError
from pw13.models import keras_archive
from pw13.runs.record import Record, latest_run, load_run
from pw13.system import tensorflow_runtime

MODEL = "best.keras"
MAX_SIDE = 4096  # of training images, to refuse a corrupt run.json


def find_denoiser(run: str | None, runs_dir: Path) -> Record:
    """Return the named run, else the latest conv-dae run with a model."""
    if run is not None:
        return load_run(run, runs_dir, "conv-dae")
    record = latest_run(runs_dir, "conv-dae", MODEL)
    if record is None:
        raise UserError(f"{runs_dir}: no trained denoiser found; train one with: pw13 train-conv-dae")
    return record


def image_sides(record: Record) -> tuple[int, int]:
    """Return height and width of a run's training images."""
    sides = record.facts.get("sides")
    if isinstance(sides, list) and len(sides) == 2 and all(type(side) is int for side in sides):
        height, width = sides
        if all(0 < side <= MAX_SIDE and side % 4 == 0 for side in sides):
            return height, width
    raise UserError(f"{record.folder / 'run.json'}: corrupt: expected 'sides' of the images, received {sides!r}")


def load_denoiser(record: Record, settings: ConvDAE) -> Any:
    """Return the denoiser of a run: its weights in the network that pw13 builds itself."""
    path = record.folder / "checkpoints" / MODEL
    tensorflow_runtime.start(settings.threads, settings.seed)
    from pw13.models import conv_dae

    arrays = keras_archive.read_weights(path, conv_dae.weight_specs())
    if not all(np.isfinite(array).all() for array in arrays):
        raise UserError(f"{path}: corrupt: weights are not finite")
    return conv_dae.Denoiser(arrays)
