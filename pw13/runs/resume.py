"""Which settings a run resumes with, and when it must not be resumed."""

import dataclasses
from typing import Any

from pw13.errors import OptionError, UserError
from pw13.runs.ending import cli_name
from pw13.runs.record import Record, settings_of


def refuse_running(record: Record, *, force: bool = False) -> None:
    """Refuse a run that a process is working on; with `force`, assume that one on another host has ended.

    Raises:
        UserError: another process is, or may be, working on the run.
    """
    status = record.status
    if status == "running":
        raise UserError(f"{record.name} is running (process {record.facts.get('pid')}); stop it first")
    if status.startswith("running") and not force:
        raise UserError(
            f"{record.name} is {status} (process {record.facts.get('pid')}); stop it first, or, if it has ended, "
            f"resume with: pw13 resume {cli_name(record.folder)} --force"
        )


def resume_settings(record: Record, epochs: int | None) -> Any | None:
    """Return the settings to resume with, for `epochs` in total if given; None if the run is complete.

    Raises:
        UserError: config.json does not fit this version, or the state that a completed run ended with is not there.
        OptionError: `epochs` cannot give the weights of an uninterrupted run of that length.
    """
    settings = settings_of(record)
    if epochs is not None and epochs != getattr(settings, "epochs", None):
        return _with_epochs(record, settings, epochs)
    return None if record.status == "completed" else settings


def with_device(settings: Any, device: str) -> Any:
    """Return settings that train on `device`.

    Raises:
        OptionError: no such device, or a kind of run that does not train.
    """
    if not hasattr(settings, "device"):
        raise OptionError("--device: this kind of run does not train a network")
    return dataclasses.replace(settings, device=device)


def _with_epochs(record: Record, settings: Any, epochs: int) -> Any:
    if not hasattr(settings, "epochs"):
        raise OptionError(f"--epochs: {record.kind} runs have no epochs")
    if epochs < settings.epochs:
        raise OptionError(f"--epochs: expected {settings.epochs} or more, received {epochs}")
    if settings.schedule != "constant":
        raise OptionError(
            f"--epochs: the {settings.schedule} schedule ends at epoch {settings.epochs}, so a run of {epochs} epochs "
            "has other learning rates from the start; train a new run, or one with --schedule constant"
        )
    if record.status == "completed" and not any((record.folder / "checkpoints").glob("state-*.npz")):
        raise UserError(
            f"{record.reference}: the state to resume from was deleted (pw13 runs prune does so); train a new run"
        )
    return dataclasses.replace(settings, epochs=epochs)
