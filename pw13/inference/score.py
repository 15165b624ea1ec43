"""How likely names are under a trained character RNN, without TensorFlow."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pw13.data.names import windows
from pw13.data.names.name_list import line_of, load_name_file
from pw13.data.names.vocabulary import NEWLINE, Vocabulary, VocabularyFile
from pw13.errors import OptionError, UserError
from pw13.inference import log_probabilities
from pw13.inference.name_generator import load_generator
from pw13.inference.trained_run import find_trained_run
from pw13.models.charrnn_numpy import Network


class NameScore(NamedTuple):
    """A name and ln p of each of its characters, the closing newline included, `(len(text) + 1,)` float64.

    percentile: 0 to 100, the share of the run's training names that have a lower mean ln p per character, equal ones
    counted half; None if the run has none.
    """

    text: str
    log_probabilities: npt.NDArray[np.float64]
    percentile: float | None


class Scores(NamedTuple):
    """Scored names, and the mean of -ln p over all their characters."""

    run: Path
    names: list[NameScore]
    characters: int
    nats: float

    @property
    def bits(self) -> float:
        """Bits per character."""
        return self.nats / math.log(2)


def score_names(
    given: Sequence[str], path: Path | None, *, encoding: str = "utf-8", run: str | None, runs_dir: Path
) -> Scores:
    """Score the names `given` as arguments, then those in the file `path`, one per line.

    Accents in the file are repaired if the run's settings say so (`fix_accents`). A many-to-one network
    reads the same ending of a training name before each name.

    Raises:
        OptionError: a given name is empty, or has a character that is not in the vocabulary.
        UserError: a name in the file has one, or the file cannot be read; no run, or a corrupt one.
    """
    generator = load_generator(find_trained_run("charrnn", run, runs_dir))
    fix_accents = generator.settings.fix_accents
    listed = load_name_file(path, encoding=encoding, fix_accents=fix_accents).names if path else ()
    vocab_file = generator.vocab_file
    for name in given:
        if problem := _problem(name, vocab_file.vocabulary):
            raise OptionError(f"NAME {name!r}: {problem}")
    for number, name in enumerate(listed):
        if path and (problem := _problem(name, vocab_file.vocabulary)):
            raise UserError(f"{path}: line {line_of(number, path, encoding):,}: {name!r}: {problem}")
    texts = [*given, *listed]
    scored = _score(generator.network, vocab_file, [*texts, *vocab_file.names])
    percentiles = _percentiles(scored[: len(texts)], scored[len(texts) :])
    names = [NameScore(*name) for name in zip(texts, scored, percentiles, strict=False)]
    every = np.concatenate([name.log_probabilities for name in names])
    return Scores(generator.record.folder, names, len(every), float(-every.mean()))


def as_json(scores: Scores) -> dict[str, Any]:
    """Return the document of `--json`."""
    return {
        "run": str(scores.run),
        "names": [
            {
                "text": name.text,
                "log_probability": float(name.log_probabilities.sum()),
                "characters": [
                    {"character": character, "log_probability": value}
                    for character, value in zip(name.text + NEWLINE, name.log_probabilities.tolist(), strict=True)
                ],
                "percentile": name.percentile,
            }
            for name in scores.names
        ],
        "nats": scores.nats,
        "bits": scores.bits,
        "characters": scores.characters,
    }


def _problem(name: str, vocab: Vocabulary) -> str:
    """Return why a name cannot be scored, or nothing."""
    if not name:
        return "expected at least one character, received an empty name"
    if NEWLINE in name:
        return "expected a single name, received a newline"
    unknown = next((character for character in name if character not in vocab.char_to_id), None)
    return f"{unknown!r} (U+{ord(unknown):04X}) is not in the model's vocabulary" if unknown else ""


def _score(net: Network, vocab_file: VocabularyFile, names: Sequence[str]) -> list[npt.NDArray[np.float64]]:
    vocab = vocab_file.vocabulary
    ending = vocab.encode(vocab_file.endings[0]) if net.target == "many-to-one" else np.empty(0, vocab.dtype)
    text = vocab.encode(windows.join(names))
    predicted = log_probabilities.of_names(net, text, vocab.newline, ending)
    ends = np.cumsum([len(name) + 1 for name in names])
    return np.split(predicted.log_probabilities.astype(np.float64), ends[:-1])


def _percentiles(
    scored: Sequence[npt.NDArray[np.float64]], reference: Sequence[npt.NDArray[np.float64]]
) -> list[float | None]:
    """Return the percentile of each mean among the reference's; equal ones count half."""
    if not reference:
        return [None] * len(scored)
    means, known = (np.array([values.sum() / len(values) for values in names]) for names in (scored, reference))
    known.sort()
    below, up_to = (np.searchsorted(known, means, side) for side in ("left", "right"))
    shares: list[float | None] = (50 * (below + up_to) / len(known)).tolist()
    return shares
