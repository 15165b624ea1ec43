"""Run folders: read them, or write them by hand."""

import json
from pathlib import Path

from pw13.config import fields
from pw13.config.settings import DenseAE
from pw13.system import files, machine


def load_json(path: Path) -> dict:
    return json.loads(path.read_text("utf-8"))


def only_run(runs: Path, kind: str) -> Path:
    """Return the only run folder of a kind."""
    (folder,) = runs.glob(f"*_{kind}")
    return folder


NOW = "2026-11-24_22-36-05_dense-ae"


def settings(**changes):
    return fields.as_dict(DenseAE(**changes))


def make(folder: Path, name: str = NOW, *, status: str = "completed", metrics=None, **facts) -> Path:
    """Write a minimal run folder."""
    path = folder / name
    path.mkdir(parents=True)
    kind = name.split("_")[2]
    machine_facts = {"host": machine.facts()["host"]}
    run = {"status": status, "started": "2026-11-24T22:36:05.000000+01:00", "machine": machine_facts, **facts}
    files.write_json(path / "config.json", {"kind": kind, **settings()})
    files.write_json(path / "run.json", run)
    if status == "completed":
        files.write_json(path / "metrics.json", metrics or {"seconds": 1.0})
    return path
