"""Commands name the folder of the runs: what a reader can paste, or what a report may show."""

from pathlib import Path

import pytest

from pw13.runs import places


@pytest.mark.parametrize(
    ("folder", "pasted", "shown"),
    [
        ("runs", "", ""),
        ("here/runs", "", ""),  # absolute
        ("other runs", " --runs-dir 'other runs'", " --runs-dir 'other runs'"),
        ("here/sub", " --runs-dir sub", " --runs-dir sub"),
        ("here/../out", " --runs-dir {out}", " --runs-dir DIR"),
    ],
)
def test_only_a_command_to_paste_names_a_folder_elsewhere(tmp_path, monkeypatch, folder, pasted, shown):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    runs_dir = tmp_path / folder if folder.startswith("here") else Path(folder)
    out = tmp_path / "here" / ".." / "out"
    assert places.command("runs list", runs_dir) == "pw13 runs list" + pasted.format(out=out)
    assert "".join(f" {word}" for word in places.runs_dir_flag(runs_dir)) == shown
