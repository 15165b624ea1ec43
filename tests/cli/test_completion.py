"""What a shell is offered when it completes a command line."""

import subprocess
import sys
from pathlib import Path

import pytest

from pw13.runs.folder import create_run

MAIN = "import sys; from pw13.cli import main; sys.exit(main())"


def offered(line: str, shell: str = "bash") -> list[str]:
    """What bash or zsh gets for a line with the cursor at its end."""
    words = line.split(" ")
    asked = {"_PW13_COMPLETE": f"complete_{shell}", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    asked["_TYPER_COMPLETE_ARGS"] = line
    done = subprocess.run(
        [sys.executable, "-c", MAIN], env=asked, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("pw13 train-", ["train-dense-ae", "train-conv-dae", "train-charrnn"]),
        ("pw13 sweep c", ["conv-dae", "charrnn"]),
        ("pw13 train-charrnn --hold", ["--hold-out"]),
        ("pw13 train-charrnn --cell ", ["simple", "gru", "lstm"]),
        ("pw13 all --config q", ["quick"]),
        ("pw13 generate --run 2026-", []),
    ],
)
def test_commands_options_values_and_settings_files_are_completed(line, expected):
    assert offered(line) == expected


def test_runs_are_completed_the_newest_first_and_points_of_a_sweep_after_it():
    for name in ("2026-01-01_00-00-00_dense-ae", "2026-01-02_00-00-00_sweep-dense-ae"):
        create_run(Path("runs"), name.split("_")[-1], {}, name=name)
    sweep = Path("runs/2026-01-02_00-00-00_sweep-dense-ae")
    create_run(sweep, "dense-ae", {}, name="1_code_size=2")
    Path("runs/2026-notes.txt").write_text("x")
    assert offered("pw13 runs show 2026") == [sweep.name, "2026-01-01_00-00-00_dense-ae"]
    assert offered("pw13 resume 2026-01-01") == ["2026-01-01_00-00-00_dense-ae"]
    assert offered(f"pw13 runs show {sweep.name}/") == [f"{sweep.name}/1_code_size=2"]
    assert offered("pw13 runs show --runs-dir elsewhere 2026") == []


def test_zsh_is_offered_the_same():
    assert "train-charrnn" in " ".join(offered("pw13 train-", "zsh"))


@pytest.mark.parametrize(
    ("wrong", "near"), [("data inf", "info"), ("runs list --sor x", "--sort"), ("resme", "resume")]
)
def test_a_mistyped_word_gets_the_nearest(pw13, wrong, near):
    code, out, err = pw13(*wrong.split())
    assert code == 2 and not out and near in err and len(err.splitlines()) == 1


def test_a_mistyped_name_of_a_settings_file_gets_the_nearest(pw13):
    code, _, err = pw13("all", "--config", "quik")
    assert code == 1 and "did you mean 'quick'?" in err
