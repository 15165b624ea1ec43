"""What the README tells people to type: every command parses, every block runs."""

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest
import typer.main

from pw13.cli import app
from pw13.config import presets

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
ELSEWHERE = ("pw13 data fetch", ".[cluster]", "dask ", "--dask")  # need a network or a cluster


class Block(NamedTuple):
    """A fenced block: its language ("" for none) and its text."""

    language: str
    text: str


BLOCKS = [Block(*found) for found in re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)]


def typed(block: Block) -> list[str]:
    """The command lines of a shell block, without comments."""
    lines = (line.split("  #")[0].strip().removeprefix("$ ") for line in block.text.split("\n"))
    return [line for line in lines if line]


def shell() -> list[str]:
    return [line for block in BLOCKS if block.language in ("sh", "bash") for line in typed(block)]


def commands() -> list[str]:
    """Every command of pw13 in a shell block or between backticks, whole enough to be typed."""
    inline = re.findall(r"`(pw13 [^`]+)`", README)
    shown = [line for block in BLOCKS for line in typed(block) if re.match(r"(\S*/)?pw13 [a-z-]", line)]
    return [line for line in dict.fromkeys(inline + shown) if not re.search(r"=V,V|\.\.\.|`,|pw13 resume$", line)]


def parse(arguments: list[str]) -> None:
    """Take a command line apart as pw13 does, without running the command."""
    command, name = typer.main.get_command(app), "pw13"
    context = command.make_context(name, list(arguments), resilient_parsing=True)
    while hasattr(command, "get_command") and not arguments[0].startswith("-"):
        name, *arguments = arguments
        command = command.get_command(context, name)
        assert command is not None, name
    command.make_context(name, list(arguments), resilient_parsing=arguments == ["--install-completion"])


@pytest.mark.parametrize("line", commands())
def test_every_command_parses(line: str) -> None:
    parse(shlex.split(line)[1:])


def test_an_unknown_option_would_not_parse() -> None:
    with pytest.raises(Exception, match="--nosie"):
        parse(["train-conv-dae", "--nosie", "0.5"])


def test_the_table_names_every_command() -> None:
    every = set(typer.main.get_command(app).commands)
    assert set(re.findall(r"^\| `pw13 ([a-z-]+)", README, re.MULTILINE)) == every


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language == "toml"])
def test_every_toml_block_is_read(block: Block, tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(block.text, "utf-8")
    content = presets.read_config(str(path))
    assert content == tomllib.loads(block.text)


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", README, re.MULTILINE))
    assert named and named <= targets


def test_every_file_that_is_linked_exists() -> None:
    linked = [link for link in re.findall(r"\]\(([^)]+)\)", README) if not link.startswith("http")]
    assert linked and all((ROOT / link).exists() for link in linked)


def test_the_tour_names_what_exists() -> None:
    tour = next(block.text for block in BLOCKS if block.text.startswith("pw13/\n  cli/"))
    names = [line.split()[0] for line in tour.split("\n")[1:] if line.strip()]
    places = [ROOT / name if name in ("configs/", "bench/", "tools/") else ROOT / "pw13" / name for name in names]
    assert [str(place) for place in places if not place.exists()] == []


@pytest.mark.slow
@pytest.mark.parametrize("number", [n for n, block in enumerate(BLOCKS) if block.language == "python"])
def test_every_python_block_runs(number: int, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-"], input=BLOCKS[number].text, cwd=tmp_path, text=True, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.split()[0]) > 0


@pytest.mark.slow
def test_every_shell_block_runs(tmp_path: Path) -> None:
    """In the order of the README, in one empty folder; set-up and tests are what runs this."""
    skipped = ("make ", "python -m venv", ".venv/bin/python")
    pw13 = Path(sys.executable).parent / "pw13"
    for line in shell():
        if line.startswith(skipped) or any(word in line for word in ELSEWHERE):
            continue
        words = [str(pw13) if word in ("pw13", ".venv/bin/pw13") else word for word in shlex.split(line)]
        done = subprocess.run(words, cwd=tmp_path, text=True, capture_output=True)
        assert done.returncode == 0, (line, done.stderr)
