"""The command line itself: help, refusals in one line, exit codes, and an odd terminal."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pw13 import console
from tests.helpers.data import FILES

TRACE = re.compile(r"Traceback|^\w*(Error|Exception)\b", re.M)


def shell(line: str, **more) -> subprocess.CompletedProcess:
    """Run a shell line in which `pw13` is this interpreter's."""
    line = line.replace("pw13 ", f"{sys.executable} -m pw13 ")
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=300, check=False, **more)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["train-dens"], 2, "Did you mean 'train-dense-ae'"),
        (["train-dense-ae", "--code-siz", 3], 2, "--code-size"),
        (["train-dense-ae", "--epochs", "many"], 2, "--epochs"),
        (["train-dense-ae", "--epochs", 0], 2, "--epochs: expected a whole number from 1"),
        (["train-dense-ae", "--learning-rate", "nan"], 2, "--learning-rate: expected a finite number"),
        (["train-dense-ae", "--learning-rate=-inf"], 2, "--learning-rate"),
        (["train-dense-ae", "--loss", "mae"], 2, "--loss"),
        (["train-dense-ae", "--data", "nowhere"], 1, "nowhere: no such folder"),
        (["train-dense-ae", "--config", "nowhere"], 1, "--config nowhere: no such file"),
        (["train-dense-ae", "--runs-dir", "file"], 1, "file: cannot make a run folder"),
        (["resume", "nothing"], 1, "run 'nothing' is neither"),
        (["train-dense-ae", "--data", "~nobody-of-this-name/x"], 1, "--data ~nobody-of-this-name/x: there is no such"),
        (["all", "--comments", "nowhere.toml"], 1, "--comments nowhere.toml: cannot be read"),
        (["all", "--names", "nowhere.txt"], 1, "--names nowhere.txt: cannot be read"),
        (["all", "--out", "file/report"], 1, "file/report: cannot be written"),
        (["resume", "."], 1, "not a run folder"),
    ],
)
def test_a_mistake_gets_one_line_and_no_run(pw13, data, arguments, code, words):
    Path("file").write_text("x")
    if "--data" not in arguments and arguments[0] == "train-dense-ae":
        arguments = [*arguments, "--data", data]
    got, out, err = pw13(*arguments)
    assert got == code and out == ""
    assert words in err and len(err.strip().splitlines()) == 1 and not TRACE.search(err)
    assert not list(Path().glob("runs/*"))


def test_every_command_has_help(pw13):
    code, out, _ = pw13("--help")
    assert code == 0
    commands = re.findall(r"^  ([a-z][a-z-]+)  ", out, re.M)
    assert {"train-dense-ae", "resume"} <= set(commands)
    for command in commands:
        code, out, _ = pw13(command, "--help")
        assert code == 0 and "Usage: pw13" in out


def test_without_a_command_it_shows_help(pw13):
    code, out, err = pw13()
    assert code == 2 and "train-dense-ae" in out + err


def test_version(pw13):
    from pw13 import __version__

    assert pw13("--version") == (0, f"pw13 {__version__}\n", "")


def test_a_reader_that_stops_ends_it_quietly():
    done = shell("set -o pipefail; pw13 --help | head -n 1")
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_standard_output_that_cannot_be_written_is_exit_1():
    done = shell("pw13 --version > /dev/full")
    assert done.returncode == 1 and not TRACE.search(done.stderr)


def test_odd_places_and_a_plain_locale_change_nothing(data, tmp_path):
    """Spaces and accents in paths, LC_ALL=C, a home that cannot be written, no display."""
    place = tmp_path / "mes données ü"
    place.mkdir()
    for name in FILES:
        (place / name).write_bytes((data / name).read_bytes())
    place.chmod(0o555)
    surroundings = {"LC_ALL": "C", "HOME": "/nonexistent", "PATH": os.environ["PATH"]}
    done = shell(f"pw13 train-dense-ae --data '{place}' --epochs 1 --runs-dir 'runs é'", env=surroundings, cwd=tmp_path)
    place.chmod(0o755)
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "runs é").glob("*_dense-ae/metrics.json"))) == 1
    assert not TRACE.search(done.stderr)


def test_control_characters_are_shown_as_escapes():
    class Stream:
        encoding = "ascii"

    assert console.printable("a\x85b\x1b[31mc") == "a\\x85b\\x1b[31mc"
    assert console.printable("Zoë", Stream) == "Zo\\xeb"
    assert console.printable("Zoë") == "Zoë"


def test_a_table_takes_names_as_they_are(capsys):
    console.table("[bold]t[/bold]", ("name", "n"), [("[red]x[/red]", 1234567), ("y", None)])
    out = capsys.readouterr().out
    assert "[red]x[/red]" in out and "[bold]t[/bold]" in out and "1,234,567" in out


def test_a_table_that_changes_in_place_takes_names_as_they_are(monkeypatch, capsys):
    monkeypatch.setattr(console, "_live", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    with console.live_table() as show:
        show("points", ("[red]point[/red]", "epoch"), [("a=1", 3), ("a=2", None)], 0)
    err = capsys.readouterr().err
    assert "[red]point[/red]" in err and "a=2" in err


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "-"),
        (0.123456, "0.1235"),
        (12345.6, "12,346"),
        (9999, "9999"),
        (10000, "10,000"),
        (True, "yes"),
        ("a", "a"),
    ],
)
def test_cells(value, shown):
    assert console.format_cell(value) == shown
