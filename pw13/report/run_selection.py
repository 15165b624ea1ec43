"""The runs that a hand-in rests on: which are taken, what they agree on, the headline run of each part."""

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pw13 import config
from pw13.errors import UserError
from pw13.runs import comparison
from pw13.runs.record import DATA_PATH_KEYS, LAST_ALL, RUN_NAME, Record, list_runs, load_run, read_json, read_run


class Series(NamedTuple):
    """Runs that differ in their seed alone; `setting` is the value that a table compares."""

    setting: Any
    records: tuple[Record, ...]

    @property
    def first(self) -> Record:
        return self.records[0]

    def value(self, name: str) -> float | None:
        """The median of a metric (dotted name) over the seeds; None where a run lacks it."""
        values = self._values(name)
        return statistics.median(values) if values else None

    def spread(self, name: str) -> tuple[float, float] | None:
        """Lowest and highest value over several seeds; None for one run."""
        values = self._values(name)
        return (min(values), max(values)) if len(values) > 1 else None

    def _values(self, name: str) -> list[float]:
        """The metric of every run; none at all where one lacks it."""
        values = [value for record in self.records if (value := number(record, name)) is not None]
        return values if len(values) == len(self.records) else []


@dataclass(frozen=True)
class RunSelection:
    """The runs of a hand-in, by kind, oldest first; `origin` says in words how they were chosen."""

    records: tuple[Record, ...]
    origin: str

    def of_kind(self, kind: str) -> tuple[Record, ...]:
        return tuple(record for record in self.records if record.kind == kind)

    @property
    def dense(self) -> Record | None:
        """The dense run of exercise 1a-f: the one with the handout's 32 values, else the newest."""
        return _preferred(self.of_kind("dense-ae"), lambda record: record.config.get("code_size") == 32)

    @property
    def conv(self) -> Record | None:
        return _preferred(self.of_kind("conv-dae"), lambda record: True)

    @property
    def svm(self) -> Record | None:
        return _preferred(self.of_kind("svm-eval"), lambda record: True)

    @property
    def baseline_rnn(self) -> Record | None:
        """The SimpleRNN of exercise 2e: many-to-one, with as many units as most runs have, the one trained longest.

        Of numbers of units that stand equally often, the handout's 64: what is compared differs in one setting only.
        """
        counts = Counter(record.config.get("units") for record in self.of_kind("charrnn"))
        found = [
            r
            for r in self.of_kind("charrnn")
            if (r.config.get("cell"), r.config.get("target")) == ("simple", "many-to-one")
        ]

        def rank(record: Record) -> tuple[int, bool, int, str]:
            units = record.config.get("units")
            return counts[units], units == 64, record.config.get("epochs", 0), record.name

        return max(found, key=rank, default=None)

    def series(self, base: Record | None, key: str, *, free: tuple[str, ...] = ()) -> list[Series]:
        """Runs that differ from `base` in setting `key` and in their seed alone, by ascending value.

        free: further settings that may differ, since they belong to `key`'s.
        """
        if base is None:
            return []
        but = (key, "seed", *free)
        found: dict[Any, list[Record]] = {}
        for record in self.of_kind(base.kind):
            if same_data(record, base) and _settings(record, but=but) == _settings(base, but=but):
                found.setdefault(record.config.get(key), []).append(record)
        return [Series(value, tuple(found[value])) for value in sorted(found)]


def number(record: Record | None, name: str) -> float | None:
    """A metric of a run by its dotted name; None where it is missing, undefined or no number."""
    value: Any = record.metrics if record else None
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def same_data(one: Record, other: Record) -> bool:
    return _sha256(one) == _sha256(other)


def history(record: Record) -> list[dict[str, float]]:
    """The epochs of a run; empty where history.csv cannot be read."""
    return [dict(row) for row in comparison.history(record.folder)]


def figure(record: Record, name: str) -> bytes | None:
    """The PNG `figures/NAME.png` of a run; None where it has none."""
    try:
        return (record.folder / "figures" / f"{name}.png").read_bytes()
    except OSError:
        return None


# ---------------------------------------------------------------------------------------------------- choosing runs


def select_runs(names: Sequence[str], runs_dir: Path) -> RunSelection:
    """The named runs; without names those of the last `pw13 all`, else the newest complete one of each kind.

    Raises:
        UserError: a named run is unusable or not complete, or there is no run at all.
    """
    if names:
        return RunSelection(_in_order(_named(names, runs_dir)), "the runs named on the command line")
    of_all = _of_last_all(runs_dir)
    if of_all:
        return RunSelection(_in_order(of_all), "the runs of the last `pw13 all`")
    latest = [found[-1] for kind in config.KINDS if (found := _complete(list_runs(runs_dir, kind)))]
    if not latest:
        raise UserError(
            f"{runs_dir}: no complete run to report on; make all with: pw13 all, or one with: pw13 train-dense-ae"
        )
    return RunSelection(_in_order(latest), "the newest complete run of each kind")


def _named(names: Sequence[str], runs_dir: Path) -> list[Record]:
    named: list[Record] = []
    for name in names:
        record = load_run(name, runs_dir)
        found = comparison.sweep_points(record.folder) if record.kind.startswith("sweep-") else [record]
        for each in found:
            if each.problem or each.status != "completed":
                raise UserError(f"{each.folder}: {each.problem or each.status + ', expected a complete run'}")
            if each.kind not in config.KINDS:
                raise UserError(f"{each.folder}: a {each.kind} run; a report knows {', '.join(config.KINDS)}")
        named += found
    return list({record.folder.resolve(): record for record in named}.values())


def _of_last_all(runs_dir: Path) -> list[Record]:
    """The complete runs that all.json lists; none where it is missing or not ours."""
    try:
        listed = read_json(runs_dir / LAST_ALL).get("runs", {})
        names = [name for name in listed.values() if isinstance(name, str) and RUN_NAME.fullmatch(name)]
    except (UserError, AttributeError):
        return []
    return _complete(read_run(runs_dir / name) for name in names)


def _complete(records: Iterable[Record]) -> list[Record]:
    return [record for record in records if record.status == "completed"]


def _in_order(records: Iterable[Record]) -> tuple[Record, ...]:
    return tuple(sorted(records, key=lambda record: (record.facts.get("started", ""), record.name)))


def _preferred(records: Sequence[Record], fits: Callable[[Record], bool]) -> Record | None:
    """The newest that fits, else the newest."""
    found = [record for record in records if fits(record)] or records
    return found[-1] if found else None


def _sha256(record: Record) -> Any:
    return (record.facts.get("data") or {}).get("sha256")


def _settings(record: Record, *, but: tuple[str, ...]) -> dict[str, Any]:
    """The settings that decide a result: not where the data are, how often checkpoints are written, and the like."""
    out = {*but, *DATA_PATH_KEYS, "kind", "threads", "checkpoint_every", "tensorboard", "sample_every"}
    return {key: value for key, value in record.config.items() if key not in out}
