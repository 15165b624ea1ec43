"""README and docs: every command parses, every block runs, every path and link exists."""

import ast
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
README, ARCHITECTURE = ROOT / "README.md", ROOT / "docs" / "architecture.md"
PAGES = [README, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
ELSEWHERE = ("pw13 data fetch", "pip install", "dask ", "--dask")  # need a network or a cluster
SETUP = ("make ", "python -m venv")  # what runs these tests has done it


class Block(NamedTuple):
    """A fenced block of a page: its language ("" for none) and its text."""

    page: Path
    language: str
    text: str


def blocks(page: Path) -> list[Block]:
    pattern = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    return [Block(page, *match) for match in pattern.findall(page.read_text("utf-8"))]


def all_blocks(*languages: str) -> list[Block]:
    return [block for page in PAGES for block in blocks(page) if block.language in languages]


def command_lines(block: Block) -> list[str]:
    """The command lines of a shell block, without comments and prompts."""
    lines = (line.split("  #")[0].strip().removeprefix("$ ") for line in block.text.split("\n"))
    return [line for line in lines if line]


def pw13_commands(page: Path) -> list[str]:
    """Every complete command of pw13 on a page, in blocks or between backticks."""
    inline = re.findall(r"`(pw13 [^`]+)`", page.read_text("utf-8"))
    in_blocks = [line for block in blocks(page) for line in command_lines(block)]
    lines = [*inline, *(line.split(" | ")[0] for line in in_blocks if re.match(r"(\S*/)?pw13 [a-z-]", line))]
    return [line for line in dict.fromkeys(lines) if not re.search(r"=V,V|\.\.\.|`,|pw13 resume$", line)]


def parse(arguments: list[str]) -> None:
    """Parse a command line as pw13 does, without running the command."""
    command, name = typer.main.get_command(app), "pw13"
    context = command.make_context(name, list(arguments), resilient_parsing=True)
    while hasattr(command, "get_command") and not arguments[0].startswith("-"):
        name, *arguments = arguments
        command = command.get_command(context, name)
        assert command is not None, name
    command.make_context(name, list(arguments), resilient_parsing=arguments == ["--install-completion"])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_parses(page: Path) -> None:
    for line in pw13_commands(page):
        parse(shlex.split(line)[1:])


def test_an_unknown_option_does_not_parse() -> None:
    with pytest.raises(Exception, match="--nosie"):
        parse(["train-conv-dae", "--nosie", "0.5"])


def test_the_readme_lists_every_command_and_stays_short() -> None:
    text = README.read_text("utf-8")
    assert set(re.findall(r"^\| `pw13 ([a-z-]+)", text, re.MULTILINE)) == set(typer.main.get_command(app).commands)
    assert text.count("\n") < 160


@pytest.mark.parametrize("block", all_blocks("toml"), ids=lambda block: block.page.name)
def test_every_toml_block_is_valid_settings(block: Block, tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(block.text, "utf-8")
    content = presets.read_config(str(path))
    assert content == tomllib.loads(block.text)


def test_every_preset_is_documented() -> None:
    text = (ROOT / "docs" / "runs.md").read_text("utf-8")
    assert [path.stem for path in (ROOT / "configs").glob("*.toml") if f"`{path.stem}`" not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z-]+)", page.read_text("utf-8"), re.MULTILINE)) <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", page.read_text("utf-8")):
        if link.startswith("http"):
            continue
        name, _, heading = link.partition("#")
        target = page.parent / name
        assert target.exists(), link
        if heading:
            headings = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.MULTILINE)
            assert heading in [text.lower().replace(" ", "-") for text in headings], link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_in_backticks_exists(page: Path) -> None:
    paths = re.findall(r"`((?:pw13|tests|tools|bench|configs|\.github)/[\w./-]*)`", page.read_text("utf-8"))
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_every_module_that_the_changelog_names_as_new_exists() -> None:
    rows = re.findall(r"^\| (`pw13.*) \| (`pw13.*) \|$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    modules = [module for _, new in rows for module in re.findall(r"`(pw13[\w.]*)`", new)]
    paths = [ROOT.joinpath(*module.split(".")) for module in modules]
    assert len(paths) > 50
    assert [str(path) for path in paths if not path.is_dir() and not path.with_suffix(".py").exists()] == []


def architecture_block(start: str) -> list[str]:
    """The lines of the block of docs/architecture.md that begins with `start`."""
    (text,) = [block.text for block in blocks(ARCHITECTURE) if block.text.startswith(start)]
    return [line for line in text.split("\n") if line.strip()]


def test_the_tree_of_the_architecture_exists_and_has_every_package() -> None:
    paths: list[Path] = []
    for line in architecture_block("pw13/\n"):
        name = line.split()[0]
        depth = (len(line) - len(line.lstrip())) // 2
        paths = [*paths, Path(*[parent.name for parent in paths_above(paths, depth)], name)]
    assert [str(path) for path in paths if not (ROOT / path).exists()] == []
    packages = {path.parent.relative_to(ROOT) for path in (ROOT / "pw13").rglob("__init__.py")}
    assert packages <= set(paths)


def paths_above(paths: list[Path], depth: int) -> list[Path]:
    """The parents of an entry of the tree at `depth`, from the top: of each depth the last one so far."""
    return [[path for path in paths if len(path.parts) == level + 1][-1] for level in range(depth)]


def test_the_layers_of_the_architecture_are_those_that_are_checked() -> None:
    tree = ast.parse((ROOT / "tests" / "test_layers.py").read_text("utf-8"))
    (floors,) = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "FLOORS"
    ]
    assert [line.split() for line in architecture_block("__main__")] == floors


@pytest.mark.parametrize("start", ["cli/train.py", "cli/report.py"])
def test_the_ways_through_the_code_name_files_and_functions_that_exist(start: str) -> None:
    for line in architecture_block(start):
        path, _, rest = line.strip().partition(" ")
        assert (ROOT / "pw13" / path).exists(), path
        function = re.match(r"\s*(\w+)(:|$| writes)", rest)
        if function and "_" in function[1]:
            assert f"def {function[1]}(" in (ROOT / "pw13" / path).read_text("utf-8"), line


@pytest.mark.slow
@pytest.mark.parametrize("block", all_blocks("python"), ids=lambda block: block.page.name)
def test_every_python_block_runs(block: Block, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-"], input=block.text, cwd=tmp_path, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.split()[0]) > 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [page for page in PAGES if any("pw13 " in block.text for block in blocks(page))], ids=lambda page: page.name
)
def test_every_shell_block_runs(page: Path, tmp_path: Path) -> None:
    """In the order of the page, in one empty folder; RUN is the newest run."""
    pw13 = Path(sys.executable).parent / "pw13"
    lines = [line for block in blocks(page) if block.language in ("sh", "bash") for line in command_lines(block)]
    for line in lines:
        line = line.replace("make run", "pw13 all --config quick").removeprefix(".venv/bin/")
        if line.startswith(SETUP) or any(word in line for word in ELSEWHERE):
            continue
        names = {"pw13": str(pw13), "RUN": max(path.name for path in tmp_path.glob("runs/*")) if "RUN" in line else ""}
        words = [names.get(word, word) for word in shlex.split(line)]
        done = subprocess.run(words, cwd=tmp_path, text=True, capture_output=True)
        assert done.returncode == 0, (line, done.stderr)
