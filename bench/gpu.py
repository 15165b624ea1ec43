"""What must hold on a GPU besides speed: a kill loses nothing, and two jobs share it."""

import contextlib
import json
import signal
import subprocess
import time
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.commands import PW13
from bench.table import markdown
from bench.worker import environment

# An epoch lasts long enough to be killed in; a state is saved after every chunk.
TRAINERS = {
    "dense-ae": ["--epochs", "30", "--data", "builtin", "--limit", "2000"],
    "conv-dae": ["--epochs", "3", "--data", "builtin", "--limit", "800"],
    "charrnn": ["--epochs", "4", "--corpus", "builtin", "--cell", "gru", "--units", "32"],
}
SAVING = ["--checkpoint-every", "0.001"]
SECONDS = 600  # that a command may take
PEER = {"cpu": "pw13", "gpu": "pw13-gpu"}


def train(kind: str, device: str, runs: Path, *more: str) -> list[str]:
    """Return the command that trains a small network of `kind` on `device`, into `runs`."""
    own = [*TRAINERS[kind], *SAVING, "--device", device, "--runs-dir", str(runs)]
    return [*PW13, f"train-{kind}", *own, "--quiet", "--json", *more]


def killed_ends_like_unbroken(kind: str, device: str, folder: Path, *more: str) -> bool:
    """Train twice, one training killed after its first checkpoint and resumed; return whether the weights are equal.

    Raises:
        RuntimeError: a command failed, or the training had ended before it could be killed.
    """
    _run(train(kind, device, folder / "unbroken", *more), device)
    _kill_after_first_state(train(kind, device, folder / "killed", *more), device, folder / "killed")
    run = _only_run(folder / "killed")
    _run([*PW13, "resume", str(run), "--quiet"], device)
    return _weights(_only_run(folder / "unbroken")) == _weights(run)


def two_jobs(device: str, folder: Path, *more: str) -> int:
    """Sweep two points with two jobs at a time; return how many were completed."""
    corpus = ["--corpus", "builtin", "--epochs", "1", "--units", "8", "--device", device]
    sweep = [*PW13, "sweep", "charrnn", *corpus, "--seeds", "2", "--jobs", "2", "--runs-dir", str(folder), "--quiet"]
    _run([*sweep, *more], device)
    records = [json.loads(path.read_text("utf-8")) for path in folder.glob("*/*/run.json")]
    return sum(record["status"] == "completed" for record in records)


def section(device: str) -> str:
    """Check every trainer and two jobs at once; return the Markdown."""
    with TemporaryDirectory() as folder:
        rows = [
            (kind, "yes" if killed_ends_like_unbroken(kind, device, Path(folder, kind)) else "NO") for kind in TRAINERS
        ]
        done = two_jobs(device, Path(folder, "sweep"))
    table = markdown(("trainer", "killed and resumed: same bits as unbroken"), rows)
    return f"### kill -9 and two jobs\n\n{table}\nSweep with two jobs on one GPU: {done} of 2 points completed.\n"


def _run(command: list[str], device: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, env=environment(PEER[device]))
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} exited with {done.returncode}: {done.stderr[-500:]}")


def _kill_after_first_state(command: list[str], device: str, runs: Path) -> None:
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(PEER[device])
    )
    until = time.monotonic() + SECONDS
    with contextlib.suppress(ProcessLookupError):
        while process.poll() is None and time.monotonic() < until and not list(runs.glob("*/checkpoints/*state*")):
            time.sleep(0.005)
        process.kill()
    if process.wait() != -signal.SIGKILL:
        raise RuntimeError(f"{' '.join(command)} ended before it could be killed")


def _only_run(runs: Path) -> Path:
    (run,) = [path for path in runs.iterdir() if (path / "run.json").exists()]
    return run


def _weights(run: Path) -> dict[str, bytes]:
    """Return the stored weights of each model file of a run."""
    return {path.name: zipfile.ZipFile(path).read("model.weights.h5") for path in (run / "checkpoints").glob("*.keras")}
