"""Reading run folders: what one holds, which there are, and which one a name means."""

import dataclasses
import json
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pw13 import config
from pw13.config import fields
from pw13.data.source import Source
from pw13.errors import OptionError, UserError
from pw13.system import files, locks, machine

RUN_NAME = re.compile(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_([a-z-]+?)(?:_\d+)?")
DATA_PATH_KEYS = ("data", "corpus", "init_from", "runs", "runs_dir")  # keys of config.json that are not settings
REQUIRED_PATH_KEYS = {"charrnn": ("corpus",), "svm-eval": ("data", "runs", "runs_dir")}  # per kind; default: data
# Settings that pw13 0.1.0 did not have, and what it did: on the CPU, unless TensorFlow found a GPU.
ADDED_SETTINGS = {"device": "cpu", "recurrent_dropout": 0.0, "memory": None}
LAST_ALL = "all.json"  # in the runs folder: the runs of the latest `pw13 all`
MAX_JSON_BYTES = 64 * 2**20  # no config, run or metrics file of pw13 is larger
MAX_LISTED = 5  # runs named in an error

# Types of the facts in run.json that code relies on; the first two are required.
FACT_TYPES = {"machine": dict, "started": str, "data": dict, "versions": dict, "resumed": list}
REQUIRED_FACTS = ("machine", "started")
JSON_NAMES = {dict: "an object", str: "a string", list: "a list"}


@dataclass(frozen=True)
class Record:
    """The contents of a run folder; `problem` says why it cannot be used, or is None."""

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


def read_json(path: Path) -> dict[str, Any]:
    """Read the object in a JSON file of a run folder.

    Raises:
        UserError: missing, too large, not JSON, not an object, or a link; the message names the file.
    """
    files.check_inside(path)
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            raise UserError(f"{path}: {path.stat().st_size:,} bytes, expected at most {MAX_JSON_BYTES:,}")
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot read: {error.strerror}") from None
    return parse_object(content, str(path))


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
        metrics = read_json(folder / "metrics.json") if (folder / "metrics.json").exists() else None
        if facts.get("status") == "completed" and metrics is None:
            raise UserError(f"{folder / 'metrics.json'}: missing from a completed run")
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


def list_runs(runs_dir: Path, kind: str | None = None) -> list[Record]:
    """Return the top-level runs in `runs_dir`, oldest first."""
    try:
        folders = [path for path in runs_dir.iterdir() if is_run(path)]
    except FileNotFoundError:
        return []
    except NotADirectoryError:
        raise UserError(f"{runs_dir}: is a file; expected a folder of runs") from None
    except OSError as error:
        raise UserError(f"{runs_dir}: cannot read: {error.strerror}") from None
    records = [read_run(folder) for folder in folders]
    records = [record for record in records if kind is None or record.kind == kind]
    return sorted(records, key=start_order)


def start_order(record: Record) -> tuple[datetime, str]:
    """Return what sorts runs by the instant of their start, whatever their time zone; broken ones come first."""
    try:  # a time without an offset is local
        return datetime.fromisoformat(record.facts["started"]).astimezone(UTC), record.name
    except (KeyError, TypeError, ValueError, OverflowError, OSError):  # the last two: at the ends of the calendar
        return datetime.min.replace(tzinfo=UTC), record.name


def is_run(path: Path) -> bool:
    """Return whether `path` is a run folder: by its files, or by its name, broken or not to be asked as it may be."""
    try:
        if RUN_NAME.fullmatch(path.name):
            return path.is_dir()
        return not path.name.startswith(".") and all((path / name).is_file() for name in ("config.json", "run.json"))
    except OSError:
        return RUN_NAME.fullmatch(path.name) is not None


def find_run(name: str, runs_dir: Path, option: str = "") -> Path:
    """Return the run folder that `name` means: a path, a folder name or a unique prefix of one.

    A point of a sweep is `SWEEP/POINT`, each a name or a unique prefix. option: that names the run, for messages.

    Raises:
        UserError: no match, or several.
    """
    where = f"{option}: " if option else ""
    path = files.expand_user(name, option or "run")
    if (path / "config.json").exists() or (path / "run.json").exists():
        return path
    matches = _match_prefix(name, runs_dir)
    if not matches and len(path.parts) == 2:
        sweeps = _match_prefix(path.parts[0], runs_dir)
        matches = [point for sweep in sweeps for point in _match_prefix(path.name, sweep)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        more = f" and {len(matches) - MAX_LISTED} more" if len(matches) > MAX_LISTED else ""
        listed = ", ".join(match.name for match in matches[:MAX_LISTED])
        raise UserError(f"{where}run {name!r} is ambiguous: matches {listed}{more}")
    if path.is_dir():
        raise UserError(f"{where}{path}: not a run folder (no config.json)")
    listed = "pw13 runs list" + ("" if runs_dir == config.DEFAULT_RUNS_DIR else f" --runs-dir {runs_dir}")
    raise UserError(f"{where}no run matching {name!r} in {runs_dir}; {listed} shows them")


def _match_prefix(name: str, parent: Path) -> list[Path]:
    """Return the folder called `name` in `parent`, else every folder whose name starts with it."""
    try:
        paths = sorted(p for p in parent.iterdir() if name and p.name.startswith(name) and not p.name.startswith("."))
    except OSError:
        return []
    folders = [path for path in paths if path.is_dir()]
    return [folder for folder in folders if folder.name == name] or folders


def load_run(name: str, runs_dir: Path, kind: str | None = None, option: str = "") -> Record:
    """Find a run by name and read it; `option` names it in messages.

    Raises:
        UserError: no match or several, a broken run, or one of another kind.
    """
    record = read_run(find_run(name, runs_dir, option))
    if record.problem:
        raise UserError(record.problem)
    if kind is not None and record.kind != kind:
        raise UserError(f"{record.folder}: expected a {kind} run, received {record.kind}")
    return record


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
    if (record.facts.get("data") or {}).get("sha256") != source.sha256:
        raise UserError(f"{source.path}: data changed since {record.name} was made (different sha256)")


def _is_path(value: Any) -> bool:
    try:
        return isinstance(value, str) and b"\0" not in os.fsencode(value)
    except UnicodeEncodeError:
        return False


def latest_run(runs_dir: Path, kind: str, file: str) -> Record | None:
    """Return the top-level run of `kind` that started last and has checkpoints/`file`; None if there is none."""
    usable = [r for r in list_runs(runs_dir, kind) if not r.problem and (r.folder / "checkpoints" / file).is_file()]
    return usable[-1] if usable else None
