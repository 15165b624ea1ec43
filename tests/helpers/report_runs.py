"""Made-up run folders for tests of the report, and its content as tests read it."""

import io
import json
import shutil
from pathlib import Path
from typing import Any

from PIL import Image

from pw13 import config
from pw13.config import fields
from pw13.report import run_selection
from pw13.report.document import Document, Figure, Item, Missing, Table, Text
from pw13.report.outline import build_document

IMAGES = {
    "kind": "folder",
    "path": "/data/notmnist",
    "name": "notMNIST (known by sha256)",
    "sha256": "a" * 64,
    "notes": ["notMNIST with 10,440 training images, not the published 60,000"],
    "counts": {"train": 9400, "test": 10000},
}
NAMES = {
    "kind": "file",
    "path": "/data/companies.csv",
    "name": "startup names (known by sha256)",
    "sha256": "5d7636fa721bd68c6b58207f0df73e084a4d4dc321f1f7bf6910540b5b8f625c",
    "notes": [],
    "counts": {"names": 600, "training": 540, "validation": 30, "held_out": 30},
}
BUILTIN = {
    "kind": "builtin",
    "path": "builtin",
    "name": "built-in letters (rendered)",
    "sha256": "c" * 64,
    "notes": [],
    "counts": {},
}

DENSE = {
    "seconds": 30.0,
    "train_seconds": 8.0,
    "throughput_per_second": 1e5,
    "epochs": 3,
    "parameters": 50992,
    "code_size": 32,
    "test_mse": 0.0215,
    "test_psnr_db": 16.7,
    "val_mse": 0.022,
    "pca_test_mse": 0.0313,
    "dead_units": 0,
    "compression": {
        "raw_bytes": 784,
        "png_bytes": 443.4,
        "webp_bytes": 370.6,
        "float32_code_bytes": 128,
        "uint8_code_bytes": 32,
        "uint8_code_test_mse": 0.0216,
        "decoder_bytes": 103744,
        "break_even_images": 138,
        "break_even_images_png": 253,
    },
}
CONV = {
    "parameters": 314625,
    "noise": 0.5,
    "noise_kind": "gaussian",
    "test_mse": 0.018,
    "noisy_psnr_db": 9.4,
    "denoised_psnr_db": 17.4,
    "noisy_ssim": 0.35,
    "denoised_ssim": 0.8,
    "code_values": 6272,
    "pixel_values": 784,
    "code_bytes_uint8": 6272,
    "code_bytes_entropy": 2857.2,
    "pixel_bytes_entropy": 371.5,
    "png_bytes": 446.0,
    "baselines": {
        "median": {
            "psnr_db": 13.5,
            "setting": {"size": 3},
            "gain": 1.06,
            "offset": -0.039,
            "corrected_psnr_db": 13.6,
            "corrected_setting": {"size": 5},
        },
        "tv": {
            "psnr_db": 12.1,
            "setting": {"weight": 0.15},
            "gain": 1.86,
            "offset": -0.42,
            "corrected_psnr_db": 14.9,
            "corrected_setting": {"weight": 0.3},
        },
        "linear": {
            "psnr_db": 15.8,
            "setting": {"penalty": 1e-7},
            "network_gain_db": {"mean": 1.6, "ci95": [1.57, 1.63], "n": 10000},
        },
    },
    "by_noise": [
        {
            "noise": 0.1,
            "noisy_psnr_db": 22.4,
            "denoised_psnr_db": 16.0,
            "baselines": {"median": 22.4, "tv": 23.8, "linear": 20.6},
            "corrected_baselines": {"median": 23.2, "tv": 26.3},
        },
        {
            "noise": 0.5,
            "noisy_psnr_db": 9.4,
            "denoised_psnr_db": 17.4,
            "baselines": {"median": 13.4, "tv": 12.1, "linear": 15.7},
            "corrected_baselines": {"median": 13.6, "tv": 14.8},
        },
    ],
}
AS_TRAINED = {
    "temperature": 1.0,
    "sampled": 1000,
    "whole": 1.0,
    "new": 0.98,
    "unique": 0.99,
    "held_out_met": 0.0012,
    "mean_length": 13.0,
    "distinct_trigrams": 0.36,
    "similarity": 0.71,
    "ngram_nats": 2.6,
    "examples": ["Zimble", "Quontora"],
}
NGRAM_NAMES = {**AS_TRAINED, "ngram_nats": 1.95, "similarity": 0.8, "examples": ["Neta Labs"]}
RNN = {
    "parameters": 23510,
    "cell": "simple",
    "target": "many-to-one",
    "units": 64,
    "corpus": {"names": 600, "characters": 9000, "distinct": 60, "windows": 2997},
    "train_windows": 2700,
    "train_nats": 2.1,
    "val_nats": 2.15,
    "held_out_nats": 2.2,
    "held_out_accuracy": 0.38,
    "ngram": {
        "order": 5,
        "validation_nats": 1.88,
        "held_out_nats": 1.9,
        "difference_ci95": [0.25, 0.35],
        "by_temperature": [NGRAM_NAMES],
    },
    "mixture": {
        "weight": 0.3,
        "val_nats": 1.84,
        "held_out_nats": 1.85,
        "gain_over": "ngram",
        "gain_ci95": [0.03, 0.07],
        "by_temperature": [{**NGRAM_NAMES, "ngram_nats": 2.0, "examples": ["Mixara Labs"]}],
    },
    "by_temperature": [AS_TRAINED, {**AS_TRAINED, "temperature": 1.2, "ngram_nats": 3.1}],
    "real_names": {
        "names": 30,
        "unique": 1.0,
        "mean_length": 14.0,
        "distinct_trigrams": 0.35,
        "similarity": 0.79,
        "ngram_nats": 1.9,
    },
    "names": {
        "temperature": 0.8,
        "sampled": 1000,
        "whole": 1.0,
        "new": 0.9,
        "unique": 0.95,
        "mean_length": 11.0,
        "ngram_nats": 2.4,
        "examples": ["Acme #1 *Labs*", "Tel\x85co", "<b>Bold</b> & Co $x$"],
    },
}
RESULT = {
    "kernel": "rbf",
    "method": "SVC",
    "cv_accuracy": 0.88,
    "ci95": [0.88, 0.91],
    "accuracy_distinct": 0.89,
    "support_vectors": 500,
    "fit_seconds": 1.0,
    "predict_seconds": 0.5,
    "encode_seconds": 0.1,
    "recall": {"A": 0.9, "I": 0.8},
}
SVM = {
    "n_train": 9400,
    "n_test": 10000,
    "n_test_distinct": 9747,
    "mcnemar_p": 0.08,
    "results": [
        {**RESULT, "features": "pixels", "size": 784, "run": None, "accuracy": 0.9},
        {**RESULT, "features": "codes", "size": 32, "run": "r", "accuracy": 0.893},
    ],
    "mcnemar": [{"kernel": "rbf", "first": "pixels", "second": "codes", "size": 32, "run": "r", "p": 0.08}],
}
LEVEL, FALLING = (0.4, 0.25, 0.2495), (0.4, 0.3, 0.25)  # validation losses
NOT_IN_LEAN = {  # metrics that are None in the points of a sweep
    "dense-ae": ("compression", "rate_distortion", "code_space"),
    "conv-dae": ("baselines", "by_noise", "code_values", "pixel_values", "code_bytes_uint8", "code_bytes_entropy",
                 "pixel_bytes_entropy", "png_bytes"),
    "charrnn": ("names", "by_temperature", "real_names"),
}  # fmt: skip
METRICS = {"dense-ae": DENSE, "conv-dae": CONV, "svm-eval": SVM, "charrnn": RNN}


