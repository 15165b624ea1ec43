"""A list of names as a char-RNN uses it: one text, its vocabulary, split by name."""

from typing import NamedTuple

import numpy as np

from pw13.config.settings import CharRNN
from pw13.data.names import vocabulary, windows
from pw13.data.names.vocabulary import VocabularyFile
from pw13.errors import UserError

ENDINGS = 1000  # beginnings that `generate` draws from, kept in vocabulary.json
PROBE_SIZE = 8000  # training names that are measured


class NameDataset(NamedTuple):
    """Names, split, and as ids."""

    names: tuple[str, ...]
    vocab_file: VocabularyFile
    split: windows.Split
    train_ids: np.ndarray  # the training text, in the vocabulary's dtype
    counts: dict[str, int]

    def encode(self, names: tuple[str, ...]) -> list[np.ndarray]:
        return [self.vocab_file.vocabulary.encode(name) for name in names]

    def joined_ids(self, names: tuple[str, ...]) -> np.ndarray:
        """The joined ids, as the n-gram model takes them."""
        return self.vocab_file.vocabulary.encode(windows.join(names))

    @property
    def distinct_text(self) -> np.ndarray:
        """The joined ids of the distinct training names, which the n-gram model counts."""
        return self.joined_ids(tuple(dict.fromkeys(self.split.train)))

    @property
    def train_probe(self) -> tuple[str, ...]:
        """Training names spread over the whole training text, to measure on."""
        return self.split.train[:: -(-len(self.split.train) // PROBE_SIZE)]

    def evaluation_sets(self) -> dict[str, tuple[str, ...]]:
        """The names that figures are given for."""
        return {"train": self.train_probe, "validation": self.split.validation, "held_out": self.split.held_out}


def prepare_dataset(names: tuple[str, ...], config: CharRNN) -> NameDataset:
    """The names as one text, its characters, the split by name, and the training text as ids (handout 2c-d).

    Raises:
        UserError: the text is shorter than one window and the character after it.
    """
    text = windows.join(names)
    if len(text) <= config.length:
        raise UserError(
            f"the corpus is too short: its text has {len(text)} characters (newlines included), "
            f"expected at least {config.length + 1}, one window of --length {config.length} and the next character"
        )
    vocab = vocabulary.build_vocabulary(text)
    rng = np.random.default_rng([config.seed, 0])
    split = windows.split_names(names, config.hold_out, least=config.length + 1, rng=rng)
    train = windows.join(split.train)
    endings = windows.endings(train, config.length, ENDINGS, rng=rng)
    counts = {
        "names": len(names),
        "characters": len(text),
        "distinct": vocab.size,
        "windows": len(windows.window_starts(len(text), config.length, config.skip)),
    }
    return NameDataset(names, VocabularyFile(vocab, endings), split, vocab.encode(train), counts)
