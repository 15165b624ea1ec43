"""`pw13 doctor` reports this machine, and how to install what is missing."""

import json
from importlib import metadata

import psutil
import pytest

from pw13.cli import doctor
from tests.helpers.data import FILES


def test_versions_paths_and_missing_data_are_reported(pw13, monkeypatch, tmp_path):
    monkeypatch.delenv("PW13_DATA_DIR", raising=False)
    code, out, err = pw13("doctor", "--json")
    report = json.loads(out)
    assert code == 0 and err == ""
    assert report["versions"]["tensorflow"] == metadata.version("tensorflow")
    assert report["machine"]["memory"].startswith(f"{psutil.virtual_memory().total / 2**30:.1f} GiB")
    assert report["places"]["images"] == "builtin" and report["places"]["PW13_DATA_DIR"] == "not set"
    assert report["places"]["runs"] == f"{tmp_path / 'runs'} (writable)"
    assert any("pw13 data fetch notmnist" in line for line in report["missing"])


def test_data_that_exist_are_not_missing(pw13, monkeypatch, data, tmp_path):
    monkeypatch.setenv("PW13_DATA_DIR", str(tmp_path))
    (tmp_path / "notmnist").mkdir()
    for name in FILES:
        (tmp_path / "notmnist" / name).write_bytes((data / name).read_bytes())
    report = json.loads(pw13("doctor", "--json")[1])
    assert report["places"]["images"] == str(tmp_path / "notmnist")
    assert not any("notmnist" in line for line in report["missing"])


def test_a_package_that_is_not_installed_is_missing(monkeypatch):
    monkeypatch.setattr("pw13.system.machine.versions", lambda: {"pw13": "1", "tensorflow": "missing"})
    assert "tensorflow: pip install tensorflow" in doctor.missing_components()


def test_an_extra_that_is_not_installed_is_missing(monkeypatch):
    monkeypatch.setattr(doctor, "EXTRAS", {"no_such_module": "cluster"})
    assert "extra [cluster]: pip install -e '.[cluster]' in the pw13 folder" in doctor.missing_components()


@pytest.mark.parametrize(
    ("found", "shown"),
    [(["X86_V3", "X86_V2"], ["X86_V3 (AVX2, FMA)", "X86_V2 (SSE4.2)"]), (["NEON"], ["NEON"]), ([], [])],
)
def test_x86_levels_are_shown_with_their_instruction_sets(monkeypatch, found, shown):
    monkeypatch.setattr("numpy.show_config", lambda mode: {"SIMD Extensions": {"found": found}})
    assert doctor.simd_extensions() == shown
