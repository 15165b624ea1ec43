"""Atomic writes: the old content or the new, whatever happens in between; strict JSON."""

import contextlib
import errno
import json
import os

import numpy as np
import pytest

from pw13.system import files
from tests.helpers.disks import Died, FaultyDisk, LoggedDisk, lack_sync_and_replace


@pytest.mark.parametrize("size", [0, 1, files.CHUNK, 3 * files.CHUNK + 5])
def test_write_atomic_writes_all_bytes(tmp_path, size):
    data = os.urandom(size)
    files.write_atomic(tmp_path / "a", data)
    assert (tmp_path / "a").read_bytes() == data
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("operation", ["write", "fsync", "rename"])
@pytest.mark.parametrize("number", [1, 2])
def test_a_kill_at_any_operation_leaves_the_old_or_the_new_file(tmp_path, monkeypatch, operation, number):
    old, new = b"old" * 100, b"new" * files.CHUNK
    files.write_atomic(tmp_path / "a", old)
    monkeypatch.setattr(files, "file_ops", FaultyDisk(operation, number, Died()))
    with contextlib.suppress(Died):
        files.write_atomic(tmp_path / "a", new)
    assert (tmp_path / "a").read_bytes() in (old, new)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EACCES])
@pytest.mark.parametrize("operation", ["write", "fsync", "rename"])
def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, operation, code):
    files.write_atomic(tmp_path / "a", b"old")
    monkeypatch.setattr(files, "file_ops", FaultyDisk(operation, 1, OSError(code, os.strerror(code))))
    with pytest.raises(OSError) as caught:
        files.write_atomic(tmp_path / "a", b"new")
    assert caught.value.errno == code
    assert (tmp_path / "a").read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP, errno.ENOSYS])
def test_a_file_system_without_sync_takes_files_and_folders(tmp_path, monkeypatch, code):
    class NoSync(files.FileOps):
        def fsync(self, descriptor):
            raise OSError(code, os.strerror(code))

    monkeypatch.setattr(files, "file_ops", NoSync())
    files.write_atomic(tmp_path / "a", b"old")
    files.write_atomic(tmp_path / "a", b"new")
    (tmp_path / "folder").mkdir()
    files.rename_folder(tmp_path / "folder", tmp_path / "renamed")
    assert (tmp_path / "a").read_bytes() == b"new" and (tmp_path / "renamed").is_dir()


