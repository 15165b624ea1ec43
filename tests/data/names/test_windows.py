"""Names as one text: splits, windows and streams."""

import numpy as np
import pytest

from pw13.data.names import vocabulary, windows

NAMES = [f"name {number}" for number in range(40)]


def rng(seed=0):
    return np.random.default_rng(seed)


def test_join_adds_a_newline_per_name():
    assert windows.join(["a", "bc"]) == "a\nbc\n"
    assert windows.join([]) == ""


def test_split_is_by_distinct_name():
    split = windows.split_names([*NAMES, *NAMES], 0.05, min_characters=11, rng=rng())
    assert [len(part) for part in split] == [36, 2, 2]
    assert sorted([*split.train, *split.validation, *split.held_out]) == sorted(NAMES)


def test_split_depends_on_the_seed_alone():
    assert windows.split_names(NAMES, 0.1, min_characters=1, rng=rng()) == windows.split_names(
        NAMES, 0.1, min_characters=1, rng=rng()
    )
    assert windows.split_names(NAMES, 0.1, min_characters=1, rng=rng()) != windows.split_names(
        NAMES, 0.1, min_characters=1, rng=rng(1)
    )


def test_share_zero_keeps_file_order_and_duplicates():
    split = windows.split_names(["b", "a", "b"], 0, min_characters=1, rng=rng())
    assert split == (("b", "a", "b"), (), ())


@pytest.mark.parametrize(("names", "min_characters"), [(NAMES[:5], 11), (NAMES[:20], 150)])
def test_a_corpus_too_small_holds_no_name_out(names, min_characters):
    split = windows.split_names(names, 0.05, min_characters=min_characters, rng=rng())
    assert split == (tuple(names), (), ())


@pytest.mark.parametrize(("characters", "expected"), [(11, [0]), (10, []), (14, [0, 3]), (13, [0]), (3, [])])
def test_window_starts(characters, expected):
    starts = windows.window_starts(characters, 10, 3)
    assert starts.tolist() == expected == list(range(0, characters - 10, 3))
    assert starts.dtype == np.int32


def test_endings_are_windows_that_end_in_a_newline():
    text = windows.join(NAMES)
    endings = windows.endings(text, 10, 5, rng=rng())
    assert len(set(endings)) == 5
    assert all(len(ending) == 10 and ending.endswith("\n") and ending in text for ending in endings)
    assert len(windows.endings(text, 10, 1000, rng=rng())) == len(NAMES) - 1  # the first name is too short
    with pytest.raises(ValueError, match="10"):
        windows.endings("short\n", 10, 5, rng=rng())


def test_rows_of_names_have_every_name_once_and_whole():
    names = [np.array(ids) for ids in ([1, 2, 3], [4], [5, 6], [7, 8, 9, 1])]
    ids, weights = windows.stateful_windows(names, 2, 0)
    assert ids.shape == (2, weights.shape[1] + 1)
    assert (ids[:, 0] == 0).all()
    assert weights.sum() == sum(len(name) + 1 for name in names)
    packed = [tuple(part) for row in ids for part in np.split(row, np.flatnonzero(row == 0)) if len(part) > 1]
    assert sorted(packed) == sorted((0, *name) for name in names)
    assert all(weight.tolist() == sorted(weight, reverse=True) for weight in weights)


def test_permuted_reorders_whole_names():
    vocab = vocabulary.build_vocabulary(windows.join(NAMES))
    ids = vocab.encode(windows.join(NAMES))
    shuffled = windows.permuted(ids, vocab.newline, rng=rng())
    assert shuffled.dtype == ids.dtype
    assert vocab.decode(shuffled) != vocab.decode(ids)
    assert sorted(vocab.decode(shuffled).split("\n")) == sorted(vocab.decode(ids).split("\n"))


def test_names_are_moved_in_blocks_as_in_one(monkeypatch):
    ids = np.frombuffer(windows.join(NAMES).encode(), np.uint8)
    whole = windows.permuted(ids, ord("\n"), rng=rng())
    monkeypatch.setattr(windows, "BLOCK", 7)
    assert windows.permuted(ids, ord("\n"), rng=rng()).tolist() == whole.tolist()


def test_streams_take_the_smallest_type_that_has_the_padding():
    for ids, dtype in ((np.array([255, 0], np.uint8), np.int16), (np.array([65535, 0], np.uint16), np.int32)):
        steps = windows.stream_steps(ids, batch=2, length=3, newline=0)
        assert steps.dtype == dtype and steps.max() == ids[0] and steps.min() == -1


def test_streams_continue_from_step_to_step():
    steps = windows.stream_steps(np.arange(1, 12), batch=2, length=2, newline=0)
    assert steps.shape == (3, 2, 3)
    assert steps[:, 0].tolist() == [[0, 1, 2], [2, 3, 4], [4, 5, 6]]
    assert steps[:, 1].tolist() == [[6, 7, 8], [8, 9, 10], [10, 11, -1]]


def test_streams_predict_every_character_once():
    ids = np.arange(1, 101)
    steps = windows.stream_steps(ids, batch=8, length=3, newline=0)
    predicted = steps[:, :, 1:].ravel()
    assert sorted(predicted[predicted >= 0].tolist()) == ids.tolist()
