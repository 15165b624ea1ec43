"""Which settings a run goes on with, and when it must not."""

import dataclasses
from typing import Any

from pw13.errors import OptionError, UserError
from pw13.runs.folder import cli_name
from pw13.runs.record import Record, settings_of


def refuse_running(record: Record, *, force: bool = False) -> None:
    """Refuse a run that a process works on; `force`: take it that one of another host has ended.

    Raises:
        UserError: another process works on the run, or may do so.
    """
    status = record.status
    if status == "running":
        raise UserError(f"{record.name} is running (process {record.facts.get('pid')}); stop it first")
    if status.startswith("running") and not force:
        raise UserError(
            f"{record.name} is {status} (process {record.facts.get('pid')}); stop it first, or, if it has ended, "
            f"go on with: pw13 resume {cli_name(record.folder)} --force"
        )


def resume_settings(record: Record, epochs: int | None) -> Any | None:
    """The settings to go on with, `epochs` of them if given; None where the run is complete.

    Raises:
        UserError: config.json does not fit this version.
        OptionError: `epochs` cannot lead to the weights of an unbroken run of that length.
    """
    asked = settings_of(record)
    if epochs is not None and epochs != getattr(asked, "epochs", None):
        return _with_epochs(record, asked, epochs)
    return None if record.status == "completed" else asked


def _with_epochs(record: Record, asked: Any, epochs: int) -> Any:
    if not hasattr(asked, "epochs"):
        raise OptionError(f"--epochs: a {record.kind} run has none")
    if epochs < asked.epochs:
        raise OptionError(f"--epochs: expected {asked.epochs} or more, received {epochs}")
    if asked.schedule != "constant":
        raise OptionError(
            f"--epochs: the {asked.schedule} schedule ends at epoch {asked.epochs}: a run of {epochs} would have had "
            f"other learning rates from the start. Train one anew, or with --schedule constant"
        )
    return dataclasses.replace(asked, epochs=epochs)
