"""Where the training of a char-RNN starts: from random weights, or from a network trained on another corpus."""

from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from pw13 import console
from pw13.config.settings import CharRNN
from pw13.data.names.vocabulary import Vocabulary, build_vocabulary, code_points
from pw13.errors import UserError
from pw13.inference.name_generator import load_generator
from pw13.inference.trained_run import read_best_weights
from pw13.models import charrnn_numpy
from pw13.models.keras_archive import WeightSpec
from pw13.runs.finding import load_run
from pw13.runs.folder import Run
from pw13.system import files

FILE = "init"  # .npz, among the checkpoints


class Start(NamedTuple):
    """A trained network: its vocabulary, and its weights in the order of `charrnn_numpy.weight_specs`."""

    vocabulary: Vocabulary
    weights: list[np.ndarray]


def load_start(run: Run, init_from: str | None, config: CharRNN) -> Start | None:
    """Return the network in run folder `init_from`; None without one.

    A copy is kept in `run`, so that it resumes whatever becomes of the other one.

    Raises:
        UserError: the other run, or the copy, is missing or corrupt.
    """
    if init_from is None:
        return None
    path = run.checkpoints / f"{FILE}.npz"
    if path.exists():
        return _read(path, config)
    generator = load_generator(load_run(init_from, Path(init_from).parent, ("charrnn",)))
    vocab = generator.vocab_file.vocabulary
    weights = read_best_weights(generator.record, _specs(config, vocab))
    arrays = {f"{number:03d}": array for number, array in enumerate(weights)}
    run.save_arrays(FILE, {"characters": code_points("".join(vocab.characters)), **arrays})
    return Start(vocab, weights)


def apply_start(model: keras.Model, start: Start | None, vocab: Vocabulary, run: Run, init_from: str | None) -> None:
    """Set the weights of a new model over `vocab`; the rows of characters that the network lacks stay as drawn."""
    if start is None:
        return
    model.set_weights(merge(model.get_weights(), start.weights, vocab.encode("".join(start.vocabulary.characters))))
    added = [character for character in vocab.characters if character not in start.vocabulary.char_to_id]
    run.update(init_from={"run": init_from, "characters": start.vocabulary.size, "new_characters": added})
    console.message(f"starting from {init_from}: {start.vocabulary.size} characters, {len(added)} new ones")


def merge(drawn: list[np.ndarray], trained: list[np.ndarray], ids: np.ndarray) -> list[np.ndarray]:
    """Return the weights of a trained network over a larger vocabulary.

    Args:
        drawn: weights over the larger vocabulary, from which those of new characters are taken.
        trained: weights over the smaller one.
        ids: `(characters,)`, the ids in the larger vocabulary of the characters of the smaller one.
    """
    first, kernel, bias = drawn[0].copy(), drawn[-2].copy(), drawn[-1].copy()
    first[ids], kernel[:, ids], bias[ids] = trained[0], trained[-2], trained[-1]
    return [first, *trained[1:-2], kernel, bias]


def _specs(config: CharRNN, vocab: Vocabulary) -> list[WeightSpec]:
    return charrnn_numpy.weight_specs(config.cell, config.units, config.layers, vocab.size)


def _read(path: Path, config: CharRNN) -> Start:
    files.check_inside(path, below=2)
    try:
        with np.load(path, allow_pickle=False) as archive:
            characters = archive["characters"].astype("<u4").tobytes().decode("utf-32-le")
            weights = [archive[name] for name in sorted(archive.files) if name != "characters"]
    except Exception:  # a corrupt file makes NumPy's reader raise almost anything
        raise UserError(f"{path}: corrupt: cannot read the weights that the run started from") from None
    vocab = build_vocabulary(characters)
    if [array.shape for array in weights] != [spec.shape for spec in _specs(config, vocab)]:
        raise UserError(f"{path}: corrupt: not the weights of the model in config.json")
    return Start(vocab, weights)
