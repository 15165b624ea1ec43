"""How to install what is missing into the environment that pw13 runs in."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]  # pw13's folder, where it runs from a checkout


def install_hint(extra: str = "") -> str:
    """Return the command that installs an extra, or pw13's own requirements again, in the versions of the README.

    It names this interpreter, whether make or venv and pip made its environment, and is quoted for every shell.
    """
    python = Path(sys.executable)
    place = python.relative_to(ROOT) if python.is_relative_to(ROOT) else python
    wanted = f'".[{extra}]"' if extra else "."
    return f"{place} -m pip install -c constraints.txt -e {wanted} in pw13's folder"
