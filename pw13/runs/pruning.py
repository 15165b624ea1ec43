"""What of run folders can be deleted without losing a result: checkpoints, never settings, metrics or figures."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from pw13.runs.comparison import NOISE, task, validation_loss, validation_metric
from pw13.runs.record import Record, read_run
from pw13.system import files

BEST, LAST_EPOCH = "best.keras", "model.keras"  # every command uses the first
RESULTS = ("map.npz", "baselines.npz", "predictions.npz", "losses.npz")  # arrays that other commands read


class Prunable(NamedTuple):
    """A run, the bytes of its folder, and its files that can be deleted."""

    record: Record
    total: int
    paths: tuple[Path, ...]
    why: str

    @property
    def freed(self) -> int:
        return sum(_size(path) for path in self.paths)


class _Place(NamedTuple):
    """The rank of a run among comparable ones, 1 for the best, and that rank in words."""

    number: int
    text: str


def plan(records: Sequence[Record], *, keep_best: int | None, protected: Iterable[str] = ()) -> list[Prunable]:
    """Return for each run what can be deleted; only completed runs lose anything.

    The state to resume from, the model of the last epoch and fitted SVMs are not needed any more. With `keep_best`, all
    models but those of the best N runs of each kind, task and validation set go as well: by the metric on validation
    data, without one by start, the newest first. `protected` runs keep theirs, a sweep those of its points, and so does
    a sweep that is not completed: at its end it samples from all of its points.
    """
    spared = set(protected)
    places = _places(records) if keep_best is not None else {}

    def place(record: Record) -> _Place | None:
        """Return the place of a run whose models go."""
        found = places.get(record.reference)
        if keep_best is None or found is None or found.number <= keep_best or {record.reference, record.sweep} & spared:
            return None
        unfinished = record.sweep and read_run(record.folder.parent).status != "completed"
        return None if unfinished else found

    return [_prunable(record, place(record)) for record in records]


def _prunable(record: Record, place: _Place | None) -> Prunable:
    """Return what can be deleted of a run. place: its rank, if its models go as well."""
    total = sum(_size(path) for path in record.folder.rglob("*"))
    folder = record.folder / "checkpoints"
    if record.status != "completed" or folder.is_symlink() or not folder.is_dir():
        return Prunable(record, total, (), "kept: " + record.status if record.status != "completed" else "-")
    paths = [path for path in sorted(folder.iterdir()) if path.is_file() and not path.is_symlink()]
    paths = [path for path in paths if path.name not in RESULTS]
    spare = [path for path in paths if place or path.suffix == ".npz" or path.name == LAST_EPOCH]
    if record.kind != "svm-eval" and not place and not (folder / BEST).is_file():
        return Prunable(record, total, (), f"kept: no {BEST}")
    return Prunable(record, total, tuple(spare), _what(record, place))


def _what(record: Record, place: _Place | None) -> str:
    if record.kind == "svm-eval":
        return "fitted SVMs"
    return f"all models: {place.text}" if place else "resume state, last epoch"


def _places(records: Sequence[Record]) -> dict[str, _Place]:
    """Return the place of each completed run among those it can be compared with, by reference."""
    groups: dict[str, list[Record]] = {}
    for record in records:
        if record.status == "completed":
            key = repr((record.kind, record.data_sha256, record.config.get("code_size"), task(record)))
            groups.setdefault(key, []).append(record)
    places = {}
    for members in groups.values():
        for number, record in enumerate(sorted(members, key=_rank), 1):
            places[record.reference] = _Place(number, f"{_measured(record)}, {number} of {len(members)}{_task(record)}")
    return places


def _measured(record: Record) -> str:
    value, name = _rank(record)[0], validation_metric(record.kind)
    return f"{name} {value:.4g}" if value < float("inf") else f"no {name}"


def _task(record: Record) -> str:
    shown = [f"{name} {record.config[name]}" for name in ("code_size", *NOISE) if record.config.get(name) is not None]
    return f" with {', '.join(shown)}" if shown else ""


def _rank(record: Record) -> tuple[float, float]:
    value = validation_loss(record)
    started = "".join(character for character in str(record.facts.get("started", ""))[:19] if character.isdigit())
    return (float("inf") if value is None else value, -float(started or 0))


def delete(prunable: Prunable) -> None:
    """Delete the files of a plan that still exist.

    Raises:
        UserError: a link points outside the folder.
        OSError: a file cannot be deleted.
    """
    for path in prunable.paths:
        files.check_inside(path)
        path.unlink(missing_ok=True)


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size if path.is_file() else 0
    except OSError:
        return 0
