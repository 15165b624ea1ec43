"""What a result depends on beside its settings: versions, processor, threads, process.

The slow modules are imported where they are used: every command starts through this file, `--help` too.
"""

import functools
import os
import sys
import time
from pathlib import Path
from typing import Any

PACKAGES = ("tensorflow", "keras", "numpy", "scipy", "scikit-learn", "scikit-image", "pandas", "matplotlib", "pillow")


@functools.cache
def versions() -> dict[str, str]:
    """Versions of pw13, Python and the packages that figures depend on."""
    import platform
    from importlib import metadata

    from pw13 import __version__

    found = {"pw13": __version__, "python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "missing"
    return found


@functools.cache
def git_commit() -> str | None:
    """The commit of the checkout that this pw13 runs from, with "+changes" when it differs; None when installed."""
    import subprocess

    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return None
    try:
        commit = _git(root, "rev-parse", "HEAD")
        return commit + ("+changes" if _git(root, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(root: Path, *words: str) -> str:
    import subprocess

    done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=True, timeout=5)
    return done.stdout.strip()


@functools.cache
def processor() -> str:
    """The processor's name as the system gives it."""
    import platform

    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").split("\n"):
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def cores() -> int:
    """How many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def facts() -> dict[str, Any]:
    """The machine as `run.json` records it."""
    import platform

    return {
        "system": platform.platform(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "host": platform.node(),
    }


def process() -> dict[str, Any]:
    """This process: its number and its start time, which together name it on this host."""
    import psutil

    return {"pid": os.getpid(), "pid_started": round(psutil.Process().create_time(), 2)}


def seconds_since_start() -> float:
    """Seconds since this process began."""
    import psutil

    return round(time.time() - psutil.Process().create_time(), 3)


def alive(pid: int, started: float) -> bool:
    """Whether the process that had number `pid` since `started` still runs on this host."""
    import psutil

    try:
        return abs(psutil.Process(pid).create_time() - started) < 1.0
    except (psutil.Error, ValueError, TypeError, OverflowError):  # the last three: numbers that are no process's
        return False


def peak_memory_mib() -> float:
    """The most memory this process has held so far, in MiB."""
    if sys.platform == "win32":
        import psutil

        return psutil.Process().memory_info().peak_wset / 2**20
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
