"""Reading a run folder: its settings, facts and metrics."""

import dataclasses
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pw13 import config
from pw13.config import fields
from pw13.data.source import Source
from pw13.errors import OptionError, UserError
from pw13.system import files, locks, machine

SWEEP = "sweep-"  # begins the kind of a sweep
RUN_NAME = re.compile(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_([a-z-]+?)(?:_\d+)?")
DATA_PATH_KEYS = ("data", "corpus", "init_from", "runs", "runs_dir")  # keys of config.json that are not settings
REQUIRED_PATH_KEYS = {"charrnn": ("corpus",), "svm-eval": ("data", "runs", "runs_dir")}  # per kind; default: data
# Settings that pw13 0.1.0 did not have, and what it did: on the CPU, unless TensorFlow found a GPU.
ADDED_SETTINGS = {"device": "cpu", "recurrent_dropout": 0.0, "memory": None}
MAX_BYTES = 64 * 2**20  # no document, text or figure of pw13 is larger

# Types of the facts in run.json that code relies on; the first two are required.
FACT_TYPES = {"machine": dict, "started": str, "data": dict, "versions": dict, "resumed": list, "init_from": dict}
REQUIRED_FACTS = ("machine", "started")
JSON_NAMES = {dict: "an object", str: "a string", list: "a list"}


@dataclass(frozen=True)
class Record:
    """The contents of a run folder; `problem` says why it cannot be used, or is None.

    metrics: of a completed run only.
    """

    folder: Path
    kind: str
    config: dict[str, Any]
    facts: dict[str, Any]
    metrics: dict[str, Any] | None
    problem: str | None

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def reference(self) -> str:
        """The name that commands take, unique among the runs of a folder: of a sweep's point SWEEP/POINT."""
        parent = self.folder.absolute().parent
        in_sweep = RUN_NAME.fullmatch(parent.name) or (parent / "config.json").is_file()
        return f"{parent.name}/{self.name}" if in_sweep else self.name

    @property
    def is_sweep(self) -> bool:
        """Whether it is a sweep, not one of its points."""
        return self.kind.startswith(SWEEP)

    @property
    def sweep(self) -> str | None:
        """The name of the sweep that it is a point of."""
        return self.reference.rpartition("/")[0] or None

    @property
    def runs_dir(self) -> Path:
        """The absolute path of the runs folder: of a sweep's point the one of its sweep."""
        return self.folder.absolute().parents[self.sweep is not None]

    @property
    def data(self) -> dict[str, Any]:
        """The facts of the data it was made with; {} before they were loaded."""
        return self.facts.get("data") or {}

    @property
    def data_sha256(self) -> str | None:
        """The sha256 of these data."""
        return self.data.get("sha256")

    @property
    def status(self) -> str:
        """completed, interrupted, failed, running, "running on HOST", died or broken."""
        if self.problem:
            return "broken"
        status = self.facts.get("status")
        if status != "running":
            return str(status)
        host = self.facts.get("machine", {}).get("host")
        if host != machine.facts()["host"]:
            return f"running on {host}"
        locked = locks.is_locked(self.folder)
        alive = machine.alive(self.facts) if locked is None else locked
        return "running" if alive else "died"


def read_bytes(path: Path, *, below: int = 1) -> bytes:
    """Read a file of the run folder `below` levels up, without trusting it.

    Raises:
        UserError: missing, too large, a link out of the folder, or no regular file; the message names the file.
    """
    try:
        path = files.current(path)
        files.check_inside(path, below=below)
        if path.stat().st_size > MAX_BYTES:
            raise UserError(f"{path}: {path.stat().st_size:,} bytes, expected at most {MAX_BYTES:,}")
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot read: {error.strerror}") from None


def read_text(path: Path) -> str:
    """Read a text file of a run folder, as `read_bytes` does.

    Raises:
        UserError: it cannot be read, or is not UTF-8; the message names the file.
    """
    try:
        return read_bytes(path).decode()
    except UnicodeDecodeError:
        raise UserError(f"{path}: corrupt: not UTF-8") from None


def read_json(path: Path) -> dict[str, Any]:
    """Read the object in a JSON file of a run folder, as `read_bytes` does.

    Raises:
        UserError: it cannot be read, is not JSON, or not an object; the message names the file.
    """
    return parse_object(read_bytes(path), str(path))


def parse_object(content: bytes, where: str) -> dict[str, Any]:
    """Return the object that is the content of a JSON file; `where` names it in the message.

    Raises:
        UserError: not JSON, or not an object.
    """
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        raise UserError(f"{where}: corrupt: not JSON") from None
    if not isinstance(value, dict):
        raise UserError(f"{where}: corrupt: expected an object")
    return value


def read_run(folder: Path) -> Record:
    """Read a run folder; faults end up in `problem` and are not raised."""
    match = RUN_NAME.fullmatch(folder.name)
    kind = match[1] if match else ""
    try:
        options = read_json(folder / "config.json")
        facts = read_json(folder / "run.json")
        completed = facts.get("status") == "completed"
        if completed and not files.current(folder / "metrics.json").exists():
            raise UserError(f"{folder / 'metrics.json'}: missing from a completed run")
        metrics = read_json(folder / "metrics.json") if completed else None  # else those before the run was reopened
        _check_facts(facts, folder / "run.json")
        kind = str(options.get("kind", kind))
        return Record(folder, kind, options, facts, metrics, None)
    except UserError as error:
        return Record(folder, kind, {}, {}, None, str(error))
    except OSError as error:  # a folder of somebody else's that must not be read
        return Record(folder, kind, {}, {}, None, f"{folder}: cannot read: {error.strerror}")


def _check_facts(facts: dict[str, Any], path: Path) -> None:
    for key, type_ in FACT_TYPES.items():
        value = facts.get(key)
        if value is None and key in REQUIRED_FACTS:
            raise UserError(f"{path}: corrupt: no {key!r}")
        if value is not None and not isinstance(value, type_):
            raise UserError(
                f"{path}: corrupt: {key}: expected {JSON_NAMES[type_]}, received {fields.abbreviate(value)}"
            )
    sha256 = (facts.get("data") or {}).get("sha256")
    if not isinstance(sha256, (str, type(None))):
        raise UserError(f"{path}: corrupt: data.sha256: expected a string, received {fields.abbreviate(sha256)}")


def settings_of(record: Record) -> Any:
    """Return the settings record of a run, built and checked from its config.json.

    Raises:
        UserError: an unknown kind, keys of a newer version, values out of range.
    """
    where = str(record.folder / "config.json")
    cls = config.KINDS.get(record.kind)
    if cls is None:
        raise UserError(f"{where}: unknown kind {record.kind!r}")
    names = {spec.name for spec in dataclasses.fields(cls)}
    values = {key: value for key, value in record.config.items() if key != "kind" and key not in DATA_PATH_KEYS}
    if "split_seed" in names and "seed" in values:
        values.setdefault("split_seed", values["seed"])  # pw13 0.1.0 had one seed for both
    values = {**{name: value for name, value in ADDED_SETTINGS.items() if name in names}, **values}
    try:
        if missing := sorted(names - values.keys()):
            raise OptionError(f"{where}: no {missing[0]!r}")
        return fields.from_dict(cls, values, where)
    except OptionError as error:
        raise UserError(str(error)) from None


def data_paths_of(record: Record) -> dict[str, Any]:
    """Return the data paths of a run: the keys of its config.json that are not settings.

    Raises:
        UserError: a path is missing, or is not a path.
    """
    names = {spec.name for spec in dataclasses.fields(config.KINDS[record.kind])}
    data_paths = {key: value for key, value in record.config.items() if key not in names and key != "kind"}
    for key in REQUIRED_PATH_KEYS.get(record.kind, ("data",)):
        if key not in data_paths:
            raise UserError(f"{record.folder / 'config.json'}: corrupt: no {key!r}")
    for key, value in data_paths.items():
        paths = value if key == "runs" and isinstance(value, list) else [value]
        if not all(map(_is_path, paths)):
            where, received = record.folder / "config.json", fields.abbreviate(value)
            raise UserError(f"{where}: {key}: expected a path, received {received}")
    return data_paths


def check_same_data(record: Record, source: Source) -> None:
    """Refuse data other than those that a run was made with.

    Raises:
        UserError: they have another sha256.
    """
    if record.data_sha256 != source.sha256:
        raise UserError(f"{source.path}: data changed since {record.name} was made (different sha256)")


def _is_path(value: Any) -> bool:
    try:
        return isinstance(value, str) and b"\0" not in os.fsencode(value)
    except UnicodeEncodeError:
        return False
