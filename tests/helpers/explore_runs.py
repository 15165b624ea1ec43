"""Run folders with random weights for tests of `pw13 explore`: one of each kind, written without training."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pw13 import config
from pw13.baselines import ngram_models
from pw13.config import fields
from pw13.data.images import load_images
from pw13.data.names import load_names, prepare_dataset, vocabulary
from pw13.models import charrnn_numpy, dense_ae_numpy
from pw13.models.conv_dae_weights import weight_specs
from pw13.system import machine
from tests.helpers.data import make_data, make_names
from tests.helpers.hostile import write_keras

HEADS = ("A", "b", " ", "é", "漢", "Z")  # that make the characters of a vocabulary more than letters


class Runs(NamedTuple):
    """A folder of runs, their image set and corpus, and the name of each run by what it is."""

    folder: Path
    data: Path
    corpus: Path
    names: dict[str, str]


def make_runs(folder: Path) -> Runs:
    """Write a dense, a conv and an SVM run, and a char-RNN run of every cell and target."""
    runs, data, corpus = folder / "runs", make_data(folder / "data", train=40, test=60), folder / "names.txt"
    corpus.write_text("".join(name + "\n" for name in make_names(200)), "utf-8", newline="")
    images = load_images(str(data)).source
    facts = {"kind": "folder", "path": str(data), "name": "blocks", "sha256": images.sha256}
    names = {
        "dense": dense(runs, 1, facts),
        "conv": conv(runs, 2, facts),
        "svm": svm(runs, 3, facts),
    }
    for second, (cell, target, layers) in enumerate(
        [(c, t, n) for c in ("simple", "gru", "lstm") for t in ("many-to-one", "many-to-many") for n in (1, 2)], 10
    ):
        names[f"{cell} {target} {layers}"] = charrnn(runs, second, corpus, cell=cell, target=target, layers=layers)
    return Runs(runs, data, corpus, names)


def write_run(runs: Path, second: int, settings, *, data, metrics=None, paths=None, losses=(0.5, 0.3, 0.35), **facts):
    """Write a completed run without a model; return its folder."""
    kind = config.kind_of(type(settings))
    folder = runs / f"2026-11-24_10-00-{second:02d}_{kind}"
    (folder / "checkpoints").mkdir(parents=True)
    documents = {
        "config": {"kind": kind, **fields.as_dict(settings), **(paths or {"data": data["path"]})},
        "run": {
            "status": "completed",
            "started": f"2026-11-24T10:00:{second:02d}+00:00",
            "ended": f"2026-11-24T10:01:{second:02d}+00:00",
            "machine": {"host": machine.facts()["host"]},
            "data": data,
            **facts,
        },
        "metrics": {"seconds": 60.0, **(metrics or {})},
    }
    for name, document in documents.items():
        (folder / f"{name}.json").write_text(json.dumps(document), "utf-8")
    rows = "".join(f"{epoch},{loss - 0.1},{loss}\n" for epoch, loss in enumerate(losses, 1))
    (folder / "history.csv").write_text("epoch,loss,val_loss\n" + rows, "utf-8")
    return folder


def write_model(folder: Path, specs, scale: float, seed: int = 0) -> None:
    """Write best.keras with random weights."""
    rng = np.random.default_rng(seed)
    arrays = {spec.path: (scale * rng.standard_normal(spec.shape)).astype(np.float32) for spec in specs}
    write_keras(folder / "checkpoints" / "best.keras", arrays)


def dense(runs: Path, second: int, data) -> str:
    settings = config.DenseAE(code_size=5, activation="relu")
    folder = write_run(runs, second, settings, data=data, metrics={"test_mse": 0.02})
    write_model(folder, dense_ae_numpy.weight_specs(784, settings), 0.1)
    rng, half = np.random.default_rng(1), np.float16
    axes = np.linalg.qr(rng.normal(size=(784, 5)))[0].T
    arrays = {
        "rows": np.arange(60),
        "tsne": rng.normal(size=(60, 2)).astype(half),
        "pca_mean": rng.random(784).astype(half),
        "pca_components": axes.astype(half),
    }
    np.savez(folder / "checkpoints" / "map.npz", **arrays)
    return folder.name


def conv(runs: Path, second: int, data) -> str:
    level = {"noise": 0.5, "noisy_psnr_db": 9.0, "denoised_psnr_db": 17.0}
    metrics = {"noisy_psnr_db": 9.0, "denoised_psnr_db": 17.0, "test_sample": 60, "by_noise": [level]}
    folder = write_run(runs, second, config.ConvDAE(), data=data, metrics=metrics)
    write_model(folder, weight_specs(), 0.06)
    rng, levels = np.random.default_rng(2), np.array([0.1, 0.5, 0.9])
    np.savez(
        folder / "checkpoints" / "baselines.npz",
        levels=levels,
        median=np.array([[3, 1.1, -0.05], [5, 1.3, -0.1], [7, 1.5, -0.2]]),
        gaussian=np.array([[0.5, 1.0, 0.0], [1.2, 1.2, -0.1], [2.5, 1.4, -0.2]]),
        linear_weights=(0.02 * rng.standard_normal((784, 784))).astype(np.float16),
        linear_bias=rng.random(784).astype(np.float32),
    )
    return folder.name


def svm(runs: Path, second: int, data) -> str:
    settings = config.SvmEval()
    folder = write_run(runs, second, settings, data=data, paths={"data": data["path"], "runs": [], "runs_dir": "runs"})
    labels = load_images(data["path"]).test_labels
    wrong = np.where(np.arange(len(labels)) % 7 == 0, (labels + 1) % 10, labels)
    arrays = {"pixels-rbf": labels.astype(np.uint8), "codes-rbf": wrong.astype(np.uint8)}
    np.savez(folder / "checkpoints" / "predictions.npz", **arrays)
    return folder.name


def charrnn(runs: Path, second: int, corpus: Path, *, cell: str, target: str, layers: int, units: int = 12) -> str:
    names = load_names(str(corpus))
    vocab = vocabulary.build_vocabulary("".join(names.names) + "\n " + "".join(HEADS))
    settings = config.CharRNN(cell=cell, target=target, layers=layers, units=units, length=6)
    data = {"kind": "file", "path": str(corpus), "name": "names", "sha256": names.source.sha256}
    texts = prepare_dataset(names.names, settings, known=vocab.characters).ngram_texts
    paths, facts = {"corpus": str(corpus)}, {"vocabulary": vocab.digest, "ngram_texts": ngram_models.digests(*texts)}
    metrics = {"held_out_nats": 2.5, "mixture": {"weight": 0.4}}
    folder = write_run(runs, second, settings, data=data, paths=paths, metrics=metrics, **facts)
    specs = charrnn_numpy.weight_specs(cell, units, layers, vocab.size)
    write_model(folder, specs, 0.7, seed=second)
    endings = tuple(f"{name[:5].rjust(5)}\n" for name in names.names[:30])
    content = vocabulary.to_data(vocab, endings)
    (folder / "vocabulary.json").write_text(json.dumps(content), "utf-8")
    return folder.name
