"""Finding run folders: which there are, and which one a name means."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pw13.errors import UserError
from pw13.runs.places import command
from pw13.runs.record import RUN_NAME, Record, read_json, read_run
from pw13.system import files

LAST_ALL = "all.json"  # in the runs folder: the runs and sweeps of the latest `pw13 all`, by step
MAX_LISTED = 5  # runs named in an error


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


def write_last_all(runs_dir: Path, *, runs: Mapping[str, str], sweeps: Mapping[str, str]) -> None:
    """Record the runs and the sweeps over seeds of a `pw13 all`: folder names by step."""
    files.write_json(runs_dir / LAST_ALL, {"runs": runs, "sweeps": sweeps})


def read_last_all(runs_dir: Path) -> tuple[list[str], list[str]]:
    """Return the folder names of the runs and of the sweeps of the latest `pw13 all`, leaving out what is no such name.

    Both are empty if none has finished, or its record is not valid.
    """
    try:
        listed = read_json(runs_dir / LAST_ALL)
        runs, sweeps = (list(listed.get(key, {}).values()) for key in ("runs", "sweeps"))
    except (UserError, AttributeError):
        return [], []
    return [name for name in runs if _is_name(name)], [name for name in sweeps if _is_name(name)]


def _is_name(name: object) -> bool:
    return isinstance(name, str) and name == Path(name).name != ""


def start_order(record: Record) -> tuple[datetime, str]:
    """Return what sorts runs by the instant of their start, whatever their time zone; broken ones come first."""
    try:  # a time without an offset is local
        return datetime.fromisoformat(record.facts["started"]).astimezone(UTC), record.name
    except (KeyError, TypeError, ValueError, OverflowError, OSError):  # the last two: at the ends of the calendar
        return datetime.min.replace(tzinfo=UTC), record.name


def is_run(path: Path) -> bool:
    """Return whether `path` is a run folder: named like one, even if unreadable, or with config.json and run.json."""
    try:
        if RUN_NAME.fullmatch(path.name):
            return path.is_dir()
        return not path.name.startswith(".") and all(
            files.current(path / name).is_file() for name in ("config.json", "run.json")
        )
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
    raise UserError(f"{where}no run matching {name!r} in {runs_dir}; {command('runs list', runs_dir)} shows them")


def _match_prefix(name: str, parent: Path) -> list[Path]:
    """Return the folder called `name` in `parent`, else every folder whose name starts with it."""
    try:
        paths = sorted(p for p in parent.iterdir() if name and p.name.startswith(name) and not p.name.startswith("."))
    except OSError:
        return []
    folders = [path for path in paths if path.is_dir()]
    return [folder for folder in folders if folder.name == name] or folders


def load_run(name: str, runs_dir: Path, kinds: Sequence[str] = (), option: str = "") -> Record:
    """Find a run of any kind, or one of `kinds`, by name and read it; `option` names it in messages.

    Raises:
        UserError: no match or several, a broken run, or one of another kind.
    """
    record = read_run(find_run(name, runs_dir, option))
    if record.problem:
        raise UserError(record.problem)
    if kinds and record.kind not in kinds:
        raise UserError(f"{record.folder}: expected a {kinds[0]} run, received {record.kind}")
    return record


def latest_run(runs_dir: Path, kind: str, file: str) -> Record | None:
    """Return the top-level run of `kind` that started last and has checkpoints/`file`; None if there is none."""
    usable = [r for r in list_runs(runs_dir, kind) if not r.problem and (r.folder / "checkpoints" / file).is_file()]
    return usable[-1] if usable else None