@pytest.mark.parametrize("code", [errno.EEXIST, errno.EPERM])
def test_a_file_system_that_renames_onto_no_file_replaces_in_two_steps(tmp_path, monkeypatch, code):
    class NoReplace(files.FileOps):
        def rename(self, source, target):
            if target.exists():
                raise OSError(code, os.strerror(code))
            super().rename(source, target)

    monkeypatch.setattr(files, "file_ops", NoReplace())
    for content in (b"old", b"new", b"newest"):
        files.write_atomic(tmp_path / "a", content)
    assert (tmp_path / "a").read_bytes() == b"newest" and [p.name for p in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize(("operation", "number"), [("rename", 2), ("rename", 3), ("unlink", 1)])
def test_a_kill_between_the_two_steps_keeps_a_file_and_stops_no_later_write(tmp_path, monkeypatch, operation, number):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    lack_sync_and_replace(monkeypatch)
    with monkeypatch.context() as killed, pytest.raises(Died):
        killed.setattr(files, "file_ops", FaultyDisk(operation, number, Died()))
        files.write_atomic(path, b"new")
    assert files.current(path).read_bytes() == (b"new" if operation == "unlink" else b"old")
    for content in (b"newer", b"newest"):
        files.write_atomic(path, content)
        assert files.current(path).read_bytes() == content


def refuse_at_first(monkeypatch, operation: str, times: int, code: int = errno.EACCES) -> list[int]:
    """Let an operation of `os` fail so many times, as where another process has the file open; return the calls."""
    call, calls = getattr(os, operation), []

    def refuse(*paths):
        calls.append(len(calls))
        if len(calls) <= times:
            raise OSError(code, "Access is denied", str(paths[0]))
        call(*paths)

    monkeypatch.setattr(os, operation, refuse)
    return calls


def test_a_file_that_another_process_reads_is_replaced_when_it_is_closed(tmp_path, monkeypatch):
    files.write_atomic(tmp_path / "a", b"old")
    monkeypatch.setattr(files, "WINDOWS", True)
    calls = refuse_at_first(monkeypatch, "replace", 2)
    files.write_atomic(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new" and len(calls) == 3
    refuse_at_first(monkeypatch, "unlink", 2)
    files.file_ops.unlink(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("windows", "code", "least", "most"), [(True, errno.EACCES, 3, 99), (False, errno.EACCES, 1, 1), (True, 28, 1, 1)]
)
def test_a_file_that_cannot_be_replaced_at_all_is_an_error_in_time(tmp_path, monkeypatch, windows, code, least, most):
    monkeypatch.setattr(files, "WINDOWS", windows)
    monkeypatch.setattr(files, "PATIENCE", 0.5)
    calls = refuse_at_first(monkeypatch, "replace", 10_000, code)
    with pytest.raises(OSError, match="denied") as error:
        files.write_atomic(tmp_path / "a", b"new")
    assert error.value.errno == code and least <= len(calls) <= most
    assert list(tmp_path.iterdir()) == []


def test_cleaning_up_brings_back_what_was_moved_aside_and_not_replaced(tmp_path):
    for name, content in ((".a.old", "a"), (".b.old", "stale"), ("b", "b"), (".c.7.tmp", "torn")):
        (tmp_path / "folder").mkdir(exist_ok=True)
        (tmp_path / "folder" / name).write_text(content, "utf-8")
    files.clean_up(tmp_path)
    assert {path.name: path.read_text("utf-8") for path in (tmp_path / "folder").iterdir()} == {"a": "a", "b": "b"}


def test_a_folder_that_cannot_be_renamed_file_by_file_stays_as_it_was(tmp_path, monkeypatch):
    (tmp_path / "source").mkdir()
    for name in "abc":
        (tmp_path / "source" / name).write_text(name, "utf-8")
    lack_sync_and_replace(monkeypatch)
    monkeypatch.setattr(files, "file_ops", FaultyDisk("rename", 3, OSError(errno.EIO, "broken")))
    with pytest.raises(OSError, match="broken"):
        files.rename_folder(tmp_path / "source", tmp_path / "target")
    assert sorted(path.name for path in (tmp_path / "source").iterdir()) == ["a", "b", "c"]
    assert not (tmp_path / "target").exists()


def test_every_rename_follows_an_fsync_and_is_synced_itself(tmp_path, monkeypatch):
    log = LoggedDisk()
    monkeypatch.setattr(files, "file_ops", log)
    files.write_atomic(tmp_path / "a", b"x" * (files.CHUNK + 1))
    assert log.names() == ["write", "write", "fsync", "rename", "fsync"]
    log.check()


@pytest.mark.parametrize("operation", ["write", "fsync", "rename"])
@pytest.mark.parametrize("number", [1, 2])
def test_of_files_written_together_an_error_leaves_no_new_one_but_at_the_renames(
    tmp_path, monkeypatch, operation, number
):
    old, new = {tmp_path / name: b"old" for name in "ab"}, {tmp_path / name: b"new" for name in "ab"}
    files.write_together(old)
    monkeypatch.setattr(files, "file_ops", FaultyDisk(operation, number, OSError(errno.ENOSPC, "full")))
    with pytest.raises(OSError):
        files.write_together(new)
    found = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert found == old or (operation, number) == ("rename", 2)
    assert found.keys() == old.keys()


def test_json_with_a_lone_surrogate_is_written_and_read_back(tmp_path):
    files.write_json(tmp_path / "a.json", {"text": "\ud800"})
    assert json.loads((tmp_path / "a.json").read_text("utf-8")) == {"text": "\ud800"}


def test_json_is_strict():
    text = files.to_json({"a": float("inf"), "b": [float("nan"), 1.5], "c": np.float32(2), "d": np.arange(3), "e": "é"})
    assert json.loads(text) == {"a": None, "b": [None, 1.5], "c": 2.0, "d": [0, 1, 2], "e": "é"}
    assert "NaN" not in text and "Infinity" not in text


def test_an_error_names_the_file_not_the_temporary_one(tmp_path):
    path = tmp_path / "nowhere" / "x.svg"
    with pytest.raises(FileNotFoundError) as refused:
        files.write_atomic(path, b"x")
    assert refused.value.filename == str(path)
