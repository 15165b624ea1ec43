"""How to install what is missing into the environment that pw13 runs in."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

from pw13.errors import UserError

ROOT = Path(__file__).parents[2]  # pw13's folder, where it runs from a checkout


def install_hint(extra: str = "") -> str:
    """Return the command that installs an extra, or pw13's own requirements again, in the versions of the README.

    It names this interpreter, whether make or venv and pip made its environment, in quotes that every shell knows.
    """
    wanted = f'".[{extra}]"' if extra else "."
    return f"{installed('python')} -m pip install -c constraints.txt -e {wanted} in pw13's folder"


def check_tensorboard(*settings: Any) -> None:
    """Refuse settings records of which one asks for TensorBoard logs, where it is not installed.

    Raises:
        UserError: TensorFlow alone has no `tf.summary.scalar`.
    """
    asked = any(getattr(each, "tensorboard", False) for each in settings)
    if asked and importlib.util.find_spec("tensorboard") is None:
        raise UserError(f"--tensorboard: TensorBoard is not installed; {install_hint('tensorboard')}")


def installed(program: str) -> str:
    """Return the path of a program of this environment: from pw13's folder, or absolute; quoted for every shell."""
    path = Path(sys.executable)
    path = path if program == "python" else path.with_name(program)
    place = str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)
    return f'"{place}"' if " " in place else place
