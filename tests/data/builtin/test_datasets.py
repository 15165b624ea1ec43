"""The built-in letters and names: the same bytes on every machine, whatever the state of the cache."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from pw13.data.builtin import datasets, masters
from pw13.errors import UserError


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """Render the letters once; return them and their cache file."""
    cache = tmp_path_factory.mktemp("cache") / "letters.npz"
    return datasets.letters(cache), cache


def test_the_letters_are_the_pinned_bytes(rendered):
    arrays, cache = rendered
    assert datasets.digest(arrays) == datasets.LETTERS_SHA256
    assert [array.shape for array in arrays] == [(10_000, 28, 28), (10_000,), (2_000, 28, 28), (2_000,)]
    assert all(array.dtype == np.uint8 for array in arrays)
    assert cache.exists()


def test_classes_are_balanced_and_images_are_distinct(rendered):
    train, train_labels, test, test_labels = rendered[0]
    assert np.bincount(train_labels).tolist() == [1000] * 10 and np.bincount(test_labels).tolist() == [200] * 10
    distinct = {image.tobytes() for image in (*train, *test)}
    assert len(distinct) == 12_000
    assert min(int(image.max()) for image in (*train, *test)) >= 128


def test_training_and_test_share_no_typeface():
    glyphs = masters.read_masters((datasets.HERE / "letters.xz").read_bytes())
    training, testing = (set(masters.families_for(glyphs, testing=flag)) for flag in (False, True))
    assert not training & testing and training | testing == set(glyphs.families)
    assert set(masters.TEST_FAMILIES) == testing and set(masters.RARE_FAMILIES) <= training | testing


def test_notice_lists_every_typeface():
    notice = (datasets.HERE.parents[2] / "NOTICE").read_text("utf-8")
    glyphs = masters.read_masters((datasets.HERE / "letters.xz").read_bytes())
    assert [family for family in set(glyphs.families) if f"- {family} (" not in notice] == []


def test_a_cache_is_read_and_a_corrupt_one_is_replaced(rendered, tmp_path, monkeypatch):
    arrays, cache = rendered
    good = tmp_path / "good.npz"
    good.write_bytes(cache.read_bytes())
    bad = tmp_path / "bad.npz"
    bad.write_bytes(cache.read_bytes()[:-1000] + bytes(1000))
    calls = []
    monkeypatch.setattr(datasets, "_render", lambda: calls.append(1) or arrays)
    assert datasets.digest(datasets.letters(good)) == datasets.LETTERS_SHA256 and calls == []
    assert datasets.digest(datasets.letters(bad)) == datasets.LETTERS_SHA256 and calls == [1]
    assert datasets.digest(datasets.letters(bad)) == datasets.LETTERS_SHA256 and calls == [1]


def test_a_valid_cache_of_other_images_is_replaced(rendered, tmp_path, monkeypatch):
    arrays, _ = rendered
    other = tmp_path / "other.npz"
    np.savez(other, **dict(zip(datasets.ARRAY_NAMES, (arrays[0] ^ 1, *arrays[1:]), strict=True)))
    monkeypatch.setattr(datasets, "_render", lambda: arrays)
    assert datasets.digest(datasets.letters(other)) == datasets.LETTERS_SHA256


def test_a_cache_that_cannot_be_written_is_ignored(rendered, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x")
    monkeypatch.setattr(datasets, "_render", lambda: rendered[0])
    assert len(datasets.letters(tmp_path / "file" / "letters.npz")[0]) == 10_000


def test_an_unexpected_checksum_is_refused(rendered, tmp_path, monkeypatch):
    train, *rest = rendered[0]
    monkeypatch.setattr(datasets, "_render", lambda: (train + 1, *rest))
    with pytest.raises(UserError, match="unexpected checksum: expected sha256"):
        datasets.letters(tmp_path / "none.npz")


@pytest.mark.parametrize(("name", "load"), [("letters.xz", datasets._render), ("names.txt.gz", datasets.names)])
def test_a_corrupt_installation_is_refused(tmp_path, monkeypatch, name, load):
    content = (datasets.HERE / name).read_bytes()
    monkeypatch.setattr(datasets, "HERE", tmp_path)
    with pytest.raises(UserError, match=rf"{name}: no such file or directory; reinstall pw13"):
        load()
    for bad in (b"", content[:-1], content[:-1] + bytes([content[-1] ^ 1])):
        (tmp_path / name).write_bytes(bad)
        with pytest.raises(UserError, match=rf"{name}: corrupt; reinstall pw13"):
            load()


def test_concurrent_processes_can_fill_the_cache(rendered, tmp_path):
    cache = tmp_path / "letters.npz"
    code = (
        "import sys; from pathlib import Path; from pw13.data.builtin import datasets;"
        "datasets._render = lambda: datasets._read_cache(Path(sys.argv[1]));"
        "print(datasets.digest(datasets.letters(Path(sys.argv[2]))))"
    )
    command = [sys.executable, "-c", code, rendered[1], cache]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [process.communicate(timeout=60)[0].strip() for process in running] == [datasets.LETTERS_SHA256] * 3
    assert [file.name for file in tmp_path.iterdir()] == [cache.name]


def test_the_names_are_distinct_ascii_and_pinned():
    assert hashlib.sha256(datasets.names().encode()).hexdigest().startswith("60fe66e06e62374a")
    lines = datasets.names().split("\n")
    assert len(lines) == 12_001 and lines[-1] == ""
    assert len({name.lower() for name in lines}) == 12_001
    assert all(name.isascii() and 2 <= len(name) <= 40 for name in lines[:-1])
