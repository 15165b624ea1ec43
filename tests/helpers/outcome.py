"""Compare what trainings leave behind, byte by byte."""

import zipfile
from pathlib import Path
from typing import Any

from pw13.training import resume_state
from tests.helpers.runs import load_json

TIMES = {"seconds", "train_seconds", "throughput_per_second", "epoch_seconds", "chunk_seconds"}


def outcome(run: Path) -> dict[str, Any]:
    """Return all that a training leaves behind, by file, except times: it must not depend on kills."""
    result: dict[str, Any] = {
        str(path.relative_to(run)): path.read_bytes()
        for path in run.rglob("*")
        if path.is_file() and path.suffix not in (".keras", ".npz") and path.name not in ("run.json", "metrics.json")
    }
    for path in run.rglob("*.keras"):
        result[path.name] = zipfile.ZipFile(path).read("model.weights.h5")
    state = resume_state.read_state(resume_state.states(run / "checkpoints")[-1])
    result |= {f"state {name}": array.tobytes() for name, array in state.arrays.items()}
    facts = {**state.facts, **load_json(run / "metrics.json"), "status": load_json(run / "run.json")["status"]}
    return result | {name: value for name, value in facts.items() if name not in TIMES}


def check_same(uninterrupted: Path, resumed: Path, phases: list[str]) -> None:
    expected, actual = outcome(uninterrupted), outcome(resumed)
    assert {"best.keras", "model.keras", "history.csv", "state best/0"} <= expected.keys() == actual.keys()
    for name, value in expected.items():
        assert value == actual[name], f"{name} differs after kills {phases}"
    assert actual["status"] == "completed"
