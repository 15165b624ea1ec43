"""The run folders read: what each says of itself, which there are, and which one a name means."""

import dataclasses
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pw13 import config
from pw13.config import fields
from pw13.errors import OptionError, UserError
from pw13.system import files, machine

RUN_NAME = re.compile(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_([a-z-]+?)(?:_\d+)?")
DATA_PATH_KEYS = ("data", "corpus", "runs", "runs_dir")  # keys of config.json that are no settings
REQUIRED_PATH_KEYS = {
    "charrnn": ("corpus",),
    "svm-eval": ("data", "runs", "runs_dir"),
}  # those of a kind; of the others: data
MAX_JSON = 64 * 2**20  # a larger config, run or metrics file is not ours


@dataclass(frozen=True)
class Record:
    """What a run folder says of itself; `problem` tells why it cannot be used, or is None."""

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
        return "running" if machine.alive(self.facts.get("pid", -1), self.facts.get("pid_started", 0.0)) else "died"


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file of a run folder.

    Raises:
        UserError: missing, too large, not JSON, not an object, a link; the message names the file.
    """
    files.check_inside(path)
    try:
        if path.stat().st_size > MAX_JSON:
            raise UserError(f"{path}: {path.stat().st_size:,} bytes, expected at most {MAX_JSON:,}")
        value = json.loads(path.read_bytes())
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise UserError(f"{path}: damaged: not JSON") from None
    if not isinstance(value, dict):
        raise UserError(f"{path}: damaged: expected an object")
    return value


def read_run(folder: Path) -> Record:
    """What the run folder says of itself; faults are told in `problem`, not raised."""
    match = RUN_NAME.fullmatch(folder.name)
    kind = match[1] if match else ""
    try:
        options = read_json(folder / "config.json")
        facts = read_json(folder / "run.json")
        metrics = read_json(folder / "metrics.json") if (folder / "metrics.json").exists() else None
        if facts.get("status") == "completed" and metrics is None:
            raise UserError(f"{folder / 'metrics.json'}: missing, though the run is completed")
        for key, kind_of_value in (("machine", dict), ("started", str)):
            if not isinstance(facts.get(key), kind_of_value):
                raise UserError(f"{folder / 'run.json'}: damaged: no {key!r}")
        kind = str(options.get("kind", kind))
        return Record(folder, kind, options, facts, metrics, None)
    except UserError as error:
        return Record(folder, kind, {}, {}, None, str(error))


def list_runs(runs_dir: Path, kind: str | None = None) -> list[Record]:
    """The top-level run folders under `runs_dir`, oldest first."""
    try:
        folders = [path for path in runs_dir.iterdir() if RUN_NAME.fullmatch(path.name) and path.is_dir()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UserError(f"{runs_dir}: cannot be read: {error.strerror}") from None
    records = [read_run(folder) for folder in folders]
    records = [record for record in records if kind is None or record.kind == kind]
    return sorted(records, key=lambda record: (record.facts.get("started", ""), record.name))


def find_run(name: str, runs_dir: Path) -> Path:
    """The run folder that `name` means: a path, a folder's name, or the unique beginning of one.

    A point of a sweep is named by both: `SWEEP/POINT`, each in full or by its beginning.

    Raises:
        UserError: none, or several.
    """
    path = Path(name)
    if (path / "config.json").exists() or (path / "run.json").exists():
        return path
    matches = _match_prefix(name, runs_dir)
    if not matches and len(path.parts) == 2:
        sweeps = _match_prefix(path.parts[0], runs_dir)
        matches = [point for sweep in sweeps for point in _match_prefix(path.name, sweep)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise UserError(f"run {name!r} is not one run but {len(matches)}: {', '.join(p.name for p in matches[:5])}")
    if path.is_dir():
        raise UserError(f"{path}: not a run folder (no config.json)")
    raise UserError(f"run {name!r} is neither a run folder nor the beginning of one in {runs_dir}")


def _match_prefix(name: str, folder: Path) -> list[Path]:
    """The one folder called `name` in `folder`, else all whose names begin so."""
    try:
        found = sorted(p for p in folder.iterdir() if name and p.name.startswith(name) and not p.name.startswith("."))
    except OSError:
        return []
    found = [p for p in found if p.is_dir()]
    return [p for p in found if p.name == name] or found


def load_run(name: str, runs_dir: Path, kind: str | None = None) -> Record:
    """The record of a named run, refused when it is broken or of another kind."""
    record = read_run(find_run(name, runs_dir))
    if record.problem:
        raise UserError(record.problem)
    if kind is not None and record.kind != kind:
        raise UserError(f"{record.folder}: a {record.kind} run, expected {kind}")
    return record


def settings_of(record: Record) -> Any:
    """The settings record of a run, made and checked from its config.json.

    Raises:
        UserError: an unknown kind, keys of a newer version, values out of range.
    """
    where = str(record.folder / "config.json")
    cls = config.KINDS.get(record.kind)
    if cls is None:
        raise UserError(f"{where}: unknown kind {record.kind!r}")
    names = {spec.name for spec in dataclasses.fields(cls)}
    values = {key: value for key, value in record.config.items() if key != "kind" and key not in DATA_PATH_KEYS}
    try:
        if missing := sorted(names - values.keys()):
            raise OptionError(f"{where}: no {missing[0]!r}")
        return fields.from_dict(cls, values, where)
    except OptionError as error:
        raise UserError(str(error)) from None


def data_paths_of(record: Record) -> dict[str, Any]:
    """Where the run's data are, out of its config.json: what stands there beside the settings.

    Raises:
        UserError: a place that is missing, or no path.
    """
    names = {spec.name for spec in dataclasses.fields(config.KINDS[record.kind])}
    places = {key: value for key, value in record.config.items() if key not in names and key != "kind"}
    for key in REQUIRED_PATH_KEYS.get(record.kind, ("data",)):
        if key not in places:
            raise UserError(f"{record.folder / 'config.json'}: damaged: no {key!r}")
    for key, value in places.items():
        paths = value if isinstance(value, list) else [value]
        if not all(isinstance(path, str) and "\0" not in path for path in paths):
            raise UserError(f"{record.folder / 'config.json'}: {key}: expected a path, received {fields.shown(value)}")
    return places


def latest_run(runs_dir: Path, kind: str, file: str) -> Record | None:
    """The newest started top-level run of `kind` that has checkpoints/`file`; None if there is none."""
    usable = [r for r in list_runs(runs_dir, kind) if not r.problem and (r.folder / "checkpoints" / file).is_file()]
    return usable[-1] if usable else None


LAST_ALL = "all.json"  # in the runs folder: the runs of the last `pw13 all`
