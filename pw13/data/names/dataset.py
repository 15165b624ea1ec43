"""The data set of a char-RNN: names joined to one text, its vocabulary, and a split by name."""

import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pw13.config.settings import CharRNN
from pw13.data.names import vocabulary, windows
from pw13.data.names.vocabulary import VocabularyFile
from pw13.errors import UserError

ENDINGS_KEPT = 1000  # in vocabulary.json; `generate` draws its first window from them
NAMES_KEPT = 1000  # in vocabulary.json; `score` ranks names among them
PROBE_SIZE = 8000  # training names used for evaluation
MAX_COUNTED = 40_000_000  # characters that the n-gram model counts, at 9 bytes each; of a larger corpus a sample


class NameDataset(NamedTuple):
    """Names, their split and their ids."""

    names: tuple[str, ...]
    vocab_file: VocabularyFile
    split: windows.Split
    train_ids: np.ndarray  # the training text, in the vocabulary's dtype
    counts: dict[str, int]

    def encode(self, names: tuple[str, ...]) -> list[np.ndarray]:
        """Return the ids of each name."""
        return windows.split_ids(self.joined_ids(names), self.vocab_file.vocabulary.newline)

    def joined_ids(self, names: tuple[str, ...]) -> np.ndarray:
        """Return the ids of the joined names, as the n-gram model takes them."""
        return self.vocab_file.vocabulary.encode(windows.join(names))

    @property
    def distinct_train(self) -> tuple[str, ...]:
        """The training names without duplicates, which only a split that holds no names out has."""
        return self.split.train if self.split.held_out else tuple(dict.fromkeys(self.split.train))

    @property
    def counted_names(self) -> tuple[str, ...]:
        """The names that the n-gram model counts: the distinct training names, or evenly spaced ones of too many."""
        names = self.distinct_train
        characters = sum(map(len, names)) + len(names)
        if characters <= MAX_COUNTED:
            return names
        rows = np.linspace(0, len(names) - 1, len(names) * MAX_COUNTED // characters).astype(int)
        return tuple(names[row] for row in rows)

    @property
    def ngram_texts(self) -> tuple[np.ndarray, np.ndarray]:
        """The ids of the joined names that the n-gram model counts, and of the validation names."""
        counted = self.counted_names
        train = self.train_ids if counted is self.split.train else self.joined_ids(counted)
        return train, self.joined_ids(self.split.validation)

    @property
    def train_probe(self) -> tuple[str, ...]:
        """Training names used for evaluation, evenly spaced over the training text."""
        return self.split.train[:: -(-len(self.split.train) // PROBE_SIZE)]

    def evaluation_sets(self) -> dict[str, tuple[str, ...]]:
        """Return the sets of names on which metrics are computed."""
        return {"train": self.train_probe, "validation": self.split.validation, "held_out": self.split.held_out}


def prepare_dataset(
    names: tuple[str, ...], config: CharRNN, *, known: Sequence[str] = (), where: str = "the corpus"
) -> NameDataset:
    """Join the names, build the vocabulary, split by name, and encode the training text (handout 2c-d).

    known: characters that the vocabulary has whether or not they occur. where: the names are from, for messages.

    Raises:
        UserError: the text is shorter than one window and the next character.
    """
    check_length(names, config.length, where)
    return _prepare(tuple(names), tuple(known), config.length, config.skip, config.hold_out, config.split_seed)


def check_length(names: Sequence[str], length: int, where: str) -> None:
    """Refuse names whose joined text is shorter than one window of `length` and the next character."""
    if (characters := sum(map(len, names)) + len(names)) <= length:
        raise UserError(
            f"{where}: too short: {characters} characters (newlines included), expected at least {length + 1}, "
            f"a window of --length {length} and the next character; add names, or shorten --length"
        )


@functools.lru_cache(maxsize=2)  # the runs of a process share it
def _prepare(
    names: tuple[str, ...], known: tuple[str, ...], length: int, skip: int, hold_out: float, split_seed: int
) -> NameDataset:
    text = windows.join(names)
    own = vocabulary.build_vocabulary(text)
    vocab = vocabulary.build_vocabulary("".join([*own.characters, *known]))
    rng = np.random.default_rng([split_seed, 0])
    split = windows.split_names(names, hold_out, min_characters=length + 1, rng=rng)
    train = windows.join(split.train)
    endings = windows.endings(train, length, ENDINGS_KEPT, rng=rng)
    kept = rng.choice(len(split.train), size=min(NAMES_KEPT, len(split.train)), replace=False)
    vocab_file = VocabularyFile(vocab, endings, tuple(split.train[row] for row in kept))
    counts = {
        "names": len(names),
        "characters": len(text),
        "distinct": own.size,
        "windows": len(windows.window_starts(len(text), length, skip)),
    }
    return NameDataset(names, vocab_file, split, vocab.encode(train), counts)
