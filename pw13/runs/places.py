"""Paths in commands: those that reports and pages show name none of this machine outside the current folder."""

import os
import re
import shlex
from pathlib import Path

from pw13 import config
from pw13.system import files


def quote(text: str) -> str:
    """Quote a word of a command for the shell: that of POSIX, or cmd.exe, which knows no single quotes."""
    if files.WINDOWS:
        return text if re.fullmatch(r"[\w.:\\/=+-]+", text) else f'"{text}"'  # no path there has a double quote
    return shlex.quote(text)


def command(words: str, runs_dir: Path) -> str:
    """Return the command line of `pw13 WORDS` for runs in `runs_dir`, to paste into a shell on this machine."""
    return " ".join(["pw13", words, *runs_dir_flag(runs_dir, quote(str(runs_dir)))])


def runs_dir_flag(runs_dir: Path, elsewhere: str = "DIR") -> list[str]:
    """Return `--runs-dir` and the folder, as `place` does; nothing if it is the default one."""
    same = runs_dir.absolute() == config.DEFAULT_RUNS_DIR.absolute()
    return [] if same else ["--runs-dir", place(str(runs_dir), elsewhere)]


def place(path: str, elsewhere: str = "DIR") -> str:
    """Return a path as a report may show it: relative to the current folder, or `elsewhere` if it is not in there."""
    if path == "builtin":
        return path
    try:
        relative = os.path.relpath(path)
    except ValueError:  # another drive
        relative = ".."
    return elsewhere if relative.startswith("..") else quote(relative)
