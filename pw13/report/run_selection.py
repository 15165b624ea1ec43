"""The runs of a report: which are selected, the headline run of each part, and series that differ in one setting."""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pw13 import config, console, experiments
from pw13.errors import UserError
from pw13.metrics.intervals import Interval, mean_interval
from pw13.report.commentary.contrasts import Loss
from pw13.report.comparable_runs import count_comparisons, further_values, is_comparable
from pw13.runs import comparison, example_losses
from pw13.runs.finding import is_run, list_runs, load_run, read_last_all, start_order
from pw13.runs.folder import Run
from pw13.runs.record import Record, read_bytes, read_run, settings_of
from pw13.system import files


class Series(NamedTuple):
    """Runs that differ in their seeds only; `value` is their value of the setting that a table compares."""

    value: Any
    records: tuple[Record, ...]

    @property
    def first(self) -> Record:
        return self.records[0]

    def by_seed(self, name: str) -> dict[int, Loss]:
        """Return a loss (dotted name of a metric) by seed; empty if a run lacks it that is no lean point of a sweep."""
        by_seed = {}
        for record in self.records:
            value = metric(record, name)
            if value is None and record.facts.get("lean"):  # a point of a sweep measures less
                continue
            if value is None:
                return {}
            by_seed[record.config.get("seed", 0)] = Loss(value, example_losses.read(record, name))
        return by_seed

    def interval(self, name: str) -> Interval | None:
        """Return mean and 95 % interval of a metric over the seeds, as `by_seed`; None without any."""
        losses = self.by_seed(name)
        return mean_interval([loss.value for loss in losses.values()]) if losses else None


@dataclass(frozen=True)
class RunSelection:
    """The runs of a report, oldest first; `origin` says how they were selected."""

    records: tuple[Record, ...]
    origin: str

    def of_kind(self, kind: str) -> tuple[Record, ...]:
        return tuple(record for record in self.records if record.kind == kind)

    @property
    def dense(self) -> Record | None:
        """The dense run of 1a to 1f: the newest with the handout's code size 32, else the newest."""
        runs = self.of_kind("dense-ae")
        return _newest([run for run in runs if run.config.get("code_size") == 32] or runs)

    @property
    def conv(self) -> Record | None:
        return _newest(self.of_kind("conv-dae"))

    @property
    def svm(self) -> Record | None:
        return _newest(self.of_kind("svm-eval"))

    @property
    def baseline_rnn(self) -> Record | None:
        """The SimpleRNN of 2e: the many-to-one run with most others that differ from it in one setting.

        Of several the one with the handout's 64 units, then the one trained longest.
        """
        runs = self.of_kind("charrnn")
        comparisons = count_comparisons(runs)
        candidates = [
            run for run in runs if (run.config.get("cell"), run.config.get("target")) == ("simple", "many-to-one")
        ]

        def rank(run: Record) -> tuple[bool, int, bool, int, str]:
            return (
                run.sweep is None,
                comparisons[run.reference],
                run.config.get("units") == 64,
                run.config.get("epochs", 0),
                run.name,
            )

        return max(candidates, key=rank, default=None)

    def series(self, base: Record | None, key: str) -> list[Series]:
        """Return one run per seed and value of `key` that differ from `base` in nothing else, by ascending value."""
        if base is None:
            return []
        by_value: dict[Any, list[Record]] = {}
        for record in self.of_kind(base.kind):
            if is_comparable(record, base, key):
                by_value.setdefault(record.config.get(key), []).append(record)
        return [Series(value, _one_per_seed(by_value[value])) for value in sorted(by_value)]

    def repeats(self, run: Record) -> Series:
        """Return one run per seed of those that differ from `run` in their seed alone."""
        same = [record for record in self.of_kind(run.kind) if is_comparable(record, run, "seed")]
        return Series(run.config.get("seed"), _one_per_seed(same))


def metric(record: Record | None, name: str) -> float | None:
    """Return a metric of a run by its dotted name; None if missing, undefined or not a number."""
    value: Any = record.metrics if record else None
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def read_figure(record: Record, name: str, form: str = "png") -> bytes | None:
    """Return the file `figures/NAME.png` of a run, or of another form; None if there is none.

    Those that a sweep left out are drawn now.
    """
    folder = record.folder / "figures"
    if record.facts.get("lean") and not folder.exists():
        _draw_figures(record.folder)
    try:
        return read_bytes(folder / f"{name}.{form}", below=2)
    except UserError:
        return None


@functools.cache  # where they cannot be drawn or saved, the next figure does not try again
def _draw_figures(folder: Path) -> None:
    """Draw the figures of a run into its folder; a warning says why that is not possible."""
    console.message(f"{folder.name}: drawing its figures")
    try:
        files.check_inside(folder / "figures")
        Run(folder).save_figures(experiments.redraw_figures(read_run(folder)))
    except UserError as error:
        console.warning(f"{folder.name}: no figures: {error}")
    except OSError as error:
        console.warning(f"{folder.name}: no figures: {error.filename or folder}: {error.strerror or error}")


