"""A prepared name list: the split follows --split-seed alone, whatever --seed draws."""

import itertools

import pytest

from pw13.config import CharRNN
from pw13.data.names import dataset, prepare_dataset
from pw13.errors import UserError
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


def test_all_distinct_training_names_are_counted():
    held_out, whole = (prepare_dataset((*NAMES, *NAMES), CharRNN(hold_out=share)) for share in (0.05, 0.0))
    assert held_out.counted_names == held_out.split.train and len(held_out.counted_names) == 180
    assert whole.counted_names == NAMES and len(whole.split.train) == 400


def test_of_too_many_characters_evenly_spaced_names_are_counted(monkeypatch):
    data = prepare_dataset(NAMES, CharRNN(hold_out=0.0))
    characters = sum(len(name) + 1 for name in NAMES)
    monkeypatch.setattr(dataset, "MAX_COUNTED", characters // 4)
    sample = data.counted_names
    rows = [NAMES.index(name) for name in sample]
    assert 48 <= len(sample) <= 50 and rows[0] == 0 and rows[-1] == 199
    assert {b - a for a, b in itertools.pairwise(rows)} <= {4, 5}
    assert len(data.ngram_texts[0]) == sum(len(name) + 1 for name in sample)
    monkeypatch.setattr(dataset, "MAX_COUNTED", characters)
    assert data.counted_names == NAMES


def test_a_list_shorter_than_a_window_is_named_with_the_way_on():
    expected = r"one.txt: too short: 7 characters .*at least 11, a window of --length 10 .*; add names, or shorten"
    with pytest.raises(UserError, match=expected):
        prepare_dataset(("Abcdef",), CharRNN(), where="one.txt")
    assert len(prepare_dataset(("Abcdef",), CharRNN(length=6, hold_out=0.0)).split.train) == 1
