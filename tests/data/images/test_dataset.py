"""Image folders: reading, refusals, class names and splits."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pw13.data.images import dataset
from pw13.data.images.dataset import (
    contained_mask,
    in_blocks,
    load_images,
    split,
    stratified_sample,
    train_val_split,
    unique_mask,
)
from pw13.data.images.idx import write_idx
from pw13.data.source import digest_of
from pw13.errors import OptionError, UserError
from tests.helpers.data import FILES, make_images

TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = FILES


def write(name: str, array: np.ndarray, folder: str = "set") -> None:
    Path(folder).mkdir(exist_ok=True)
    write_idx(Path(folder, name), array.shape, [np.asarray(array, np.uint8)])


def make_set(**changes: np.ndarray) -> None:
    """Make a folder "set" of 20 training and 10 test images of two classes, with `changes` to its four arrays."""
    arrays = {
        "train_images": make_images(20, 1)[0],
        "train_labels": np.arange(20) % 2,
        "test_images": make_images(10, 2)[0],
        "test_labels": np.arange(10) % 2,
    }
    for name, array in zip(FILES, {**arrays, **changes}.values(), strict=True):
        write(name, array)


def refusal(*words: str) -> str:
    with pytest.raises(UserError) as error:
        load_images("set")
    for word in words:
        assert word in str(error.value)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_folder_is_read_unchanged():
    make_set()
    images = load_images("set")
    assert images.train_images.shape == (20, 28, 28) and images.train_images.dtype == np.uint8
    assert np.array_equal(images.train_images, make_images(20, 1)[0])
    assert images.test_labels.dtype == np.int64 and images.test_labels.tolist() == [0, 1] * 5
    assert images.classes == ("0", "1")
    source = images.source
    assert (source.kind, source.path, source.name) == ("folder", "set", "IDX folder set")
    assert list(source.files) == list(FILES) and source.sha256 == digest_of(source.files)
    assert images.notes == ()


def test_the_digest_covers_the_sorted_lines():
    import hashlib

    assert digest_of({"b": "2", "a": "1"}) == hashlib.sha256(b"a 1\nb 2\n").hexdigest()


def test_compressed_files_take_precedence_over_plain_ones():
    make_set()
    array, _ = make_images(20, 7)
    write(TRAIN_IMAGES.removesuffix(".gz"), array)
    assert not np.array_equal(load_images("set").train_images, array)
    Path("set", TRAIN_IMAGES).unlink()
    assert np.array_equal(load_images("set").train_images, array)


def test_class_names_come_from_classes_txt():
    make_set()
    Path("set/classes.txt").write_bytes("\ufeffÀ la\r\nzwei\n".encode())
    assert load_images("set").classes == ("À la", "zwei")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"A\nB\nC\n", "3 class names, but the labels have 2 classes"),
        (b"A\n", "1 class names, but the labels have 2 classes"),
        (b"A\nA\n", "line 2: 'A'"),
        (b"A\n\n", "line 2: ''"),
        (b"A\n\x1b[31m\n", "line 2"),
        (b"A\n\xff\n", "byte 3 is not UTF-8"),
    ],
)
def test_invalid_class_names_are_refused(text, words):
    make_set()
    Path("set/classes.txt").write_bytes(text)
    refusal("classes.txt", words)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"train_labels": np.arange(19) % 2}, [TRAIN_LABELS, "20 images but 19 labels"]),
        ({"test_labels": np.arange(11) % 2}, [TEST_LABELS, "10 images but 11 labels"]),
        ({"test_images": make_images(10, 2, (28, 27))[0]}, [TEST_IMAGES, "28x27", "28x28"]),
        ({"train_labels": np.arange(20) % 2 + 1}, ["labels 1 to 2, expected 0 to 1 without gaps", "data import"]),
        (
            {"train_labels": np.arange(20) % 2 * 3},
            ["0 to 3 in 2 classes", "label 3 (first at index 1)", "1 is missing"],
        ),
        ({"train_labels": np.r_[np.arange(19) % 2, 255]}, ["0 to 255", "label 255 (first at index 19)"]),
        ({"train_labels": np.full(20, 3)}, ["only one class, 3", "at least two classes"]),
        ({"test_labels": np.arange(10) % 3}, [TEST_LABELS, "test label 2 has no training image", "0 to 1"]),
        ({"train_images": np.zeros((20, 784), np.uint8)}, [TRAIN_IMAGES, "2 dimensions, expected 3"]),
    ],
)
def test_mismatched_files_are_refused(changes, words):
    make_set(**changes)
    refusal(*words)


def test_a_single_class_zero_is_valid():
    make_set(train_labels=np.zeros(20), test_labels=np.zeros(10))
    assert load_images("set").classes == ("0",)


def test_all_missing_files_are_listed():
    make_set()
    Path("set", TRAIN_LABELS).unlink()
    Path("set", TEST_IMAGES).unlink()
    refusal(f"set: missing {TRAIN_LABELS}, {TEST_IMAGES}")


def test_a_download_that_is_not_complete_names_the_command_that_completes_it():
    make_set()
    Path("data").mkdir()
    Path("set").rename("data/notmnist")
    Path("data/notmnist", TEST_IMAGES).unlink()
    way_on = "to fetch the rest: pw13 data fetch notmnist --to data, or use --data builtin"
    with pytest.raises(UserError, match=f"data/notmnist: missing {TEST_IMAGES}; {way_on}$"):
        load_images("data/notmnist")


def test_several_faults_are_counted():
    make_set(train_labels=np.arange(19) % 2 + 1)
    refusal("20 images but 19 labels", "(and 1 more: `pw13 data check set`)")


def test_a_path_that_is_not_a_folder_is_refused():
    with pytest.raises(UserError, match="nowhere: no such folder"):
        load_images("nowhere")
    Path("file").touch()
    with pytest.raises(UserError, match="file: is a file"):
        load_images("file")


def test_default_paths_are_tried_in_order(monkeypatch):
    make_set()
    Path("data").mkdir()
    Path("set").rename("data/notmnist")
    assert load_images(None).source.path == str(Path("data/notmnist"))
    Path("elsewhere/notmnist").mkdir(parents=True)
    monkeypatch.setenv("PW13_DATA_DIR", "elsewhere")
    assert load_images(None).source.path == str(Path("data/notmnist"))
    Path("elsewhere/notmnist").rmdir()
    Path("data/notmnist").rename("elsewhere/notmnist")
    assert load_images(None).source.path == str(Path("elsewhere/notmnist"))


def labels_of(counts: list[int]) -> np.ndarray:
    return np.repeat(np.arange(len(counts)), counts)


COUNTS = st.lists(st.integers(1, 40), min_size=1, max_size=6)


@settings(max_examples=100, deadline=None)
@given(COUNTS, st.floats(0, 0.9), st.integers(0, 9))
def test_a_split_is_stratified(counts, share, seed):
    labels = labels_of(counts)
    train, val = split(labels, share, rng=np.random.default_rng(seed))
    assert sorted([*train, *val]) == list(range(len(labels)))
    assert train.dtype == val.dtype == np.int64 and list(val) == sorted(val)
    for label, count in enumerate(counts):
        val_count = int(np.sum(labels[val] == label))
        assert abs(val_count - share * count) <= 1
        if share == 0 or count == 1:
            assert val_count == 0
        else:
            assert 1 <= val_count <= count - 1


def test_a_split_depends_on_the_seed_alone():
    labels = labels_of([30, 30])
    first, again, other = (split(labels, 0.2, rng=np.random.default_rng(seed))[1].tolist() for seed in (1, 1, 2))
    assert first == again != other
    assert np.bincount(labels[first]).tolist() == [6, 6]


@settings(max_examples=100, deadline=None)
@given(COUNTS, st.integers(1, 120), st.integers(0, 9))
def test_a_limit_is_stratified(counts, limit, seed):
    labels = labels_of(counts)
    rows = stratified_sample(labels, limit, rng=np.random.default_rng(seed))
    assert len(set(rows.tolist())) == len(rows) == min(limit, len(labels))
    if limit >= len(counts):
        assert len(set(labels[rows].tolist())) == len(counts)
    for label, count in enumerate(counts):
        assert abs(np.sum(labels[rows] == label) - count * min(1, limit / len(labels))) <= max(2, len(counts))


def test_a_limit_rounds_by_largest_remainder():
    labels = labels_of([50, 30, 20])
    assert np.bincount(labels[stratified_sample(labels, 10, rng=np.random.default_rng(0))]).tolist() == [5, 3, 2]
    assert stratified_sample(labels, None, rng=np.random.default_rng(0)).tolist() == list(range(100))
    with pytest.raises(OptionError, match="--limit"):
        stratified_sample(labels, 0, rng=np.random.default_rng(0))


def test_the_limit_cuts_training_only():
    make_set()
    whole = train_val_split(load_images("set"), share=0.2, limit=None, split_seed=3)
    cut = train_val_split(load_images("set"), share=0.2, limit=4, split_seed=3)
    assert len(whole.train_labels) == 16 and len(cut.train_labels) == 4
    assert np.array_equal(whole.val_images, cut.val_images)


@pytest.mark.slow
def test_the_real_set_is_recognized(real_data):
    images = load_images(None)
    assert images.source.name == "notMNIST (known by sha256)"
    assert images.classes == tuple("ABCDEFGHIJ")
    assert images.notes == ("notMNIST with 10,440 training images, not the published 60,000",)
    assert np.bincount(images.train_labels).tolist() == [1044] * 10
    assert np.bincount(images.test_labels).tolist() == [1000] * 10


def test_duplicates_are_marked_by_their_pixels_alone():
    images = make_images(6, 1)[0]
    images[4] = images[1]
    images[5] = images[2]
    images[5, 0, 0] ^= 1
    assert unique_mask(images).tolist() == [True, False, True, True, False, True]
    assert contained_mask(images, images[1:3]).tolist() == [False, True, True, False, True, False]


@pytest.mark.parametrize("count", [1, 10, 20, 25])
def test_blocks_give_the_rows_of_the_whole(monkeypatch, count):
    monkeypatch.setattr(dataset, "IMAGES_PER_BLOCK", 10)
    images, sizes = make_images(count, 1)[0], []

    def double(block):
        sizes.append(len(block))
        return 2.0 * block[:, 0]

    np.testing.assert_array_equal(in_blocks(double, images), 2.0 * images[:, 0])
    assert max(sizes) <= 10 and sum(sizes) == count
