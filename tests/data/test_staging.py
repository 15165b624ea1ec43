"""The temporary folder beside new files."""

import os
import tempfile

import pytest

from pw13.data.staging import staging


def test_an_error_names_the_folder_that_cannot_be_written(tmp_path, monkeypatch):
    def refuse(prefix, dir):
        raise PermissionError(13, os.strerror(13), os.fspath(dir / f"{prefix}x"))

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    with pytest.raises(PermissionError) as refused, staging(tmp_path):
        pass
    assert refused.value.filename == str(tmp_path)
