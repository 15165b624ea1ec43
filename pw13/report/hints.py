"""Commands that produce what a report lacks, with the settings and data of its other runs."""

from typing import Any

from pw13 import config
from pw13.config import fields
from pw13.config.settings import NETWORK_SETTINGS
from pw13.data.source import resolve_path
from pw13.errors import UserError
from pw13.report.comparable_runs import effective_settings
from pw13.report.portable import runs_used
from pw13.report.run_selection import RunSelection
from pw13.runs.places import place, quote, runs_dir_flag
from pw13.runs.record import Record

COMMANDS = {kind: f"pw13 train-{kind}" for kind in ("dense-ae", "conv-dae", "charrnn")} | {"svm-eval": "pw13 svm-eval"}


def first_run(selection: RunSelection, kind: str) -> str:
    """Return the command of a run of a kind that there is none of, on the data of the others."""
    data = "corpus" if kind == "charrnn" else "data"
    other = next((record for record in selection.records if data in record.config), None)
    return " ".join([COMMANDS[kind], *(_places(other, data) if other else _runs_dir(selection))])


def rerun(base: Record, **changed: Any) -> str:
    """Return the command of a run with the settings and data of `base`, but for those that are `changed`.

    A network of another shape cannot go on from the one that `base` started from: then both start from random weights.
    """
    kind = config.KINDS[base.kind]
    defaults = fields.as_dict(kind())
    values = {**effective_settings(base), **changed}
    start = values.get("init_from")
    if start and changed.keys() & NETWORK_SETTINGS:
        return f"{rerun(base, init_from=None)}, then: {rerun(base, **changed, init_from=None)}"
    flags = [
        part
        for key, default in defaults.items()
        if key in values and values[key] != default
        for part in _flag(key, values[key])
    ]
    flags += ["--init-from", _start(base)] if start else []
    flags += [part for run in _encoders(base) for part in ("--run", run)]
    return " ".join([COMMANDS[base.kind], *flags, *_places(base, "corpus" if base.kind == "charrnn" else "data")])


def redraw(record: Record) -> str:
    """Return the command that draws the figures of a run again; those of SVMs come with a new evaluation."""
    if record.kind == "svm-eval":
        return rerun(record)
    return " ".join(["pw13 runs figures", quote(record.reference), *runs_dir_flag(record.runs_dir)])


def _start(record: Record) -> str:
    """Return how a command names the run that the network of a run was trained further from."""
    for reference in runs_used(record):
        if (record.runs_dir / reference).is_dir():
            return quote(reference)
    return place(str(record.config["init_from"]), "RUN")


def _encoders(record: Record) -> list[str]:
    """Return how a command names the encoders of an evaluation; none for a run of another kind."""
    runs = runs_used(record) if record.kind == "svm-eval" else []
    return [quote(reference) if (record.runs_dir / reference).is_dir() else "RUN" for reference in runs]


def _flag(key: str, value: Any) -> list[str]:
    flag = fields.flag(key)
    if isinstance(value, bool):
        return [flag if value else f"--no-{flag[2:]}"]
    # every digit of a number: with fewer the suggested run would not be comparable
    return [flag, repr(value).removesuffix(".0") if isinstance(value, float) else quote(str(value))]


def _places(record: Record, data: str) -> list[str]:
    """Return the flags for data and runs folder, unless they are the default ones.

    Built-in data are the default only until others are fetched, so they are always named.
    """
    path = record.config.get(data)
    try:
        default = path is None or (path != "builtin" and resolve_path(data, None) == path)
    except UserError:
        default = False
    elsewhere = "FILE" if data == "corpus" else "DIR"
    flags = [] if default else [f"--{data}", place(str(path), elsewhere)]
    return [*flags, *runs_dir_flag(record.runs_dir)]


def _runs_dir(selection: RunSelection) -> list[str]:
    return runs_dir_flag(selection.records[0].runs_dir) if selection.records else []
