"""Free memory and aligned arrays."""

import numpy as np
import psutil
import pytest

from pw13.system import memory


@pytest.mark.parametrize(("shape", "dtype"), [((3, 5, 7), np.uint8), ((2, 3), np.float32), ((0, 4), np.float64)])
def test_an_aligned_array_has_its_shape_type_and_start(shape, dtype):
    array = memory.aligned_empty(shape, dtype)
    assert (array.shape, array.dtype) == (shape, dtype) and memory.is_aligned(array)
    array[...] = 1  # writable
    assert not memory.is_aligned(np.concatenate([array.ravel(), array.ravel()[:0], np.ones(9, dtype)])[1:])


def test_free_memory_is_that_of_the_system_within_the_limit_of_the_control_group(monkeypatch):
    monkeypatch.setattr(memory, "_free_in_group", lambda: iter(()))
    assert memory.free_memory() == pytest.approx(psutil.virtual_memory().available, rel=0.2)
    monkeypatch.setattr(memory, "_free_in_group", lambda: iter([12345]))
    assert memory.free_memory() == 12345


def test_a_control_groups_limit_counts_what_it_can_give_back_as_free(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "GROUP", tmp_path)
    assert list(memory._free_in_group()) == []  # no such files
    (tmp_path / "memory.stat").write_text("anon 300\ninactive_file 400\n")
    (tmp_path / "memory.current").write_text("700\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert list(memory._free_in_group()) == []  # no limit
    (tmp_path / "memory.max").write_text("1000\n")
    assert list(memory._free_in_group()) == [700]
