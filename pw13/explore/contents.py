"""What goes into the page: the chosen runs by view, and all runs as rows."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pw13 import __version__, console
from pw13.errors import UserError
from pw13.explore import codes, names, noise, runs, svm
from pw13.runs import comparison
from pw13.runs.record import Record, list_runs, load_run

# View, kind of run, what a usable run has, and the function that collects it.
VIEWS: tuple[tuple[str, str, str, Callable[[Record], dict[str, Any]]], ...] = (
    ("codes", "dense-ae", "checkpoints/best.keras", codes.view),
    ("noise", "conv-dae", "checkpoints/best.keras", noise.view),
    ("names", "charrnn", "checkpoints/best.keras", names.view),
    ("svm", "svm-eval", "checkpoints/predictions.npz", svm.view),
)


class Chosen(NamedTuple):
    """Runs to show: `records` by view; `named` if the user named them."""

    records: dict[str, list[Record]]
    named: bool


def choose(run_names: Sequence[str], runs_dir: Path) -> Chosen:
    """Return the named runs by view, a sweep as its points; without names the newest usable run of each kind.

    Raises:
        UserError: no such run, or a broken one, or one that no view can show.
    """
    by_kind = {kind: view for view, kind, _, _ in VIEWS}
    records: dict[str, list[Record]] = {view: [] for view in by_kind.values()}
    if not run_names:
        listed = list_runs(runs_dir)
        for view, kind, file, _ in VIEWS:
            usable = [r for r in listed if r.kind == kind and not r.problem and (r.folder / file).is_file()]
            records[view] = usable[-1:]
        return Chosen(records, named=False)
    for record in comparison.expand_sweeps([load_run(name, runs_dir) for name in run_names]):
        if record.problem:
            raise UserError(record.problem)
        if record.kind not in by_kind:
            raise UserError(f"{record.folder}: cannot show a {record.kind} run; supported: {', '.join(by_kind)}")
        records[by_kind[record.kind]].append(record)
    return Chosen(records, named=True)


def contents(chosen: Chosen, runs_dir: Path, *, served: bool) -> dict[str, Any]:
    """Return what the page shows, as JSON holds it.

    A run that turns out to be damaged is left out with a note, unless it was named.

    Raises:
        UserError: a named run is damaged, or `runs_dir` cannot be read.
    """
    result: dict[str, Any] = {"version": __version__, "served": served, "notes": []}
    for view, _, _, collect in VIEWS:
        result[view] = []
        for record in chosen.records[view]:
            try:
                result[view].append(collect(record))
            except UserError as error:
                if chosen.named:
                    raise
                console.warning(f"{record.name} is not shown: {error}")
                result["notes"].append(record.name)
    result["runs"] = runs.rows(runs_dir)
    shown = [record for records in chosen.records.values() for record in records]
    result["details"] = [] if served else [{**runs.details(record), "figures": []} for record in shown]
    return result
