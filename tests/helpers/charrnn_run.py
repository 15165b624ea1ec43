"""A completed char-RNN run, written without training."""

import json
from pathlib import Path

import numpy as np

from pw13 import config
from pw13.config import fields
from pw13.data.names import vocabulary
from pw13.models import charrnn_numpy
from tests.helpers.hostile import write_keras

NAME = "2026-01-02_03-04-05_charrnn"


SETTINGS = config.CharRNN(units=4)


VOCAB = vocabulary.build_vocabulary("\nabcdefgh")


ENDINGS = tuple(f"{'abcdefghabcdefgh'[i : i + 9]}\n" for i in range(7))


SPECS = charrnn_numpy.weight_specs("simple", 4, 1, VOCAB.size)


rng = np.random.default_rng(0)


ARRAYS = {spec.path: rng.normal(size=spec.shape).astype(np.float32) for spec in SPECS}


DOCUMENTS = {
    "config.json": {"kind": "charrnn", **fields.as_dict(SETTINGS), "corpus": "/nowhere/names.txt"},
    "run.json": {
        "status": "completed",
        "started": "2026-01-02T03:04:05.000000+00:00", "ended": "2026-01-02T03:04:06.000000+00:00",
        "command": ["pw13", "train-charrnn"], "seed": 0, "threads": 2, "versions": {"pw13": "1.0", "keras": "3"},
        "machine": {"host": "here", "processor": "some", "cores": 2, "system": "any"}, "pid": 1, "pid_started": 2.0,
        "peak_memory_mib": 3.5, "vocabulary": VOCAB.digest,
        "ngram_texts": {"train": "0", "validation": "1"},
        "data": {"kind": "file", "path": "/nowhere/n.txt", "name": "names", "sha256": "0", "files": {}, "notes": []},
    },
    "metrics.json": {"seconds": 1.0, "held_out_nats": 2.0, "names": {"new": 0.5}, "by_temperature": [{"temp": 1.0}],
                     "mixture": {"weight": 0.5}},
    "vocabulary.json": vocabulary.to_data(VOCAB, ENDINGS),
}  # fmt: skip


def make_run(folder: Path) -> Path:
    """Write a completed char-RNN run."""
    (folder / "checkpoints").mkdir(parents=True)
    for name, value in DOCUMENTS.items():
        (folder / name).write_text(json.dumps(value), encoding="utf-8")
    (folder / "history.csv").write_text("epoch,loss,val_loss\n1,2.0,2.5\n", encoding="utf-8")
    write_keras(folder / "checkpoints" / "best.keras", ARRAYS)
    return folder