def png(width: int = 60, height: int = 40) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (width, height), 128).save(buffer, "png")
    return buffer.getvalue()


def make_run(
    runs: Path, kind: str, second: int = 0, *, data=None, metrics=None, status="completed", losses=LEVEL, **settings
) -> Path:
    """Write a run folder as a trainer leaves it, without training; `settings` differ from the defaults.

    losses: the validation loss of every epoch.
    """
    folder = runs / f"2026-11-24_10-00-{second:02d}_{kind}"
    (folder / "figures").mkdir(parents=True)
    facts = {
        "status": status,
        "started": f"2026-11-24T10:00:{second:02d}+00:00",
        "ended": f"2026-11-24T11:00:{second:02d}+00:00",
        "machine": {"host": "h", "processor": "a processor", "cores": 2},
        "versions": {"pw13": "0.1.0"},
        "threads": 2,
        "data": data or (NAMES if kind == "charrnn" else IMAGES),
    }
    defaults = METRICS[kind]
    contents = {
        "config": {"kind": kind, **fields.as_dict(config.KINDS[kind](**settings))},
        "run": facts,
        "metrics": {**defaults, **{k: v for k, v in settings.items() if k in defaults}, **(metrics or {})},
    }
    for name, content in contents.items():
        (folder / f"{name}.json").write_text(json.dumps(content), "utf-8")
    for name in ("loss", "reconstructions", "denoising", "confusion"):
        add_figure(folder, name)
    rows = [f"{epoch},{loss - 0.1},{loss}\n" for epoch, loss in enumerate(losses, 1)]
    (folder / "history.csv").write_text("epoch,loss,val_loss\n" + "".join(rows), "utf-8")
    (folder / "summary.txt").write_text(
        'A diabolo: 28x28 -> 7x7 -> 28x28\nModel: "autoencoder"\n┏━━━┓\n┃ Layer ┃ Param # ┃\n│ dense │ '
        "25,120 │\n└───┘\n",
        "utf-8",
    )
    return folder


