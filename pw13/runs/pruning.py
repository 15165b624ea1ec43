"""What of run folders can be deleted without losing a result: checkpoints, never settings, metrics or figures."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from pw13.runs.comparison import VALIDATION_METRICS, best_val_loss, history, is_number, numbers
from pw13.runs.record import Record
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


def plan(records: Sequence[Record], *, keep_best: int | None, protected: Iterable[str] = ()) -> list[Prunable]:
    """Return for each run what can be deleted; only completed runs lose anything.

    The state to resume from, the model of the last epoch and fitted SVMs are not needed any more. With `keep_best`, all
    models but those of the best N runs of each kind and data set go as well: by the metric on validation data, without
    one by start, the newest first; `protected` runs keep theirs, a sweep those of its points.
    """
    spared = set(protected)
    kept = _best(records, keep_best) if keep_best is not None else set()

    def goes(record: Record) -> bool:
        names = {record.reference, record.reference.partition("/")[0]}
        return keep_best is not None and record.reference not in kept and not names & spared

    return [_prunable(record, models=goes(record)) for record in records]


def _prunable(record: Record, *, models: bool) -> Prunable:
    total = sum(_size(path) for path in record.folder.rglob("*"))
    folder = record.folder / "checkpoints"
    if record.status != "completed" or folder.is_symlink() or not folder.is_dir():
        return Prunable(record, total, (), "kept: " + record.status if record.status != "completed" else "-")
    paths = [path for path in sorted(folder.iterdir()) if path.is_file() and not path.is_symlink()]
    paths = [path for path in paths if path.name not in RESULTS]
    spare = [path for path in paths if models or path.suffix == ".npz" or path.name == LAST_EPOCH]
    if record.kind != "svm-eval" and not models and not (folder / BEST).is_file():
        return Prunable(record, total, (), f"kept: no {BEST}")
    return Prunable(record, total, tuple(spare), _what(record, models=models))


def _what(record: Record, *, models: bool) -> str:
    if record.kind == "svm-eval":
        return "fitted SVMs"
    return "all models" if models else "resume state, last epoch"


def _best(records: Sequence[Record], count: int) -> set[str]:
    """Return the names of the best runs of each kind and data set."""
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        if record.status == "completed":
            data = str((record.facts.get("data") or {}).get("sha256"))
            groups.setdefault((record.kind, data), []).append(record)
    return {record.reference for members in groups.values() for record in sorted(members, key=_rank)[:count]}


def _rank(record: Record) -> tuple[float, float]:
    metric = VALIDATION_METRICS.get(record.kind)
    value = numbers(record).get(metric) if metric else best_val_loss(history(record.folder))
    started = "".join(character for character in str(record.facts.get("started", ""))[:19] if character.isdigit())
    return (float(value) if value is not None and is_number(value) else float("inf"), -float(started or 0))


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