# ---------------------------------------------------------------------------------------------------- selecting runs


def select_runs(names: Sequence[str], runs_dir: Path) -> RunSelection:
    """Return the named runs; without names those of the last `pw13 all`, else the newest completed run of each kind.

    Those found without names are joined by others that compare with them at a further value of one setting: by later
    runs, if there are runs of `pw13 all`.

    Raises:
        UserError: a named run is unusable or not completed, or there is no run at all.
    """
    if names:
        return RunSelection(_by_start(_load_named(names, runs_dir)), "the runs given with --run")
    completed = _completed(list_runs(runs_dir))
    last_all = _load_last_all(runs_dir)
    if last_all:
        newest = max(start_order(record)[0] for record in last_all)
        later = [record for record in completed if start_order(record)[0] > newest]
        return _joined(RunSelection(_by_start(last_all), "the runs of the last pw13 all"), later)
    latest = [runs[-1] for kind in config.KINDS if (runs := [run for run in completed if run.kind == kind])]
    if not latest:
        raise UserError(
            f"{runs_dir}: no completed run to report on; run all experiments with: pw13 all, or one with: "
            "pw13 train-dense-ae"
        )
    return _joined(RunSelection(_by_start(latest), "the newest completed run of each kind"), completed)


def _joined(selection: RunSelection, candidates: Sequence[Record]) -> RunSelection:
    """Return the selection with the candidates that compare with its headline runs at further values of a setting."""
    records = selection.records
    while True:
        bases = [selection.dense, selection.baseline_rnn or _newest(selection.of_kind("charrnn"))]
        further = [run for base in bases if base for run in further_values(base, selection.records, candidates)]
        if not further:
            break
        joined = {record.folder: record for record in (*selection.records, *further)}
        selection = RunSelection(_by_start(joined.values()), selection.origin)
    if len(selection.records) == len(records):
        return selection
    return RunSelection(selection.records, f"{selection.origin}, and runs that differ from them in one setting")


def _load_named(names: Sequence[str], runs_dir: Path) -> list[Record]:
    """Return the named runs once each, a sweep expanded to its points."""
    records = comparison.expand_sweeps([load_run(name, runs_dir, option="--run") for name in names])
    for record in records:
        if record.problem or record.status != "completed":
            raise UserError(f"{record.folder}: {record.problem or record.status + ', expected a completed run'}")
        if record.kind not in config.KINDS:
            supported = ", ".join(config.KINDS)
            raise UserError(f"{record.folder}: cannot report on a {record.kind} run; supported: {supported}")
        settings_of(record)  # refuses invalid ones
    return list({record.folder.resolve(): record for record in records}.values())


def _load_last_all(runs_dir: Path) -> list[Record]:
    """Return the completed runs that all.json lists, with the points of its sweeps over seeds.

    Empty if the file is missing or not valid, or none of the runs has valid settings.
    """
    runs, sweeps = (_existing(runs_dir, names) for names in read_last_all(runs_dir))
    points = [point for folder in sweeps for point in comparison.sweep_points(folder)]
    try:
        return _completed([*map(read_run, runs), *points])
    except UserError:  # none has valid settings: others may
        return []


def _existing(runs_dir: Path, names: Iterable[str]) -> list[Path]:
    """Return the folders of those names that are runs; the user may have renamed or deleted others."""
    return [runs_dir / name for name in names if is_run(runs_dir / name)]


def _completed(records: Iterable[Record]) -> list[Record]:
    """Return the completed trainings and evaluations whose settings are valid; others are named once.

    Raises:
        UserError: none of them has valid settings.
    """
    completed = [record for record in records if record.status == "completed" and record.kind in config.KINDS]
    faults = {record.reference: fault for record in completed if (fault := _settings_fault(record))}
    if faults and len(faults) == len(completed):
        raise UserError(f"no run to report on: {next(iter(faults.values()))}; run all experiments with: pw13 all")
    for reference, fault in faults.items():
        console.warning(f"{reference} is left out: {fault}")
    return [record for record in completed if record.reference not in faults]


def _settings_fault(record: Record) -> str | None:
    try:
        settings_of(record)
    except UserError as error:
        return str(error)
    return None


def _by_start(records: Iterable[Record]) -> tuple[Record, ...]:
    return tuple(sorted(records, key=start_order))


def _newest(records: Sequence[Record]) -> Record | None:
    """Return the last run; one that is not a point of a sweep, if there is any."""
    own = [record for record in records if record.sweep is None]
    return (own or records)[-1] if records else None


def _one_per_seed(records: Sequence[Record]) -> tuple[Record, ...]:
    """Return the newest run of each seed, runs of their own before points of sweeps, which lack figures and samples."""
    newest = {run.config.get("seed", 0): run for run in sorted(records, key=lambda run: run.sweep is None)}
    return tuple(sorted(newest.values(), key=lambda run: run.sweep is not None))
