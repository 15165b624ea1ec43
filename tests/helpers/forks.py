"""Commands of pw13 in processes of their own, to be killed; forked where that is safe, to save imports.

A server process imports all that trainings need and does nothing else, so that no lock is held when it forks; a forked
command is a process like any other, with its own pid, threads, files and death.
"""

import multiprocessing
import os
import sys
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

FORKS = sys.platform == "linux"
LOG = "log"  # output of all commands, in the current folder
HEAVY = (
    "pw13.experiments.dense_ae", "pw13.experiments.conv_dae", "pw13.experiments.charrnn",
    "matplotlib.backends.backend_agg", "sklearn.manifold",
)  # fmt: skip


def start(*arguments: object, fresh: bool = False) -> BaseProcess:
    """Start `pw13 ARGUMENTS` in a new process; `fresh`: one that imports everything itself."""
    os.environ["TF_ENABLE_ONEDNN_OPTS"], os.environ["KERAS_BACKEND"] = "1", "tensorflow"  # as pw13 sets them
    context = multiprocessing.get_context("forkserver" if FORKS and not fresh else "spawn")
    if FORKS:
        context.set_forkserver_preload([*HEAVY])
    process = context.Process(target=_pw13, args=(str(Path.cwd()), [str(argument) for argument in arguments]))
    process.start()
    return process


def wait_exit(process: BaseProcess, seconds: float = 300) -> int:
    """Wait for a process and return its exit code, or minus the number of the signal that killed it."""
    process.join(seconds)
    assert process.exitcode is not None, f"still running after {seconds} s: {log()}"
    return process.exitcode


def wait_for(condition, seconds: float = 120) -> None:
    """Wait until `condition()` is true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, log()
        time.sleep(0.01)


def log() -> str:
    """Return the end of what the commands have printed."""
    return Path(LOG).read_text("utf-8", "replace")[-3000:] if Path(LOG).exists() else ""


def _pw13(folder: str, arguments: list[str]) -> None:
    os.chdir(folder)
    with open(LOG, "ab", buffering=0) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.argv = ["pw13", *arguments]
    from pw13.__main__ import main

    sys.exit(main())
