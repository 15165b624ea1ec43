"""The built-in letters and names: the same bytes everywhere, in seconds, whatever happens to the cache."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from pw13.data.builtin import datasets, masters
from pw13.errors import UserError


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The letters and the file that they were cached in."""
    cache = tmp_path_factory.mktemp("cache") / "letters.npz"
    return datasets.letters(cache), cache


def test_the_letters_are_the_pinned_bytes(made):
    arrays, cache = made
    assert datasets.digest(arrays) == datasets.LETTERS_SHA256
    assert [array.shape for array in arrays] == [(10_000, 28, 28), (10_000,), (2_000, 28, 28), (2_000,)]
    assert all(array.dtype == np.uint8 for array in arrays)
    assert cache.exists()


def test_classes_are_balanced_and_no_image_stands_twice(made):
    train, train_labels, test, test_labels = made[0]
    assert np.bincount(train_labels).tolist() == [1000] * 10 and np.bincount(test_labels).tolist() == [200] * 10
    distinct = {image.tobytes() for image in (*train, *test)}
    assert len(distinct) == 12_000
    assert min(int(image.max()) for image in (*train, *test)) >= 128


def test_no_typeface_is_in_both_sets():
    glyphs = masters.read_masters((datasets.HERE / "letters.xz").read_bytes())
    training, testing = (set(masters.families_for(glyphs, testing=flag)) for flag in (False, True))
    assert not training & testing and training | testing == set(glyphs.families)
    assert set(masters.TEST_FAMILIES) == testing and set(masters.ODD_FAMILIES) <= training | testing


def test_notice_names_every_typeface():
    notice = (datasets.HERE.parents[2] / "NOTICE").read_text("utf-8")
    glyphs = masters.read_masters((datasets.HERE / "letters.xz").read_bytes())
    assert [family for family in set(glyphs.families) if f"- {family} (" not in notice] == []


def test_a_cache_is_read_and_a_damaged_one_made_anew(made, tmp_path, monkeypatch):
    arrays, cache = made
    good = tmp_path / "good.npz"
    good.write_bytes(cache.read_bytes())
    bad = tmp_path / "bad.npz"
    bad.write_bytes(cache.read_bytes()[:-1000] + bytes(1000))
    rendered = []
    monkeypatch.setattr(datasets, "_render", lambda: rendered.append(1) or arrays)
    assert datasets.digest(datasets.letters(good)) == datasets.LETTERS_SHA256 and rendered == []
    assert datasets.digest(datasets.letters(bad)) == datasets.LETTERS_SHA256 and rendered == [1]
    assert datasets.digest(datasets.letters(bad)) == datasets.LETTERS_SHA256 and rendered == [1]


def test_a_whole_cache_of_other_images_is_made_anew(made, tmp_path, monkeypatch):
    arrays, _ = made
    other = tmp_path / "other.npz"
    np.savez(other, **dict(zip(datasets.ARRAYS, (arrays[0] ^ 1, *arrays[1:]), strict=True)))
    monkeypatch.setattr(datasets, "_render", lambda: arrays)
    assert datasets.digest(datasets.letters(other)) == datasets.LETTERS_SHA256


def test_a_cache_that_cannot_be_written_is_done_without(made, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x")
    monkeypatch.setattr(datasets, "_render", lambda: made[0])
    assert len(datasets.letters(tmp_path / "file" / "letters.npz")[0]) == 10_000


def test_changed_letters_are_refused(made, tmp_path, monkeypatch):
    train, *rest = made[0]
    monkeypatch.setattr(datasets, "_render", lambda: (train + 1, *rest))
    with pytest.raises(UserError, match="come out changed"):
        datasets.letters(tmp_path / "none.npz")


@pytest.mark.parametrize(("name", "load"), [("letters.xz", datasets._render), ("names.txt.gz", datasets.names)])
def test_a_damaged_installation_is_refused(tmp_path, monkeypatch, name, load):
    content = (datasets.HERE / name).read_bytes()
    monkeypatch.setattr(datasets, "HERE", tmp_path)
    with pytest.raises(UserError, match=rf"{name}: no such file or directory; install pw13 anew"):
        load()
    for bad in (b"", content[:-1], content[:-1] + bytes([content[-1] ^ 1])):
        (tmp_path / name).write_bytes(bad)
        with pytest.raises(UserError, match=rf"{name}: damaged; install pw13 anew"):
            load()


def test_processes_that_fill_the_cache_at_once_all_work(made, tmp_path):
    cache = tmp_path / "letters.npz"
    code = (
        "import sys; from pathlib import Path; from pw13.data.builtin import datasets as builtin;"
        "builtin._render = lambda: builtin._read(Path(sys.argv[1]));"
        "print(builtin.digest(builtin.letters(Path(sys.argv[2]))))"
    )
    command = [sys.executable, "-c", code, made[1], cache]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [process.communicate(timeout=60)[0].strip() for process in running] == [datasets.LETTERS_SHA256] * 3
    assert [file.name for file in tmp_path.iterdir()] == [cache.name]


def test_the_names():
    assert hashlib.sha256(datasets.names().encode()).hexdigest().startswith("60fe66e06e62374a")
    lines = datasets.names().split("\n")
    assert len(lines) == 12_001 and lines[-1] == ""
    assert len({name.lower() for name in lines}) == 12_001
    assert all(name.isascii() and 2 <= len(name) <= 40 for name in lines[:-1])
