"""Paths and words in suggested commands: what a reader can paste, or what a report may show."""

from pathlib import Path

import pytest

from pw13.runs import places
from pw13.runs.ending import cli_name
from pw13.system import files


@pytest.mark.parametrize(
    ("windows", "text", "quoted"),
    [
        (True, r"C:\runs\1_a", r"C:\runs\1_a"),
        (True, r"C:\my runs\1_a", r'"C:\my runs\1_a"'),
        (True, r"R&D\1_a", r'"R&D\1_a"'),
        (True, "a;b", '"a;b"'),
        (False, "/runs/1_a", "/runs/1_a"),
        (False, "/my runs/1_a", "'/my runs/1_a'"),
        (False, r"a\b", r"'a\b'"),
    ],
)
def test_a_word_is_quoted_for_the_shell_of_the_system(monkeypatch, windows, text, quoted):
    monkeypatch.setattr(files, "WINDOWS", windows)
    assert places.quote(text) == quoted


def test_suggested_commands_have_no_single_quotes_on_windows(monkeypatch, tmp_path):
    monkeypatch.setattr(files, "WINDOWS", True)
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "my runs"
    assert cli_name(folder / "1_a") == f'"{folder / "1_a"}"'
    assert places.command("runs list", folder) == 'pw13 runs list --runs-dir "my runs"'
    assert places.runs_dir_flag(folder) == ["--runs-dir", '"my runs"']


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
