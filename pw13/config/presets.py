"""Settings from TOML files: a user's own, or one of those that pw13 ships."""

import tomllib
from pathlib import Path
from typing import Any

from pw13 import config
from pw13.config import fields
from pw13.errors import OptionError, UserError


def read_config(name: str) -> tuple[dict[str, Any], Path]:
    """The content of a TOML file: a path, or the name of a file that pw13 ships, such as "quick".

    Raises:
        UserError: no such file, not readable, not UTF-8.
        OptionError: not TOML, or a table or shared key that no command has.
    """
    path = find_config(name)
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8 text'}") from None
    except (ValueError, RecursionError) as error:  # a ValueError of its own: a number of thousands of digits
        raise OptionError(f"--config {path}: not TOML: {str(error) or 'nested too deep'}") from None
    known = [*config.SHARED, *config.KINDS]
    for key, value in content.items():
        if key not in known or isinstance(value, dict) != (key in config.KINDS):
            what = "table" if isinstance(value, dict) else "key"
            raise OptionError(f"--config {path}: unknown {what} {fields.shown(key)}{fields.nearest(key, known)}")
        if key in config.SHARED and type(value) is not config.SHARED[key]:
            wanted = fields.expected(config.SHARED[key], fields.NO_BOUNDS)
            raise OptionError(f"--config {path}: {key}: expected {wanted}, received {fields.shown(value)}")
        if isinstance(value, str) and "\0" in value:
            raise OptionError(
                f"--config {path}: {key}: expected text without zero bytes, received {fields.shown(value)}"
            )
    for kind, table in content.items():  # a fault in any table is told at once
        if kind in config.KINDS:
            fields.check_values(config.KINDS[kind], table, f"--config {path} [{kind}]")
    return content, path


def find_config(name: str) -> Path:
    """Where the TOML file `name` lies: as a path, or among the files that pw13 ships."""
    if Path(name).is_file():
        return Path(name)
    for folder in config_folders():
        if (folder / f"{name}.toml").is_file() and "/" not in name:
            return folder / f"{name}.toml"
    near = fields.nearest(name, shipped_configs())
    raise UserError(
        f"--config {name}: no such file, and none of the shipped ones ({', '.join(shipped_configs())}){near}"
    )


def shipped_configs() -> list[str]:
    """The names of the TOML files that come with pw13."""
    return sorted({path.stem for folder in config_folders() for path in folder.glob("*.toml")})


def config_folders() -> list[Path]:
    """Folders with the TOML files that come with pw13: in the wheel, or beside the package in a checkout."""
    package = Path(__file__).parents[1]
    return [folder for folder in (package / "configs", package.parent / "configs") if folder.is_dir()]
