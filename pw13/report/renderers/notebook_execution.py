"""Execute a notebook in a fresh kernel of this Python."""

import asyncio
import atexit
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pw13.errors import UserError
from pw13.system import environment, files, signals

if TYPE_CHECKING:
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbformat import NotebookNode

CELL_TIMEOUT = 600  # seconds
MAX_ADDRESS = 90  # bytes of a socket's path; the limit of systems is 104 or 108, and a number follows
START_LINE = "import matplotlib; matplotlib.rcdefaults()"  # a matplotlibrc in the current folder
COLOR = re.compile(r"\x1b\[[0-9;]*m")  # in the traceback of a cell
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def execute(cells: "NotebookNode", *, folder: Path, variables: Mapping[str, str] | None = None) -> "NotebookNode":
    """Return the notebook with its outputs, executed in `folder` by a fresh kernel of this Python.

    variables: of the environment, besides those of this process.

    Neither settings of the user's for IPython, matplotlib and Keras nor modules in `folder` play a part. Standard error
    (start-up messages of libraries, with times) is dropped.

    Raises:
        UserError: a cell failed, or the kernel could not be started.
        Interrupted: by a signal.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    with tempfile.TemporaryDirectory(prefix="pw13-kernel-") as scratch:
        try:
            client = NotebookClient(
                cells, km=kernel_manager(Path(scratch)), timeout=CELL_TIMEOUT, record_timing=False,
                resources={"metadata": {"path": str(folder)}},
            )  # fmt: skip
            _run(client, {**kernel_environment(scratch), **(variables or {})})
        except (CellExecutionError, CellTimeoutError, DeadKernelError, RuntimeError) as error:
            lines = [line for line in COLOR.sub("", str(error)).strip().split("\n") if line.strip()]
            raise UserError(f"the notebook could not be executed: {lines[-1] if lines else error}") from None
        except OSError as error:
            raise UserError(
                f"the notebook could not be executed: {error.filename or scratch}: {error.strerror}"
            ) from None
    for cell in cells["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = clean_outputs(cell["outputs"])
    return cells


def _run(client: "NotebookClient", variables: Mapping[str, str]) -> None:
    """Execute a client's notebook; kill its kernel when a signal asks to stop.

    In a thread of its own: in the main thread nbclient would handle signals itself, and not leave it to pw13.
    """
    work = client.async_execute(cleanup_kc=True, stderr=subprocess.DEVNULL, env=variables)
    with signals.graceful_stop(), ThreadPoolExecutor(1) as pool:
        done = pool.submit(asyncio.run, work)
        while not wait([done], 0.2).done:
            process = getattr(getattr(client.km, "provisioner", None), "process", None)
            if signals.requested() and process is not None:
                process.kill()
        atexit.unregister(client._cleanup_kernel)
        signals.check()
        done.result()


def kernel_manager(scratch: Path) -> "AsyncKernelManager":
    """Return the manager of a kernel of this Python, reached by sockets in `scratch`, which need no network."""
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    spec = scratch / "python3"
    spec.mkdir()
    launcher = ["-P", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    argv = [sys.executable, *launcher, "--HistoryManager.enabled=False", "--InteractiveShellApp.ignore_cwd=True",
            f"--IPKernelApp.exec_lines={START_LINE}"]  # fmt: skip
    files.write_json(spec / "kernel.json", {"argv": argv, **KERNEL})
    manager = AsyncKernelManager(
        kernel_name="python3",
        kernel_spec_manager=KernelSpecManager(kernel_dirs=[str(scratch)]),
        connection_file=str(scratch / "connection.json"),
    )
    address = str(scratch / "kernel")
    if os.name != "nt" and len(os.fsencode(address)) < MAX_ADDRESS:
        manager.transport, manager.ip = "ipc", address
    return manager


def kernel_environment(scratch: str) -> dict[str, str]:
    """Return the environment of a kernel: the user's without what libraries would read of the user's settings.

    GPUs are hidden: a notebook never takes one by accident.
    """
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONSTARTUP", "MPLBACKEND")}
    own = {"IPYTHONDIR": scratch, "KERAS_HOME": os.devnull, "KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": "-1"}
    return {**kept, **environment.for_processes(), **own}


def clean_outputs(outputs: list[Any]) -> list[Any]:
    """Drop standard error, and join the pieces of standard output, which depend on buffering."""
    joined: list[Any] = []
    for output in outputs:
        if output.get("name") == "stderr":
            continue
        if joined and output.get("name") == joined[-1].get("name") == "stdout":
            joined[-1]["text"] += output["text"]
        else:
            joined.append(output)
    return joined
