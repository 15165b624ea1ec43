"""A prepared name list: the split follows --split-seed alone, whatever --seed draws."""

from pw13.config import CharRNN
from pw13.data.names import prepare_dataset
from tests.helpers.data import make_names

NAMES = tuple(make_names(200))


def test_the_seed_of_a_training_does_not_move_the_split():
    first, other = (prepare_dataset(NAMES, CharRNN(seed=seed)) for seed in (0, 5))
    assert first.split == other.split and first.vocab_file == other.vocab_file
    assert len(first.split.held_out) == len(first.split.validation) == 10


def test_another_split_seed_holds_out_other_names():
    first, other = (prepare_dataset(NAMES, CharRNN(split_seed=seed)) for seed in (0, 5))
    assert set(first.split.held_out) != set(other.split.held_out)
    assert set(first.split.train) | set(first.split.validation) | set(first.split.held_out) == set(NAMES)
