"""Paths and words in suggested commands."""

import pytest

from pw13.runs import places
from pw13.runs.ending import cli_name
from pw13.runs.finding import command
from pw13.system import files


@pytest.mark.parametrize(
    ("windows", "text", "quoted"),
    [
        (True, r"C:\runs\1_a", r"C:\runs\1_a"),
        (True, r"C:\my runs\1_a", r'"C:\my runs\1_a"'),
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
    assert command("runs list", folder) == f'pw13 runs list --runs-dir "{folder}"'
    assert places.runs_dir_flag(folder) == ["--runs-dir", '"my runs"']
