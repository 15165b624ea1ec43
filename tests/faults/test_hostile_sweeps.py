"""A sweep's folder is data: whatever its files hold, no command ends in a traceback."""

import copy
import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pw13.runs.record import read_run
from pw13.sweeps import executors, scheduler
from pw13.sweeps.folder import create_sweep
from tests.helpers import tally
from tests.helpers.data import make_data
from tests.helpers.hostile import FEW, MANY, TRACE, VALUES, attempt, examples, numbers, paths_in
from tests.helpers.sweeps import FakeExecutor, make_sweep, run_with

FILES = ("config.json", "run.json", "sweep.json", "metrics.json", "results.csv")


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a completed sweep of two points."""
    top = tmp_path_factory.mktemp("sweep")
    plan = make_sweep(make_data(top / "data", 40, 20, (8, 8)), seeds=1)
    run = create_sweep(plan, top / "runs")
    run_with(plan, run, FakeExecutor())
    run.update(crew={"jobs": 1, "dask": None})
    return run.folder


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace worker processes and figures."""

    class Figure:
        def savefig(self, buffer, **options):
            buffer.write(b"figure")

        def set_layout_engine(self, layout):
            pass

    monkeypatch.setattr(executors, "LocalExecutor", lambda jobs: FakeExecutor())
    monkeypatch.setattr(scheduler.figures, "metric_by_axis", lambda *arguments: Figure())


def copy_sweep(sweep: Path, status: str) -> Path:
    folder = shutil.copytree(sweep, Path(f"runs{next(numbers)}") / sweep.name)
    change(folder, "run.json", status=status)
    return folder


def change(folder: Path, name: str, **values: object) -> None:
    path = folder / name
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **values}), "utf-8")


def resume(pw13, folder: Path) -> tuple[int, str]:
    """Resume a sweep: 0, 1 or 2, one line of error, no traceback; return exit code and standard error."""
    code, out, err = pw13("resume", folder, "--quiet")
    assert code in (0, 1, 2) and not TRACE.search(out + err), out + err
    if code:
        assert err.startswith("pw13: ") and len(err.strip().split("\n")) == 1, err
    return code, err


def check_all(pw13, folder: Path) -> None:
    """Run every command that reads sweeps; resume comes last, since it may change the folder."""
    here = ("--runs-dir", folder.parent)
    attempt(pw13, folder.parent, {0}, "runs", "list", *here)
    attempt(pw13, folder.parent, {0, 1}, "runs", "show", folder)
    attempt(pw13, folder.parent, {0, 1, 2}, "runs", "compare", folder, *here)
    resume(pw13, folder)


@pytest.mark.parametrize("status", ["completed", "interrupted", "failed"])
def test_a_valid_sweep_is_resumed(pw13, sweep, status):
    folder = copy_sweep(sweep, status)
    check_all(pw13, folder)
    assert read_run(folder).status == "completed"


CORRUPT = [
    ("run.json", {"crew": "x"}),
    ("run.json", {"crew": [1]}),
    ("run.json", {"crew": {"jobs": "two"}}),
    ("run.json", {"crew": {"jobs": 0}}),
    ("run.json", {"crew": {"dask": 5}}),
    ("run.json", {"crew": {"jobs": 1, "dask": "tcp://127.0.0.1:1"}}),
    ("run.json", {"data": ["x"]}),
    ("run.json", {"data": {"sha256": 5}}),
    ("run.json", {"versions": "x"}),
    ("run.json", {"resumed": 5}),
    ("run.json", {"machine": None}),
    ("config.json", {"kind": "sweep-svm-eval"}),
    ("config.json", {"kind": "sweep-"}),
    ("config.json", {"data": ["x"]}),
    ("config.json", {"data": "\ud800"}),
    ("config.json", {"data": "\0"}),
    ("config.json", {"grid": {"seed": [{}]}}),
    ("config.json", {"grid": {"code_size": [[2], [4]]}}),
    ("config.json", {"seeds": 10**30}),
    ("config.json", {"epochs": "x"}),
]


@pytest.mark.parametrize(("name", "values"), CORRUPT)
def test_a_corrupt_field_is_refused_by_file_or_option(pw13, sweep, name, values):
    folder = copy_sweep(sweep, "interrupted")
    change(folder, name, **values)
    check_all(pw13, folder)
    code, err = resume(pw13, folder)
    assert code != 0 and (name in err or "data" in err or "--" in err), err


def test_a_crew_with_unknown_keys_or_types_is_named(pw13, sweep):
    folder = copy_sweep(sweep, "interrupted")
    change(folder, "run.json", crew="x")
    code, err = resume(pw13, folder)
    assert code == 1 and "run.json: corrupt: crew: expected jobs and dask, received 'x'" in err


@pytest.mark.parametrize("metrics", [{}, {"summary": 5}, {"metric": "val_mse", "points": 2, "summary": [{"a": 1}]}])
def test_corrupt_metrics_of_a_completed_sweep_are_refused(pw13, sweep, metrics):
    folder = copy_sweep(sweep, "completed")
    (folder / "metrics.json").write_text(json.dumps(metrics), "utf-8")
    check_all(pw13, folder)
    code, err = resume(pw13, folder)
    assert code == 1 and "metrics.json: corrupt" in err


# -------------------------------------------------------------------------------------------------- random damage


@st.composite
def damages(draw: st.DrawFn) -> tuple[str, object]:
    """Draw a file and how to change it: bytes to put in its place, or paths with new values, None for no value."""
    name = draw(st.sampled_from(FILES))
    if name == "results.csv" or draw(st.integers(0, 5)) == 0:
        return name, draw(st.sampled_from([b"", b"{", b"[]", b"null", b"\xff", b"{}", b'{"a": ' + b"[" * 100_000]))
    return name, draw(st.lists(st.tuples(st.integers(0, 1000), st.booleans(), VALUES), min_size=1, max_size=2))


def apply(folder: Path, name: str, damage: object) -> None:
    path = folder / name
    if isinstance(damage, bytes):
        path.write_bytes(damage)
        return
    value = json.loads(path.read_text("utf-8"))
    for number, remove, replacement in damage:
        paths = [where for where in paths_in(value) if where] or [("x",)]
        *parents, key = paths[number % len(paths)]
        inside = value
        for step in parents:
            inside = inside[step]
        if remove and isinstance(inside, dict):
            inside.pop(key, None)
        else:
            inside[key] = copy.deepcopy(replacement)
    path.write_text(json.dumps(value), "utf-8")


def check_damage(pw13, sweep: Path, status: str, name: str, damage: object) -> None:
    folder = copy_sweep(sweep, status)
    apply(folder, name, damage)
    check_all(pw13, folder)
    tally.count("hostile inputs", "sweep folders")
    shutil.rmtree(folder.parent)


STATUSES = st.sampled_from(["completed", "interrupted"])


@examples(FEW)
@given(STATUSES, damages())
def test_a_corrupt_sweep_is_refused_or_harmless(pw13, sweep, status, damage):
    check_damage(pw13, sweep, status, *damage)


@pytest.mark.faults
@examples(MANY)
@given(STATUSES, damages())
def test_many_corrupt_sweeps_are_refused_or_harmless(pw13, sweep, status, damage):
    check_damage(pw13, sweep, status, *damage)
