"""Find a trained run and read the weights of its best epoch."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pw13.errors import UserError
from pw13.models import keras_archive
from pw13.models.keras_archive import WeightSpec
from pw13.runs.record import Record, latest_run, load_run

MODEL = "best.keras"


def find_trained_run(kind: str, name: str | None, runs_dir: Path) -> Record:
    """Return the named run of a kind, else the latest that has a model.

    Raises:
        UserError: no such run, or a broken one.
    """
    record = latest_run(runs_dir, kind, MODEL) if name is None else load_run(name, runs_dir, kind)
    if record is None:
        raise UserError(f"{runs_dir}: no trained {kind} run found; train one with: pw13 train-{kind}")
    return record


def model_path(record: Record) -> Path:
    return record.folder / "checkpoints" / MODEL


def read_best_weights(record: Record, specs: Sequence[WeightSpec]) -> list[np.ndarray]:
    """Read the weights of a run's best epoch, float32, in the order of `specs`.

    Raises:
        UserError: missing, corrupt, not finite, or not the model that `specs` describe; the message names the file.
    """
    arrays = keras_archive.read_weights(model_path(record), specs)
    if not all(np.isfinite(array).all() for array in arrays):
        raise UserError(f"{model_path(record)}: corrupt: weights are not finite")
    return arrays
