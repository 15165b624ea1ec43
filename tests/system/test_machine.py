"""How many processor cores there are for a process."""

import os

import pytest

from pw13.system import machine


@pytest.mark.parametrize(
    ("quota", "expected"),
    [
        ("200000 100000\n", 2),
        ("150000 100000\n", 2),
        ("25000 50000\n", 1),
        ("6400000 100000\n", 8),
        ("max 100000\n", 8),
        ("0 0\n", 8),
        ("odd", 8),
        (None, 8),
    ],
)
def test_cores_are_those_that_the_quota_of_a_container_gives(monkeypatch, tmp_path, quota, expected):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    monkeypatch.setattr(machine, "CPU_QUOTA", tmp_path / "cpu.max")
    if quota is not None:
        (tmp_path / "cpu.max").write_text(quota, "utf-8")
    assert machine.cores() == expected