def make_sweep(runs: Path, kind: str, second: int, *points: dict[str, Any]) -> Path:
    """Write the folder of a sweep with a lean point per dict of settings: without figures, names, sizes and baselines.

    `metrics` and other arguments of `make_run` may be among the settings.
    """
    sweep = runs / f"2026-11-24_09-00-{second:02d}_sweep-{kind}"
    for number, settings in enumerate(points, 1):
        metrics = {**dict.fromkeys(NOT_IN_LEAN[kind]), **settings.get("metrics", {})}
        point = make_run(sweep, kind, second + number, **{**settings, "metrics": metrics})
        shutil.rmtree(point / "figures")
        facts = json.loads((point / "run.json").read_text("utf-8"))
        (point / "run.json").write_text(json.dumps({**facts, "lean": True}), "utf-8")
        point.rename(sweep / f"{number:02d}_seed={settings.get('seed', 0)}")
    (sweep / "config.json").write_text(json.dumps({"kind": f"sweep-{kind}"}), "utf-8")
    facts = {"status": "completed", "started": f"2026-11-24T09:00:{second:02d}+00:00", "machine": {"host": "h"}}
    (sweep / "run.json").write_text(json.dumps(facts), "utf-8")
    (sweep / "metrics.json").write_text("{}", "utf-8")
    return sweep


def train_further(run: Path, start: Path, *, characters: int = 60, new: str = "") -> None:
    """Change a char-RNN run to one that was trained further from `start`, whose network has so many characters."""
    facts = {"init_from": {"run": str(start), "characters": characters, "new_characters": list(new)}}
    for name, added in (("config", {"init_from": str(start)}), ("run", facts)):
        path = run / f"{name}.json"
        path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **added}), "utf-8")


def add_figure(run: Path, name: str) -> None:
    (run / "figures" / f"{name}.png").write_bytes(png())


def build(runs: Path, *names: str, comments=None, answers=None, selected=None) -> Document:
    """Return the report on the named runs, by default on those that `pw13 report` selects."""
    return build_document(
        run_selection.select_runs(names, runs),
        selected,
        authors=["Ada <b>"],
        answers=answers or {},
        comments=comments or {},
    )


def build_all(runs: Path, **options) -> Document:
    """Return the report on all runs in a folder."""
    return build(runs, *[path.name for path in runs.iterdir()], **options)


def items(document: Document) -> dict[str, Item]:
    return {item.key: item for chapter in document.chapters for item in chapter.items}


def missing_commands(document: Document) -> dict[str, list[str]]:
    """Return by item the commands that produce what is missing."""
    return {
        key: [block.command for block in item.blocks if isinstance(block, Missing)]
        for key, item in items(document).items()
    }


def texts(item: Item, role: str | None = None) -> str:
    return " ".join(block.text for block in item.blocks if isinstance(block, Text) and role in (None, block.role))


def captions(item: Item) -> str:
    return " ".join(block.caption for block in item.blocks if isinstance(block, Table | Figure))


def only_table(item: Item) -> Table:
    (table,) = [block for block in item.blocks if isinstance(block, Table)]
    return table
