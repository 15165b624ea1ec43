"""Keep the user's environment out of pw13: Python's switches, modules in the current folder, settings of libraries."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

SWITCHES = ("PYTHONOPTIMIZE", "PYTHONWARNINGS", "PYTHONDEVMODE")
RESTARTED = "PW13_RESTARTED"  # set in the environment, so that a second restart cannot happen


def isolate() -> None:
    """Set this process and those that it starts apart from the user's environment; call once, before the work."""
    _restart_without_switches()
    os.environ.update(for_processes())
    os.environ.pop("MPLBACKEND", None)  # figures go to files: a missing window system must not matter
    here = str(Path.cwd()) if _cwd_exists() else None
    if sys.path[0] in ("", here) and here != str(Path(__file__).parents[2]):  # as `python -m` puts it
        del sys.path[0]


def for_processes() -> dict[str, str]:
    """Return environment variables for Python processes: no modules of the current folder, no user's matplotlibrc."""
    found = importlib.util.find_spec("matplotlib")
    settings = Path(found.origin).with_name("mpl-data") / "matplotlibrc" if found and found.origin else None
    return {"PYTHONSAFEPATH": "1"} | ({"MATPLOTLIBRC": str(settings)} if settings else {})


def _cwd_exists() -> bool:
    try:
        return bool(Path.cwd())
    except FileNotFoundError:
        return False


def _restart_without_switches() -> None:
    """Start again where -OO has taken the help texts away, or -W or -X dev makes faults of warnings of libraries."""
    altered = sys.flags.optimize > 1 or sys.warnoptions or sys.flags.dev_mode
    arguments = len(sys.argv) - 1
    if not altered or RESTARTED in os.environ or sys.orig_argv[len(sys.orig_argv) - arguments :] != sys.argv[1:]:
        return
    switches = _without_switches(sys.orig_argv[1 : len(sys.orig_argv) - arguments])
    command = [sys.executable, *switches, *sys.argv[1:]]
    kept = {name: value for name, value in os.environ.items() if name not in SWITCHES} | {RESTARTED: "1"}
    if os.name == "nt":  # where exec returns to the caller at once
        sys.exit(subprocess.call(command, env=kept))
    os.execve(sys.executable, command, kept)


def _without_switches(arguments: list[str]) -> list[str]:
    """Return Python's own arguments without -O, -OO, -W and -X dev; "-W error" and "-X dev" may be two of them."""
    kept: list[str] = []
    left = iter(arguments)
    for argument in left:
        value = next(left, "") if argument in ("-W", "-X") else ""
        if argument.startswith(("-O", "-W")) or argument + value == "-Xdev":
            continue
        kept += [argument, value] if value else [argument]
    return kept
