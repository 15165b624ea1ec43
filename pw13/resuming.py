"""Which settings a run goes on with, and when it must not."""

import dataclasses
from typing import Any

from pw13 import records
from pw13.errors import OptionError, UserError
from pw13.records import Record


def settings(record: Record, epochs: int | None) -> Any | None:
    """The settings to go on with, `epochs` of them if given; None where the run is complete.

    Raises:
        UserError: another process works on the run.
        OptionError: `epochs` cannot lead to the weights of an unbroken run of that length.
    """
    if record.status.startswith("running"):
        raise UserError(f"{record.name} is {record.status} (process {record.facts.get('pid')}); stop it first")
    asked = records.settings_of(record)
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
