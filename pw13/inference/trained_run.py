"""Find a trained run and read the weights of its best epoch."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pw13 import console
from pw13.config import fields
from pw13.errors import OptionError, UserError
from pw13.models import keras_archive
from pw13.models.keras_archive import WeightSpec
from pw13.runs import comparison
from pw13.runs.finding import latest_run, load_run
from pw13.runs.places import command
from pw13.runs.record import SWEEP, Record, settings_of

MODEL = "best.keras"


def find_trained_run(kind: str, name: str | None, runs_dir: Path, option: str = "--run") -> Record:
    """Return the named run of a kind, of a sweep its best point, or without a name the latest run that has a model.

    option: that names the run, for messages.

    Raises:
        UserError: no such run, or a broken one.
    """
    if name is not None:
        record = load_run(name, runs_dir, (kind, SWEEP + kind), option)
        return record if record.kind == kind else best_point(record, kind, option)
    latest = latest_run(runs_dir, kind, MODEL)
    if latest is None:
        raise UserError(
            f"{runs_dir}: no trained {kind} run found; train one with: {command(f'train-{kind}', runs_dir)}"
        )
    return latest


def best_point(sweep: Record, kind: str, option: str = "--run") -> Record:
    """Return the completed point of a sweep with the lowest validation metric, and say which it is.

    Raises:
        UserError: no point is completed, none of those that are has a validation loss, or the losses are of different
            tasks or examples.
    """
    metric = comparison.validation_metric(kind)
    points = [point for point in comparison.sweep_points(sweep.folder) if point.status == "completed"]
    losses = {point.name: comparison.validation_loss(point) for point in points}
    values = {name: loss for name, loss in losses.items() if loss is not None}
    measured = [point for point in points if point.name in values]
    if not points:
        raise UserError(f"{sweep.folder}: no point of the sweep is completed; expected one with a model")
    example = f"{option} {sweep.name}/{points[0].name}"
    if not measured:
        raise UserError(f"{sweep.folder}: no point of the sweep has a validation loss; name one: {example}")
    tasks = [comparison.task(point) for point in measured]
    if differing := [name for name, value in tasks[0].items() if any(task[name] != value for task in tasks)]:
        raise UserError(
            f"{sweep.folder}: points that differ in {', '.join(differing)} are not ranked; name one: {example}"
        )
    best = min(measured, key=lambda point: values[point.name])
    count = f"{len(measured)} completed point{'s' * (len(measured) != 1)}"
    console.message(f"{best.name}: {metric} {values[best.name]:.4f}, the lowest of {count} of {sweep.name}")
    return best


def check_agreement(record: Record, settings: Any, names: Sequence[str], option: str) -> None:
    """Refuse settings that differ from those of the run that `option` names.

    Raises:
        OptionError: names the settings, what the run has, and what was received.
    """
    trained = settings_of(record)
    differing = [name for name in names if getattr(trained, name) != getattr(settings, name)]
    if differing:
        expected, received = (
            " ".join(f"{fields.flag(name)} {getattr(owner, name)}" for name in differing)
            for owner in (trained, settings)
        )
        raise OptionError(f"{option} {record.name}: expected {expected}, as in that run, received {received}")


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
