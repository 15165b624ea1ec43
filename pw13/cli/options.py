"""Flags of the commands: each shared one declared once, the others made from the fields of a settings record."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from pw13 import config
from pw13.cli import completion
from pw13.config import fields, presets

DataOption = Annotated[
    str | None,
    typer.Option("--data", metavar="DIR|builtin", help="image set: a folder of IDX files, or the built-in letters"),
]
CorpusOption = Annotated[
    str | None,
    typer.Option("--corpus", metavar="FILE|builtin", help="list of names, one a line, or the built-in list"),
]
RunsDirSetting = Annotated[  # of commands whose TOML file may name it
    Path | None, typer.Option("--runs-dir", metavar="DIR", help="where the run folders are", show_default="runs")
]
RunsDirOption = Annotated[Path, typer.Option("--runs-dir", metavar="DIR", help="where the run folders are")]
RunsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--run",
        metavar="RUN",
        help="use the codes of this run (repeatable)",
        show_default="latest dense-ae",
        autocompletion=completion.runs,
    ),
]
JsonOption = Annotated[bool | None, typer.Option("--json", help="print one JSON document instead of tables")]
QuietOption = Annotated[bool | None, typer.Option("--quiet", help="no progress on standard error")]
ConfigOption = Annotated[
    str | None,
    typer.Option(
        "--config",
        metavar="FILE|NAME",
        help="TOML file under the flags; NAME is one that pw13 ships",
        autocompletion=completion.configs,
    ),
]
RunOption = Annotated[
    str | None,
    typer.Option(
        "--run", metavar="RUN", help="the run to use", show_default="the latest", autocompletion=completion.runs
    ),
]
RunArgument = Annotated[
    str,
    typer.Argument(
        metavar="RUN", help="a run folder, its name, or the beginning of it", autocompletion=completion.runs
    ),
]

DEFAULT_RUNS_DIR = Path("runs")  # the run folders, where nothing else is said
DEFAULTS: dict[str, Any] = {"runs_dir": DEFAULT_RUNS_DIR, "json": False, "quiet": False}


def with_settings(cls: type) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command one flag for every field of `cls`, and `--config` under them.

    The decorated function takes a checked record of `cls` first; its own parameters that a TOML file may set at its top
    (`data`, `runs_dir`, ...) are filled from there. A flag beats the file, the file beats the record's default.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = list(inspect.signature(command).parameters.values())[1:]

        def run(*, config: str | None = None, **given: Any) -> None:
            settings, rest = resolve_settings(cls, config, given)
            command(settings, **rest)

        spec = inspect.Parameter("config", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=ConfigOption)
        keyword = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own]
        run.__signature__ = inspect.Signature([*_flags(cls), *keyword, spec])  # type: ignore[attr-defined]
        run.__doc__ = command.__doc__
        run.__name__ = command.__name__
        return run

    return decorate


def resolve_settings(cls: type, file: str | None, given: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The settings of `cls` and the command's other parameters: default < TOML < flag (a flag not given is None).

    Raises:
        OptionError, UserError: from the file or a value out of range.
    """
    names = [spec.name for spec, _ in fields.typed(cls)]
    flags = {key: value for key, value in given.items() if value is not None}
    top, table = {}, {}
    if file is not None:
        content, _ = presets.read_config(file)
        top = {key: value for key, value in content.items() if not isinstance(value, dict)}
        table = content.get(config.kind_of(cls), {})
    values = {key: value for key, value in {**top, **table, **flags}.items() if key in names}
    rest: dict[str, Any] = {key: flags.get(key, top.get(key, DEFAULTS.get(key))) for key in given if key not in names}
    if "runs_dir" in rest:
        rest["runs_dir"] = Path(rest["runs_dir"])
    return cls(**values), rest


def _flags(cls: type) -> list[inspect.Parameter]:
    return [_flag(spec, kind) for spec, kind in fields.typed(cls)]


def _flag(spec: Any, kind: Any) -> inspect.Parameter:
    names = [fields.flag(spec.name)]
    if kind is bool:  # so that a flag beats the file both ways
        names = [f"{names[0]}/--no-{names[0][2:]}"]
    metavar = {int: "N", float: "X"}.get(kind)
    option = typer.Option(*names, help=_help(spec), metavar=metavar, show_default=False)
    return inspect.Parameter(
        spec.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, option]
    )


def _help(spec: Any) -> str:
    default = (
        "all"
        if spec.default is None
        else ("on" if spec.default else "off")
        if isinstance(spec.default, bool)
        else spec.default
    )
    return f"{spec.metadata['help']} (default: {default})"
