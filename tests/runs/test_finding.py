"""Finding run folders: by path, name, prefix and time."""

import os
import re
from pathlib import Path

import pytest

from pw13.errors import UserError
from pw13.runs.finding import find_run, latest_run, list_runs
from pw13.system import files
from tests.helpers.runs import NOW, make


def test_only_run_folders_are_listed_oldest_first(tmp_path):
    late = make(tmp_path, "2026-11-24_01-00-00_dense-ae", started="2026-11-24T01:00:00+00:00")
    early = make(tmp_path, "2026-11-24_02-00-00_charrnn", started="2026-11-24T00:30:00+00:00")  # clocks were put back
    make(tmp_path / early.name, "1_units=3_seed=0")
    (tmp_path / "README.md").write_text("runs", "utf-8")
    (tmp_path / ".new-abc").mkdir()
    (tmp_path / "notes").mkdir()
    assert [record.folder for record in list_runs(tmp_path)] == [early, late]
    assert [record.folder for record in list_runs(tmp_path, "dense-ae")] == [late]
    assert list_runs(tmp_path / "nowhere") == []


def test_a_run_is_found_by_path_name_and_unique_prefix(tmp_path, monkeypatch):
    first, second = make(tmp_path / "runs"), make(tmp_path / "runs", NOW + "_2")
    point = make(second, "03_units=8_seed=0_x")
    (tmp_path / "runs" / "2026-notes.txt").write_text("no folder", "utf-8")
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "runs"
    assert find_run(str(first), folder) == first
    assert find_run(f"runs/{first.name}", folder).samefile(first)
    assert find_run(first.name, folder) == first  # a full name, though also a prefix of another
    assert find_run(second.name, folder) == second
    assert find_run(NOW + "_", folder) == second
    assert find_run(f"{second.name}/03", folder) == point
    for name, message in [
        ("2026", "run '2026' is ambiguous: matches"),
        ("2027", "no run matching '2027'"),
        ("", "not a run folder"),
        ("..", "not a run folder"),
        (f"{second.name}/04", "no run matching"),
    ]:
        with pytest.raises(UserError, match=re.escape(message)):
            find_run(name, folder)


def test_an_ambiguous_name_lists_five_matches_and_counts_the_rest(tmp_path):
    names = [make(tmp_path, f"{NOW}_{number}").name for number in range(2, 9)]
    with pytest.raises(UserError) as caught:
        find_run("2026", tmp_path)
    assert str(caught.value) == f"run '2026' is ambiguous: matches {', '.join(names[:5])} and 2 more"
    two = tmp_path / "two"
    make(two, NOW)
    make(two, f"{NOW}_2")
    with pytest.raises(UserError) as caught:
        find_run("2026", two)
    assert str(caught.value) == f"run '2026' is ambiguous: matches {NOW}, {NOW}_2"


def test_a_renamed_run_is_listed_by_its_start(pw13, tmp_path):
    folder = tmp_path / "class"
    late = make(folder, "2026-11-24_01-00-00_dense-ae", started="2026-11-24T03:00:00+00:00")
    run = make(folder, "2026-11-24_02-00-00_dense-ae", started="2026-11-24T02:00:00+00:00")
    alice = run.rename(folder / "alice")
    (folder / "notes").mkdir()
    (folder / "notes" / "run.json").write_text("{}", "utf-8")
    alice.joinpath(".new-x").mkdir()
    assert [(record.folder, record.kind) for record in list_runs(folder)] == [(alice, "dense-ae"), (late, "dense-ae")]
    code, out, _ = pw13("runs", "export", "--runs-dir", folder)
    assert code == 0 and out.splitlines()[1].startswith("alice,")


def test_the_latest_run_is_the_usable_one_that_started_last(tmp_path):
    def usable(name, **facts):
        path = make(tmp_path, name, **facts)
        (path / "checkpoints").mkdir()
        (path / "checkpoints" / "best.keras").write_bytes(b"x")
        return path

    assert latest_run(tmp_path, "dense-ae", "best.keras") is None
    usable("2026-11-24_00-00-01_dense-ae", started="2026-11-24T00:00:01+00:00")
    newest = usable("2026-11-24_00-00-02_dense-ae", started="2026-11-24T00:00:02+00:00", status="interrupted")
    make(tmp_path, "2026-11-24_00-00-03_dense-ae", started="2026-11-24T00:00:03+00:00")  # without a model
    broken = usable("2026-11-24_00-00-04_dense-ae", started="2026-11-24T00:00:04+00:00")
    (broken / "run.json").write_text("{", "utf-8")
    usable("2026-11-24_00-00-05_charrnn", started="2026-11-24T00:00:05+00:00")
    sweep = make(tmp_path, "2026-11-24_00-00-06_sweep-dense-ae", started="2026-11-24T00:00:06+00:00")
    usable(f"{sweep.name}/1_code_size=2_seed=0", started="2026-11-24T00:00:07+00:00")
    assert latest_run(tmp_path, "dense-ae", "best.keras").folder == newest


def test_the_latest_run_is_the_one_that_started_last_in_any_time_zone(tmp_path):
    starts = {
        "2026-11-24_22-36-05_dense-ae": "2026-11-24T22:36:05+09:00",  # 13:36 UTC
        "2026-11-24_06-00-00_dense-ae": "2026-11-24T06:00:00-08:00",  # 14:00 UTC
        "2026-11-24_14-10-00_dense-ae": "2026-11-24T13:50:00+00:00",
    }
    for name, started in starts.items():
        files.write_atomic(_model(make(tmp_path, name, started=started)), b"weights")
    order = [record.facts["started"][11:13] for record in list_runs(tmp_path)]
    assert order == ["22", "13", "06"]
    assert latest_run(tmp_path, "dense-ae", "best.keras").name == "2026-11-24_06-00-00_dense-ae"


def _model(run):
    (run / "checkpoints").mkdir()
    return run / "checkpoints" / "best.keras"


@pytest.mark.parametrize("started", ["", "yesterday", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026"])
def test_a_start_that_is_no_time_still_lists(tmp_path, started):
    make(tmp_path, started=started)
    assert [record.name for record in list_runs(tmp_path)] == [NOW]


def test_an_unreadable_run_is_a_row_of_the_list(tmp_path, monkeypatch, pw13):
    make(tmp_path / "runs", f"{NOW}_2")
    closed = make(tmp_path / "runs")
    ask = os.stat

    def refuse(path, **options):
        if isinstance(path, Path) and closed in path.parents:
            raise PermissionError(13, "Permission denied", str(path))
        return ask(path, **options)

    monkeypatch.setattr(os, "stat", refuse)  # not its mode, which root passes by
    by_name = {record.name: record for record in list_runs(tmp_path / "runs")}
    assert by_name[NOW].problem == f"{closed / 'config.json'}: cannot read: Permission denied"
    assert by_name[f"{NOW}_2"].status == "completed"
    code, out, err = pw13("runs", "list", "--runs-dir", tmp_path / "runs")
    assert code == 0 and "broken" in out and "completed" in out and "Permission denied" in err
