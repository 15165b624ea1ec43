"""Paths in commands that reports and pages show: none of this machine outside the current folder."""

import os
import shlex
import subprocess
from pathlib import Path

from pw13 import config
from pw13.system import files


def quote(text: str) -> str:
    """Quote a word of a command for the shell: that of POSIX, or those of Windows, which know no single quotes."""
    return subprocess.list2cmdline([text]) if files.WINDOWS else shlex.quote(text)


def runs_dir_flag(runs_dir: Path) -> list[str]:
    """Return `--runs-dir` and the folder; nothing if it is the default one."""
    same = runs_dir.absolute() == config.DEFAULT_RUNS_DIR.absolute()
    return [] if same else ["--runs-dir", place(str(runs_dir))]


def place(path: str, elsewhere: str = "DIR") -> str:
    """Return a path as a report may show it: relative to the current folder, or `elsewhere` if it is not in there."""
    if path == "builtin":
        return path
    try:
        relative = os.path.relpath(path)
    except ValueError:  # another drive
        relative = ".."
    return elsewhere if relative.startswith("..") else quote(relative)
