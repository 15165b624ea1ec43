"""Arrays of a run folder are read without trusting them."""

import zipfile

import numpy as np
import pytest

from pw13.errors import UserError
from pw13.runs import arrays
from pw13.runs.folder import Run
from pw13.runs.record import read_run
from tests.helpers.runs import make


@pytest.fixture
def record(tmp_path):
    folder = make(tmp_path, "2026-11-24_22-36-05_dense-ae")
    Run(folder).save_arrays("map", {"rows": np.arange(5)})
    return read_run(folder)


def test_they_are_read_as_they_were_saved_and_none_is_no_error(record):
    assert arrays.read_arrays(record, "map")["rows"].tolist() == [0, 1, 2, 3, 4]
    assert arrays.read_arrays(record, "losses") == {}


def test_larger_ones_than_pw13_writes_are_refused_before_they_are_unpacked(record, monkeypatch):
    path = record.folder / "checkpoints" / "map.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rows.npy", bytes(2**20))
    monkeypatch.setattr(arrays, "MAX_BYTES", 2**19)
    assert path.stat().st_size < 2**19
    with pytest.raises(UserError, match=r"map\.npz: larger than 524,288 bytes"):
        arrays.read_arrays(record, "map")


def test_pickles_are_not_read(record):
    np.savez(record.folder / "checkpoints" / "map.npz", rows=np.array([{"a": 1}], dtype=object))
    with pytest.raises(UserError, match=r"map\.npz: corrupt"):
        arrays.read_arrays(record, "map")
