"""Odd environments: closed streams, full disk, no display, no home, missing or read-only folders."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pw13.system import files
from tests.helpers.charrnn_run import NAME, make_run
from tests.helpers.data import make_data
from tests.helpers.hostile import TRACE

if os.name == "nt":
    pytest.skip("needs a POSIX shell", allow_module_level=True)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("runs") / NAME)


def shell(line: str, **more: str) -> subprocess.CompletedProcess:
    """Run a shell line in which `pw13` is that of this interpreter; `more` is added to the environment."""
    line = line.replace("pw13 ", f"{sys.executable} -m pw13 ")
    done = subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, timeout=300, check=False, env={**os.environ, **more}
    )
    assert not TRACE.search(done.stdout + done.stderr), done.stderr
    return done


@pytest.mark.parametrize(
    "command", ["generate -n 2 --seed 1 --run RUN", "runs show RUN", "runs show --json RUN", "--help"]
)
@pytest.mark.parametrize(
    "stream",
    ["closed", pytest.param("full", marks=pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full"))],
)
def test_a_closed_or_full_standard_output_is_exit_1_in_one_line(run, command, stream):
    done = shell(f"pw13 {command.replace('RUN', str(run))} " + {"closed": ">&-", "full": "> /dev/full"}[stream])
    assert done.returncode == 1
    assert done.stderr.startswith("pw13: standard output: ") and len(done.stderr.strip().split("\n")) == 1


@pytest.mark.parametrize(
    ("command", "code"), [("generate -n 2 --seed 1 --run RUN", 0), ("generate --temp=-1", 2), ("runs show nothing", 1)]
)
@pytest.mark.parametrize("closed", ["2>&-", "<&-", "<&- 2>&-"])
def test_other_streams_may_be_closed(run, command, code, closed):
    done = shell(f"pw13 {command.replace('RUN', str(run))} {closed}")
    assert done.returncode == code
    assert len(done.stdout.split("\n")) == (3 if code == 0 else 1)


def test_a_missing_current_folder_is_named(run):
    done = shell("mkdir gone; cd gone; rmdir ../gone; pw13 svm-eval --limit 1")
    assert done.returncode == 1 and "current folder" in done.stderr


def test_a_full_disk_leaves_the_old_file(tmp_path):
    """A limit on file size truncates a write as a full disk does: first a short write, then the error."""
    path = tmp_path / "file"
    files.write_atomic(path, b"old")
    imports = "from pathlib import Path; from pw13.system.files import write_atomic"
    code = f"{imports}; write_atomic(Path({str(path)!r}), bytes(100_000))"
    done = subprocess.run(
        ["bash", "-c", f'ulimit -f 8; exec "{sys.executable}" -c "{code}"'], capture_output=True, check=False
    )
    assert done.returncode != 0 and b"File too large" in done.stderr
    assert path.read_bytes() == b"old" and [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_run_on_a_full_disk_fails_in_one_line():
    make_data(Path("data"), 40, 20)
    uncounted = "unset COVERAGE_PROCESS_CONFIG COVERAGE_PROCESS_START"  # whose file would be too large, too
    done = shell(f"{uncounted}; ulimit -f 8; pw13 svm-eval --data data --folds 2 --kernel linear --quiet")
    (folder,) = Path("runs").iterdir()
    assert done.returncode == 1 and str(folder) in done.stderr and len(done.stderr.strip().split("\n")) == 1
    assert '"failed"' in (folder / "run.json").read_text("utf-8") and not (folder / "metrics.json").exists()
    assert not any(path.stat().st_size == 8192 for path in folder.rglob("*"))


def test_without_display_home_or_caches_the_results_are_the_same():
    make_data(Path("data"), 40, 20)
    command = "pw13 svm-eval --data data --folds 2 --kernel linear --quiet --json --runs-dir"
    plain = shell(f"{command} plain")
    nowhere = dict.fromkeys(("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR"), "/proc/nowhere")
    odd = shell(f"unset DISPLAY; {command} odd", MPLBACKEND="tkagg_or_so", TERM="nonsense", LC_ALL="xx_YY", **nowhere)
    assert plain.returncode == odd.returncode == 0, odd.stderr
    assert accuracies(plain.stdout) == accuracies(odd.stdout)


def accuracies(text: str) -> list[str]:
    return [line for line in text.split("\n") if '"accuracy"' in line]


def test_a_missing_temporary_folder_does_not_matter(run):
    assert shell(f"pw13 generate -n 2 --run {run}", TMPDIR="/nowhere").returncode == 0


@pytest.mark.parametrize("path", ["file/below", "/dev/null/below", "file"])
def test_a_runs_folder_that_cannot_be_created_is_named(pw13, data, path):
    Path("file").write_text("x", encoding="utf-8")
    code, _, err = pw13("svm-eval", "--data", data, "--runs-dir", path)
    assert code == 1 and err.startswith("pw13: ") and path in err


def test_read_only_data_are_enough(pw13, data, tmp_path):
    copy = shutil.copytree(data, tmp_path / "read only")
    copy.chmod(0o555)
    code, _, err = pw13("svm-eval", "--data", copy, "--limit", 1)  # the option is refused after the data are read
    copy.chmod(0o755)
    assert code == 2 and "--limit" in err
