"""Options that many commands share."""

import inspect
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from pw13 import cli
from pw13.cli import options
from pw13.errors import UserError


def commands(app: typer.Typer, prefix: str = "") -> Iterator[tuple[str, inspect.Parameter]]:
    """Yield every parameter of every command, with the command's name."""
    for command in app.registered_commands:
        name = command.name or command.callback.__name__.replace("_", "-")
        for parameter in inspect.signature(command.callback, eval_str=True).parameters.values():
            yield f"{prefix}{name}", parameter
    for group in app.registered_groups:
        yield from commands(group.typer_instance, f"{group.name} ")


def paths() -> list[str]:
    """Return the options and arguments that are paths and do not know the home folder."""
    unaware = []
    for command, parameter in commands(cli.app):
        kind, *metadata = typing.get_args(parameter.annotation) or [None]
        if Path in (kind, *typing.get_args(kind)) and metadata[0].parser is not options.user_path:
            unaware.append(f"pw13 {command}: {parameter.name}")
    return unaware


def test_every_path_knows_the_home_folder():
    assert paths() == []
    assert sum(1 for _ in commands(cli.app)) > 100


def test_a_tilde_is_the_home_folder(monkeypatch, tmp_path, pw13):
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    assert options.user_path("~/a") == tmp_path / "home/a"
    assert options.resolve_shared({"runs_dir": "~/b"}, {"runs_dir": None}) == {"runs_dir": tmp_path / "home/b"}
    code, _, err = pw13("runs", "list", "--runs-dir=~/c")
    assert code == 1 and f"{tmp_path / 'home/c'}: no such folder" in err


@pytest.mark.parametrize(
    ("arguments", "missing"),
    [
        (["data", "info", "--corpus=builtin", "--data=~/x"], "home/x"),
        (["data", "info", "--data=builtin", "--corpus=~/x"], "home/x"),
        (["data", "fetch", "names", "--from=~/home"], "home/home/companies.csv"),
        (["data", "check", "~/x"], "home/x"),
        (["data", "import", "~/x", "y"], "home/x"),
    ],
)
def test_a_tilde_is_the_home_folder_of_every_command_on_data(monkeypatch, tmp_path, pw13, arguments, missing):
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    (tmp_path / "home/home").mkdir(parents=True)
    code, _, err = pw13(*arguments)
    assert code == 1 and str(tmp_path / missing) in err


def test_an_unknown_user_is_named():
    with pytest.raises(UserError, match="~nobody-at-all/x: no such user"):
        options.user_path("~nobody-at-all/x")
