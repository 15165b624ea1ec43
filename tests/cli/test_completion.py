"""Shell completion, and suggestions for mistyped words."""

import subprocess
import sys
from pathlib import Path

import pytest

from pw13.runs.opening import create_run

MAIN = "import sys; from pw13.cli import main; sys.exit(main())"


def complete(line: str, shell: str = "bash") -> list[str]:
    """Return what a shell is offered for a line with the cursor at its end."""
    words = line.split(" ")
    environment = {"_PW13_COMPLETE": f"complete_{shell}", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    environment["_TYPER_COMPLETE_ARGS"] = line
    done = subprocess.run(
        [sys.executable, "-c", MAIN], env=environment, capture_output=True, text=True, timeout=60, check=False
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
def test_commands_options_values_and_presets_are_completed(line, expected):
    assert complete(line) == expected


def test_runs_are_completed_newest_first_and_a_sweep_with_its_points():
    for name in ("2026-01-01_00-00-00_dense-ae", "2026-01-02_00-00-00_sweep-dense-ae"):
        create_run(Path("runs"), name.split("_")[-1], {}, name=name)
    sweep = Path("runs/2026-01-02_00-00-00_sweep-dense-ae")
    create_run(sweep, "dense-ae", {}, name="1_code_size=2")
    Path("runs/2026-notes.txt").write_text("x")
    assert complete("pw13 runs show 2026") == [sweep.name, "2026-01-01_00-00-00_dense-ae"]
    assert complete("pw13 resume 2026-01-01") == ["2026-01-01_00-00-00_dense-ae"]
    assert complete(f"pw13 runs show {sweep.name}/") == [f"{sweep.name}/1_code_size=2"]
    assert complete("pw13 runs show --runs-dir elsewhere 2026") == []


def test_zsh_is_completed_too():
    assert "train-charrnn" in " ".join(complete("pw13 train-", "zsh"))


@pytest.mark.parametrize(
    ("line", "suggestion"), [("data inf", "info"), ("runs list --sor x", "--sort"), ("resme", "resume")]
)
def test_a_mistyped_word_gets_a_suggestion(pw13, line, suggestion):
    code, out, err = pw13(*line.split())
    assert code == 2 and not out and suggestion in err and len(err.splitlines()) == 1


def test_a_mistyped_preset_gets_a_suggestion(pw13):
    code, _, err = pw13("all", "--config", "quik")
    assert code == 1 and "did you mean 'quick'?" in err
