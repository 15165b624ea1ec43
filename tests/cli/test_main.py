"""The command line itself: help, one-line errors, exit codes, unusual terminals and paths."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.charrnn_run import NAME, make_run
from tests.helpers.data import FILES

TRACE = re.compile(r"Traceback|^\w*(Error|Exception)\b", re.M)


def shell(line: str, **more) -> subprocess.CompletedProcess:
    """Run a shell line, with `pw13` run by this interpreter."""
    line = line.replace("pw13 ", f"{sys.executable} -m pw13 ")
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=300, check=False, **more)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["train-dens"], 2, "Did you mean 'train-dense-ae'"),
        (["train-dense-ae", "--code-siz", 3], 2, "--code-size"),
        (["train-dense-ae", "--epochs", "many"], 2, "--epochs"),
        (["train-dense-ae", "--epochs", 0], 2, "--epochs: expected an integer from 1"),
        (["train-dense-ae", "--learning-rate", "nan"], 2, "--learning-rate: expected a finite number"),
        (["train-dense-ae", "--learning-rate=-inf"], 2, "--learning-rate"),
        (["train-dense-ae", "--loss", "mae"], 2, "--loss"),
        (["train-dense-ae", "--data", "nowhere"], 1, "nowhere: no such folder"),
        (["train-dense-ae", "--config", "nowhere"], 1, "--config nowhere: no such file"),
        (["train-dense-ae", "--runs-dir", "file"], 1, "file: is a file; expected a folder of runs"),
        (["runs", "list", "--runs-dir", "file"], 1, "--runs-dir file: is a file; expected a folder of runs"),
        (["generate", "--runs-dir", "file"], 1, "file: is a file; expected a folder of runs"),
        (["generate", "-n", 0], 2, "-n: expected an integer from 1"),
        (["explore", "--out", "x.html", "--port", 80], 2, "--port cannot be combined with --out"),
        (["score", "Abc", "--encoding", "latin-1"], 2, "--encoding: requires --file"),
        (["generate", "--run", "nope"], 1, "--run: no run matching 'nope' in runs; pw13 runs list shows them"),
        (["svm-eval", "--run", "nope"], 1, "--run: no run matching 'nope' in runs; pw13 runs list shows them"),
        (["report", "--run", "nope"], 1, "--run: no run matching 'nope' in runs; pw13 runs list shows them"),
        (["train-charrnn", "--init-from", "nope"], 1, "--init-from: no run matching 'nope' in runs; pw13 runs list"),
        (["resume", "nothing"], 1, "'nothing'"),
        (["train-dense-ae", "--data", "~nobody-of-this-name/x"], 1, "--data ~nobody-of-this-name/x"),
        (["all", "--comments", "nowhere.toml"], 1, "--comments nowhere.toml: cannot be read"),
        (["all", "--names", "nowhere.txt"], 1, "--names nowhere.txt: cannot be read"),
        (["all", "--out", "file/report"], 1, "file/report: cannot be written"),
        (["resume", "."], 1, "not a run folder"),
    ],
)
def test_an_error_is_one_line_and_leaves_no_run(pw13, data, arguments, code, message):
    Path("file").write_text("x")
    if "--data" not in arguments and arguments[0] == "train-dense-ae":
        arguments = [*arguments, "--data", data]
    exit_code, out, err = pw13(*arguments)
    assert exit_code == code and out == ""
    assert message in err and len(err.strip().splitlines()) == 1 and not TRACE.search(err)
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


def test_a_closed_pipe_ends_the_command_quietly():
    done = shell("set -o pipefail; pw13 --help | head -n 1")
    assert (done.returncode, done.stderr) == (0, "")


def test_long_output_that_its_reader_does_not_read_to_its_end_is_exit_0(tmp_path):
    make_run(tmp_path / "runs" / NAME)
    generate = "pw13 generate -n 30000 --max-length 20 --seed 1 --quiet"  # more than a pipe holds
    done = shell(f"set -o pipefail; {generate} | head -n 1", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.count("\n") == 1
    done = shell(f"set -o pipefail; {generate} --json | head -n 1", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "{\n", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_standard_output_that_cannot_be_written_is_exit_1():
    done = shell("pw13 --version > /dev/full")
    assert done.returncode == 1 and not TRACE.search(done.stderr)


def test_unusual_paths_and_a_c_locale_work(data, tmp_path):
    """Spaces and accents in paths, LC_ALL=C, a read-only home, no display."""
    folder = tmp_path / "mes données ü"
    folder.mkdir()
    for name in FILES:
        (folder / name).write_bytes((data / name).read_bytes())
    folder.chmod(0o555)
    environment = {"LC_ALL": "C", "HOME": "/nonexistent", "PATH": os.environ["PATH"]}
    done = shell(f"pw13 train-dense-ae --data '{folder}' --epochs 1 --runs-dir 'runs é'", env=environment, cwd=tmp_path)
    folder.chmod(0o755)
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "runs é").glob("*_dense-ae/metrics.json"))) == 1
    assert not TRACE.search(done.stderr)
