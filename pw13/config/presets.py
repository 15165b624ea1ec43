"""Settings from TOML files: a user's own, or one of the presets that come with pw13."""

import tomllib
from pathlib import Path
from typing import Any

from pw13 import config
from pw13.config import fields
from pw13.errors import OptionError, UserError
from pw13.system import files


def read_config(name: str) -> dict[str, Any]:
    """Return the content of a TOML file: a path, or the name of a preset such as "quick".

    Raises:
        UserError: no such file, not readable, not UTF-8.
        OptionError: not TOML, an unknown table or key, or a value out of range.
    """
    path = find_config(name)
    text = files.read_text(path)
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a plain ValueError: a number of thousands of digits
        raise OptionError(f"--config {path}: not TOML: {str(error) or 'nested too deeply'}") from None
    for key, value in content.items():
        _check_top(key, value, f"--config {path}")
    for kind, table in content.items():  # the tables that this command does not read, too
        if kind in config.KINDS:
            fields.check_values(config.KINDS[kind], table, f"--config {path} [{kind}]")
    return content


def _check_top(key: str, value: Any, source: str) -> None:
    """Check a table's name, or a key at the top of the file and its type."""
    known = [*config.SHARED, *config.KINDS]
    if key in config.KINDS and not isinstance(value, dict):
        raise OptionError(f"{source}: {key}: expected a table [{key}], received {fields.abbreviate(value)}")
    if key not in known:
        what = "table" if isinstance(value, dict) else "key"
        raise OptionError(f"{source}: unknown {what} {fields.abbreviate(key)}{fields.suggest(key, known)}")
    if key in config.SHARED and type(value) is not config.SHARED[key]:
        allowed = fields.describe_range(config.SHARED[key], fields.NO_BOUNDS)
        raise OptionError(f"{source}: {key}: expected {allowed}, received {fields.abbreviate(value)}")
    if isinstance(value, str) and "\0" in value:
        raise OptionError(f"{source}: {key}: expected text without NUL bytes, received {fields.abbreviate(value)}")


def find_config(name: str) -> Path:
    """Return the path of a TOML file: `name` itself, or the preset of that name.

    Raises:
        UserError: neither exists.
    """
    path = files.expand_user(name, "--config")
    if path.is_file():
        return path
    for folder in preset_folders():
        if (folder / f"{name}.toml").is_file() and "/" not in name:
            return folder / f"{name}.toml"
    presets = preset_names()
    raise UserError(f"--config {name}: no such file or preset ({', '.join(presets)}){fields.suggest(name, presets)}")


def preset_names() -> list[str]:
    """Return the names of the presets that come with pw13."""
    return sorted({path.stem for folder in preset_folders() for path in folder.glob("*.toml")})


def preset_folders() -> list[Path]:
    """Return the folders of the presets: in the wheel, or beside the package in a checkout."""
    package = Path(__file__).parents[1]
    return [folder for folder in (package / "configs", package.parent / "configs") if folder.is_dir()]
