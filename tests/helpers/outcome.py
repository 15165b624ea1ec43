"""What a training leaves behind, compared byte for byte."""

import zipfile
from pathlib import Path
from typing import Any

from pw13.training import resume_state
from tests.helpers.runs import load_json

TIMES = {"seconds", "train_seconds", "throughput_per_second", "epoch_seconds", "chunk_seconds"}


def outcome(run: Path) -> dict[str, Any]:
    """All that a training leaves behind, by file: what must not depend on how often it was killed."""
    found: dict[str, Any] = {
        str(path.relative_to(run)): path.read_bytes()
        for path in run.rglob("*")
        if path.is_file() and path.suffix not in (".keras", ".npz") and path.name not in ("run.json", "metrics.json")
    }
    for path in run.rglob("*.keras"):
        found[path.name] = zipfile.ZipFile(path).read("model.weights.h5")
    state = resume_state.read_state(resume_state.states(run / "checkpoints")[-1])
    found |= {f"state {name}": array.tobytes() for name, array in state.arrays.items()}
    figures = {**state.facts, **load_json(run / "metrics.json"), "status": load_json(run / "run.json")["status"]}
    return found | {name: value for name, value in figures.items() if name not in TIMES}


def check_same(unbroken: Path, broken: Path, phases: list[str]) -> None:
    ours, theirs = outcome(unbroken), outcome(broken)
    assert ours.keys() == theirs.keys() and {"best.keras", "model.keras", "history.csv", "state best/0"} <= ours.keys()
    for name, value in ours.items():
        assert value == theirs[name], f"{name} differs after kills {phases}"
    assert theirs["status"] == "completed"
