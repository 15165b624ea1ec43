"""What goes into the page: the chosen runs by view, and all runs as rows."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pw13 import __version__, console
from pw13.config import DEFAULT_RUNS_DIR
from pw13.errors import UserError
from pw13.explore import codes, names, noise, runs, svm
from pw13.runs import comparison
from pw13.runs.finding import list_runs, load_run
from pw13.runs.places import runs_dir_flag
from pw13.runs.record import Record

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
    """Return the named runs by view, a sweep as its usable points; without names the newest usable run of each kind.

    Raises:
        UserError: no such run, or a broken one, or one that no view can show; a sweep without a usable point.
    """
    if not run_names:
        return choose_among(list_runs(runs_dir))
    by_kind = {kind: view for view, kind, _, _ in VIEWS}
    records: dict[str, list[Record]] = {view: [] for view in by_kind.values()}
    for named in [load_run(name, runs_dir) for name in run_names]:
        for record in usable_points(named) if named.is_sweep else [named]:
            if record.kind not in by_kind:
                raise UserError(f"{record.folder}: cannot show a {record.kind} run; supported: {', '.join(by_kind)}")
            records[by_kind[record.kind]].append(record)
    return Chosen(records, named=True)


def usable_points(sweep: Record) -> list[Record]:
    """Return the points of a sweep that a view can show, and say which are left out.

    Raises:
        UserError: no point is left.
    """
    needed = {kind: file for _, kind, file, _ in VIEWS}
    points = []
    for point in comparison.sweep_points(sweep.folder):
        file = needed.get(point.kind, "config.json")
        if point.problem or not (point.folder / file).is_file():
            console.warning(f"{point.reference} is left out: {point.problem or f'{point.status}, without {file}'}")
        else:
            points.append(point)
    if not points:
        raise UserError(f"{sweep.folder}: no point of the sweep can be shown; expected one with a model")
    return points


def choose_among(records: Sequence[Record]) -> Chosen:
    """Return the last usable run of each kind among `records`."""
    usable = {
        view: [r for r in records if r.kind == kind and not r.problem and (r.folder / file).is_file()][-1:]
        for view, kind, file, _ in VIEWS
    }
    return Chosen(usable, named=False)


def contents(
    chosen: Chosen, rows: list[dict[str, Any]], *, served: bool, runs_dir: Path = DEFAULT_RUNS_DIR
) -> dict[str, Any]:
    """Return what the page shows, as JSON holds it. rows: of the view of runs, from `runs.rows` or `runs.row`.

    runs_dir: for the commands that train what is missing.
    A run that turns out to be damaged is left out with a note, unless it was named.

    Raises:
        UserError: a named run is damaged.
    """
    result: dict[str, Any] = {"version": __version__, "served": served, "notes": []}
    result["runs_dir"] = " ".join(runs_dir_flag(runs_dir))
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
    result["runs"], result["better"] = rows, runs.BETTER
    shown = [record for records in chosen.records.values() for record in records]
    result["details"] = [] if served else [{**runs.details(record), "figures": []} for record in shown]
    return result
