"""Options of the commands: the shared ones declared once, the others generated from the fields of a settings record."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from pw13 import config
from pw13.cli import completion
from pw13.config import DEFAULT_RUNS_DIR, fields, presets

DataOption = Annotated[
    str | None,
    typer.Option("--data", metavar="DIR|builtin", help="image set: folder of IDX files, or the built-in letters"),
]
CorpusOption = Annotated[
    str | None,
    typer.Option("--corpus", metavar="FILE|builtin", help="list of names, one per line, or the built-in list"),
]
RunsDirOverride = Annotated[  # of commands whose TOML file may set it: None is "not given"
    Path | None, typer.Option("--runs-dir", metavar="DIR", help="directory of the run folders", show_default="runs")
]
RunsDirOption = Annotated[Path, typer.Option("--runs-dir", metavar="DIR", help="directory of the run folders")]
EncoderRunsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--run",
        metavar="RUN",
        help="dense-ae run whose codes to use (repeatable)",
        show_default="latest",
        autocompletion=completion.runs,
    ),
]
JsonOption = Annotated[bool | None, typer.Option("--json", help="print one JSON document instead of tables")]
QuietOption = Annotated[bool | None, typer.Option("--quiet", help="suppress progress output")]
ConfigOption = Annotated[
    str | None,
    typer.Option(
        "--config",
        metavar="FILE|NAME",
        help="TOML settings file or built-in preset; flags take precedence",
        autocompletion=completion.configs,
    ),
]
RunOption = Annotated[
    str | None,
    typer.Option("--run", metavar="RUN", help="run to use", show_default="latest", autocompletion=completion.runs),
]
RunArgument = Annotated[
    str,
    typer.Argument(metavar="RUN", help="run folder, run name, or unique prefix", autocompletion=completion.runs),
]

DEFAULTS: dict[str, Any] = {"runs_dir": DEFAULT_RUNS_DIR, "json": False, "quiet": False}


def with_settings(cls: type) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command one flag per field of `cls`, and `--config`.

    The decorated function takes a checked record of `cls` first; its own parameters that are keys at the top of a TOML
    file (`data`, `runs_dir`, ...) are filled from there. Flags take precedence over the file, the file over defaults.
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
    """Return the settings of `cls` and the command's other parameters: default < TOML < flag (None: not given).

    Raises:
        OptionError: an invalid file, or a value out of range.
        UserError: the file cannot be read.
    """
    names = [field.name for field, _ in fields.typed_fields(cls)]
    flags = {key: value for key, value in given.items() if value is not None}
    top, table = {}, {}
    if file is not None:
        content = presets.read_config(file)
        top = {key: value for key, value in content.items() if not isinstance(value, dict)}
        table = content.get(config.kind_of(cls), {})
    values = {key: value for key, value in {**top, **table, **flags}.items() if key in names}
    rest: dict[str, Any] = {key: flags.get(key, top.get(key, DEFAULTS.get(key))) for key in given if key not in names}
    if "runs_dir" in rest:
        rest["runs_dir"] = Path(rest["runs_dir"])
    return cls(**values), rest


def _flags(cls: type) -> list[inspect.Parameter]:
    return [_flag(field, kind) for field, kind in fields.typed_fields(cls)]


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
