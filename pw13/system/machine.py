"""What a result depends on besides its settings: versions, processor, process.

Slow modules are imported where they are used, since every command imports this file, even for `--help`.
"""

import functools
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pw13.errors import UserError

PACKAGES = ("tensorflow", "keras", "numpy", "scipy", "scikit-learn", "pandas", "matplotlib", "pillow")
CPU_QUOTA = Path("/sys/fs/cgroup/cpu.max")  # microseconds per period, of a container (control groups, version 2)


@functools.cache
def versions() -> dict[str, str]:
    """Return the versions of pw13, Python and the packages that results depend on."""
    import platform
    from importlib import metadata

    from pw13 import __version__

    result = {"pw13": __version__, "python": platform.python_version()}
    for name in PACKAGES:
        try:
            result[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            result[name] = "missing"
    return result


@functools.cache
def git_commit() -> str | None:
    """Return the git commit of pw13's checkout, with "+changes" if it is modified; None if installed from a wheel."""
    import subprocess

    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return None
    try:
        commit = _git(root, "rev-parse", "HEAD")
        return commit + ("+changes" if _git(root, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(root: Path, *arguments: str) -> str:
    import subprocess

    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}  # of a hook, say
    command = ["git", "-C", str(root), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=5, env=environment)
    return done.stdout.strip()


@functools.cache
def processor() -> str:
    """Return the name of the processor."""
    import platform

    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").split("\n"):
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def check_temporary_folder() -> None:
    """Refuse to start work that needs temporary files where no folder takes them.

    Raises:
        UserError: there is no such folder.
    """
    import tempfile

    try:
        tempfile.gettempdir()
    except FileNotFoundError:
        raise UserError("no folder takes temporary files; set TMPDIR to a writable one") from None


def cores() -> int:
    """Count the processor cores that this process may use, within the quota of its control group."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = map(int, CPU_QUOTA.read_text().split())
        return min(allowed, max(1, -(-quota // period)))
    except (OSError, ValueError, ZeroDivisionError):  # no such file, or no quota: "max"
        return allowed


def facts() -> dict[str, Any]:
    """Return what `run.json` records of the machine."""
    import platform

    return {
        "system": platform.platform(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "host": platform.node(),
    }


def process() -> dict[str, Any]:
    """Return pid and start time of this process, which together identify it on this host.

    The start is given twice: as Unix time, and in seconds after the start of the system, which no change of the clock
    moves.
    """
    import psutil

    started = float(psutil.Process().create_time())
    return {
        "pid": os.getpid(),
        "pid_started": round(started, 2),
        "pid_started_after_boot": round(started - psutil.boot_time(), 2),
    }


def process_start() -> float:
    """Return when this process started, by `time.monotonic`."""
    import psutil

    return time.monotonic() - (time.time() - float(psutil.Process().create_time()))  # both move with the clock


def alive(facts: Mapping[str, Any]) -> bool:
    """Return whether the process that `facts` of `process` describe still runs on this host; a zombie does not."""
    import psutil

    try:
        found = psutil.Process(facts.get("pid", -1))
        if found.status() == psutil.STATUS_ZOMBIE:
            return False
        started, after_boot = float(found.create_time()), facts.get("pid_started_after_boot")
        if after_boot is not None:
            started, recorded = started - psutil.boot_time(), after_boot
        else:
            recorded = facts.get("pid_started", 0.0)
        return bool(abs(started - recorded) < 1.0)
    except (psutil.Error, ValueError, TypeError, OverflowError):  # the last three: not a valid pid or time
        return False


def peak_memory_mib() -> float:
    """Return the peak memory of this process in MiB."""
    if sys.platform == "win32":
        import psutil

        return psutil.Process().memory_info().peak_wset / 2**20
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
