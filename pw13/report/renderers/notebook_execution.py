"""Execute a notebook in a fresh kernel of this Python."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pw13.errors import UserError

if TYPE_CHECKING:
    from nbformat import NotebookNode

CELL_TIMEOUT = 600  # seconds
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def execute(cells: "NotebookNode", *, folder: Path) -> "NotebookNode":
    """Return the notebook with its outputs, executed in `folder` by a fresh kernel of this Python.

    Standard error (start-up messages of libraries, with times) is dropped.

    Raises:
        UserError: a cell failed.
    """
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    with tempfile.TemporaryDirectory(prefix="pw13-kernel-") as scratch:
        spec = Path(scratch, "python3")
        spec.mkdir()
        launcher = ["-m", "ipykernel_launcher", "-f", "{connection_file}", "--HistoryManager.enabled=False"]
        kernel = {"argv": [sys.executable, *launcher], **KERNEL}
        (spec / "kernel.json").write_text(json.dumps(kernel), encoding="utf-8")
        manager = AsyncKernelManager(
            kernel_name="python3",
            kernel_spec_manager=KernelSpecManager(kernel_dirs=[scratch]),
            connection_file=str(Path(scratch, "connection.json")),
        )
        client = NotebookClient(
            cells, km=manager, timeout=CELL_TIMEOUT, record_timing=False, resources={"metadata": {"path": str(folder)}}
        )
        try:
            client.execute(cleanup_kc=True, stderr=subprocess.DEVNULL)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            lines = [line for line in str(error).strip().split("\n") if line.strip()]
            raise UserError(f"the notebook could not be executed: {lines[-1] if lines else error}") from None
    for cell in cells["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = clean_outputs(cell["outputs"])
    return cells


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
