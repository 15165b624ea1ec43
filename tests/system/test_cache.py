"""The cache: made once, checked at every read, bounded, and never needed."""

import errno
import os

import numpy as np
import pytest

from pw13.system import cache, files
from tests.helpers.disks import FaultyDisk

KEY = {"version": 1, "data": "a" * 64}
BOUND = 1 << 20


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PW13_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


class Maker:
    """Makes the same arrays each time, and counts how often."""

    def __init__(self, size=10):
        self.calls, self.size = 0, size

    def __call__(self):
        self.calls += 1
        return {"a": np.arange(self.size), "b": np.array([1.5, np.nan])}


def test_arrays_are_made_once():
    make = Maker()
    first = cache.cached("kind", KEY, make, max_bytes=BOUND)
    again = cache.cached("kind", KEY, make, max_bytes=BOUND)
    assert make.calls == 1 and list(again) == list(first)
    assert all(
        first[name].tobytes() == again[name].tobytes() and first[name].dtype == again[name].dtype for name in first
    )


@pytest.mark.parametrize("key", [{**KEY, "version": 2}, {**KEY, "level": 0.5}])
def test_another_key_is_another_entry(key):
    make = Maker()
    cache.cached("kind", KEY, make, max_bytes=BOUND)
    cache.cached("kind", key, make, max_bytes=BOUND)
    assert make.calls == 2


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "other"])
def test_a_corrupt_file_is_made_again(folder, damage):
    make = Maker(1000)
    cache.cached("kind", KEY, make, max_bytes=BOUND)
    (path,) = folder.iterdir()
    data = path.read_bytes()
    other = {"cut": data[:-100], "flip": data[:900] + bytes([data[900] ^ 1]) + data[901:], "empty": b"", "other": b"x"}
    path.write_bytes(other[damage])
    assert cache.cached("kind", KEY, make, max_bytes=BOUND)["a"].tolist() == list(range(1000))
    assert make.calls == 2
    cache.cached("kind", KEY, make, max_bytes=BOUND)
    assert make.calls == 2  # replaced


def test_a_cache_that_cannot_be_written_is_done_without(folder):
    folder.write_bytes(b"a file where the folder should be")
    make = Maker()
    assert cache.cached("kind", KEY, make, max_bytes=BOUND)["b"][0] == 1.5
    assert folder.read_bytes().startswith(b"a file")


def test_the_least_recently_used_files_of_a_kind_go_first(folder):
    cache.cached("other", KEY, Maker(2000), max_bytes=BOUND)
    for number in range(4):
        cache.cached("kind", {"number": number}, Maker(1000), max_bytes=BOUND)
    paths = sorted(folder.glob("kind-*"), key=lambda path: path.stat().st_mtime_ns)
    for age, path in enumerate(paths):
        os.utime(path, (age, age))
    cache.cached("kind", {"number": 0}, Maker(1000), max_bytes=BOUND)  # used now
    room = 3 * max(path.stat().st_size for path in paths)
    make = Maker(1000)
    cache.cached("kind", {"number": 4}, make, max_bytes=room)
    assert len(list(folder.glob("kind-*"))) == 3 and len(list(folder.glob("other-*"))) == 1
    make = Maker(1000)
    cache.cached("kind", {"number": 0}, make, max_bytes=room)
    assert make.calls == 0


def test_what_kills_have_left_of_writes_goes_with_the_next(folder):
    folder.mkdir()
    names = [".kind-a.npz.7.8.tmp", ".other-b.npz.7.8.tmp", ".kind-c.npz.7.8.tmp", ".not-ours.tmp"]
    for name in names:
        (folder / name).write_bytes(b"torn")
    for name in (names[0], names[1], names[3]):
        os.utime(folder / name, (0, 0))
    cache.cached("kind", KEY, Maker(), max_bytes=BOUND)
    assert sorted(path.name for path in folder.glob(".*")) == sorted(names[2:])


def test_a_file_that_may_be_read_but_not_touched_is_used(monkeypatch):
    """As in a cache that another user fills."""
    make = Maker()
    cache.cached("kind", KEY, make, max_bytes=BOUND)

    def refuse(path):
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), path)

    monkeypatch.setattr(os, "utime", refuse)
    assert cache.cached("kind", KEY, make, max_bytes=BOUND)["b"][0] == 1.5
    assert make.calls == 1


def test_what_is_larger_than_the_bound_is_not_written(folder):
    cache.cached("kind", KEY, Maker(10_000), max_bytes=1000)
    assert not folder.exists()


def test_without_a_variable_it_lies_in_the_user_s_cache_folder(monkeypatch):
    monkeypatch.delenv("PW13_CACHE_DIR")
    assert cache.folder().name == "pw13"


def test_a_disk_that_fills_leaves_nothing_behind(folder, monkeypatch):
    disk = FaultyDisk("write", 1, OSError(errno.ENOSPC, "No space left on device"))
    monkeypatch.setattr(files, "file_ops", disk)
    assert cache.cached("kind", KEY, Maker(), max_bytes=BOUND)["b"][0] == 1.5
    assert disk.happened and list(folder.iterdir()) == []
