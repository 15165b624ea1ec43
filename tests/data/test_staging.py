"""The temporary folder beside new files."""

import os
import tempfile
import time

import pytest

from pw13.data.staging import staging
from pw13.system import locks


def test_an_error_names_the_folder_that_cannot_be_written(tmp_path, monkeypatch):
    def refuse(prefix, dir):
        raise PermissionError(13, os.strerror(13), os.fspath(dir / f"{prefix}x"))

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    with pytest.raises(PermissionError) as refused, staging(tmp_path):
        pass
    assert refused.value.filename == str(tmp_path)


def leave(folder, hours):
    """Leave a folder as an import that was killed does, last changed `hours` ago."""
    (folder / "ready").mkdir(parents=True)
    (folder / "spool").write_bytes(b"x" * 1000)
    (folder / locks.NAME).touch()
    then = time.time() - hours * 3600
    for path in (folder / "spool", folder / locks.NAME, folder / "ready", folder):
        os.utime(path, (then, then))
    return folder


def test_what_a_kill_has_left_is_removed_by_the_next(tmp_path):
    ages = {".pw13-staging-a": 2, ".pw13-staging-b": 0.5, ".pw13-cache": 2, ".pw13-staging-d": 2}
    old, fresh, other, growing = (leave(tmp_path / name, hours) for name, hours in ages.items())
    os.utime(growing / "spool")  # an import without a lock, on a file system that has none
    with staging(tmp_path) as stage:
        assert sorted(tmp_path.iterdir()) == sorted([fresh, other, growing, stage])
    assert not old.exists() and sorted(tmp_path.iterdir()) == sorted([fresh, other, growing])


def test_a_folder_in_use_is_left_alone_however_old_it_is(tmp_path):
    with staging(tmp_path) as first:
        leave(first / "x", 5)
        for path in (first / locks.NAME, first / "x", first):
            os.utime(path, (0, 0))
        with staging(tmp_path):
            pass
        assert (first / "x" / "spool").exists()
    assert list(tmp_path.iterdir()) == []
