"""Options of the commands: the shared ones declared once, the others generated from the fields of a settings record.

Every value has a metavar: a placeholder in capitals, a word to type, or alternatives separated by "|". Every default is
shown as "[default: X]", by Typer where the parameter has it, else by `described`.
"""

import inspect
import typing
from collections.abc import Callable, Container, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from pw13 import config
from pw13.cli import completion
from pw13.config import fields, presets
from pw13.errors import OptionError, UserError
from pw13.system import device, files


def described(help: str, default: str) -> str:
    """Return a help text with a default that Typer does not know, in Typer's form."""
    return f"{help}  [default: {default}]"


def user_path(path: str | Path) -> Path:
    """Parse a path option: `~` is the home folder, also in `--out=~/report`, which shells leave as it is."""
    return files.expand_user(path)


DataOption = Annotated[
    str | None,
    typer.Option(
        "--data",
        metavar="DIR|builtin",
        help=described("image set: folder of IDX files, or the built-in letters", "notMNIST if present, else builtin"),
    ),
]
CorpusOption = Annotated[
    str | None,
    typer.Option(
        "--corpus",
        metavar="FILE|builtin|makemore",
        help=described(
            "list of names, one per line, the built-in list, or makemore's once fetched",
            "companies.csv if present, else builtin",
        ),
    ),
]
EncodingOption = Annotated[str, typer.Option("--encoding", metavar="NAME", help="text encoding of the list of names")]
_RUNS_DIR_HELP = "directory of the run folders"
RunsDirOption = Annotated[Path, typer.Option("--runs-dir", metavar="DIR", parser=user_path, help=_RUNS_DIR_HELP)]
RunsDirOverride = Annotated[  # of commands whose TOML file may set it: None is "not given"
    Path | None,
    typer.Option(
        "--runs-dir",
        metavar="DIR",
        parser=user_path,
        help=described(_RUNS_DIR_HELP, str(config.DEFAULT_RUNS_DIR)),
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
    typer.Option("--run", metavar="RUN", help=described("run to use", "latest"), autocompletion=completion.runs),
]
RunArgument = Annotated[
    str,
    typer.Argument(
        metavar="RUN", help="run folder, run name, unique prefix, or SWEEP/POINT", autocompletion=completion.runs
    ),
]

SHARED_DEFAULTS: dict[str, Any] = {"runs_dir": config.DEFAULT_RUNS_DIR, "json": False, "quiet": False}


def with_settings(cls: type, **data_options: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command one flag per field of `cls` and, where `cls` has a TOML table, `--config`.

    The decorated function takes a checked record of `cls` first; its own parameters that are keys at the top of a TOML
    file (`runs_dir`, `json`, ...) are filled from there. Flags take precedence over the file, the file over defaults.

    data_options: options that the function takes as `**data_paths`, by name: `corpus=CorpusOption`.
    """
    has_table = cls in config.KINDS.values()

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        _, *own = inspect.signature(command).parameters.values()
        parameters = [_flag(field, kind, negatable=has_table) for field, kind in fields.typed_fields(cls)]
        parameters += [_keyword(name, annotation, None) for name, annotation in data_options.items()]
        parameters += [_keyword(p.name, p.annotation, p.default) for p in own if p.kind is not p.VAR_KEYWORD]
        if has_table:
            parameters.append(_keyword("config", ConfigOption, None))

        def run(*, config: str | None = None, **flags: Any) -> None:
            content = presets.read_config(config) if config is not None else {}
            settings, rest = resolve_settings(cls, content, flags)
            command(settings, **rest)

        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__doc__ = command.__doc__
        run.__name__ = command.__name__
        return run

    return decorate


def resolve_settings(cls: type, content: Mapping[str, Any], flags: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Return the settings of `cls` and the command's other parameters: default < variable < TOML < flag.

    A flag of None is not given; the variable is PW13_DEVICE.

    content: of a TOML file, as `presets.read_config` returns it.

    Raises:
        OptionError: a value out of range, or values that do not go together.
    """
    names = [field.name for field, _ in fields.typed_fields(cls)]
    given = {key: value for key, value in flags.items() if value is not None}
    top = {key: value for key, value in content.items() if not isinstance(value, dict)}
    table = content.get(config.kind_of(cls), {}) if content else {}
    variables = {"device": chosen} if (chosen := device.from_environment()) else {}
    settings = {key: value for key, value in {**variables, **top, **table, **given}.items() if key in names}
    return cls(**settings), resolve_shared(top, {key: value for key, value in flags.items() if key not in names})


def resolve_shared(top: Mapping[str, Any], flags: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a command that are no settings: default < top of the TOML file < flag."""
    resolved = {
        key: value if value is not None else top.get(key, SHARED_DEFAULTS.get(key)) for key, value in flags.items()
    }
    if "runs_dir" in resolved:
        resolved["runs_dir"] = files.expand_user(resolved["runs_dir"], "--runs-dir")
    return resolved


def require_runs_dir(folder: Path, way_on: str = "") -> None:
    """Refuse a folder of runs that is not there, or no folder."""
    if not folder.is_dir():
        fault = "is a file; expected a folder of runs" if folder.exists() else f"no such folder{way_on}"
        raise UserError(f"--runs-dir {folder}: {fault}")


def refuse_besides(context: typer.Context, mode: str, allowed: Container[str]) -> None:
    """Refuse the options on the command line that do nothing beside the option `mode`, such as "--check".

    allowed: names of the parameters that go with it.

    Raises:
        OptionError: the first other one.
    """
    for parameter in context.command.params:
        source = context.get_parameter_source(str(parameter.name))
        given = source is not None and source.name == "COMMANDLINE"
        if given and mode not in parameter.opts and parameter.name not in allowed:
            raise OptionError(f"{parameter.opts[0]} cannot be combined with {mode}")


def _keyword(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _flag(field: Any, kind: Any, *, negatable: bool) -> inspect.Parameter:
    """Return the parameter of a settings field; `negatable`: with --no-X, for a flag to override a TOML file."""
    names = [fields.flag(field.name)]
    if len(field.name) == 1:
        names.append(f"--{field.name}")
    if kind is bool and negatable:
        names = [f"{names[0]}/--no-{names[0][2:]}"]
    default = _default_text(field.default, field.metadata["unset"])
    shown = default and (kind is not bool or negatable)
    help = described(field.metadata["help"], default) if shown else field.metadata["help"]
    option = typer.Option(*names, help=help, metavar=_metavar(kind), show_default=False)
    return _keyword(field.name, Annotated[kind | None, option], None)


def _default_text(default: Any, unset: str) -> str:
    if default is None:
        return unset
    if isinstance(default, bool):
        return "on" if default else "off"
    return f"{default:g}" if isinstance(default, float) else str(default)


def _metavar(kind: Any) -> str | None:
    if typing.get_origin(kind) is typing.Literal:
        return "|".join(typing.get_args(kind))
    return {int: "N", float: "X", str: "TEXT"}.get(kind)
