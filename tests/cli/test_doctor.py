"""`pw13 doctor` reports this machine, and how to install what is missing."""

import json
from importlib import metadata

import psutil
import pytest

from pw13.cli import doctor
from pw13.system import machine
from pw13.system.installation import install_hint
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
    assert f"tensorflow: {install_hint()}" in doctor.missing_components()


def test_without_tensorflow_it_is_missing_and_nothing_fails(pw13, monkeypatch):
    def absent(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", absent)
    monkeypatch.setattr(machine, "versions", lambda: {"tensorflow": "missing"})
    code, out, _ = pw13("doctor", "--json")
    findings = json.loads(out)
    assert code == 0 and f"tensorflow: {install_hint()}" in findings["missing"]
    assert findings["gpu"]["NVIDIA wheels"].startswith("unknown")


def test_an_extra_that_is_not_installed_is_missing(monkeypatch):
    monkeypatch.setattr(doctor, "EXTRAS", {"no_such_module": "cluster"})
    assert f"extra [cluster]: {install_hint('cluster')}" in doctor.missing_components()


@pytest.mark.parametrize(
    ("system", "processor", "offered"),
    [
        ("linux", "x86_64", True), ("win32", "AMD64", True), ("linux", "aarch64", False), ("win32", "ARM64", False),
        ("darwin", "arm64", False), ("darwin", "x86_64", False),
    ],
)  # fmt: skip
def test_the_extra_fast_is_offered_only_where_it_installs_something(monkeypatch, system, processor, offered):
    monkeypatch.setattr(doctor, "EXTRAS", {"no_such_module": "fast"})
    monkeypatch.setattr(doctor.sys, "platform", system)
    monkeypatch.setattr(doctor.platform, "machine", lambda: processor)
    assert any("[fast]" in line for line in doctor.missing_components()) is offered


@pytest.mark.parametrize(
    ("found", "shown"),
    [(["X86_V3", "X86_V2"], ["X86_V3 (AVX2, FMA)", "X86_V2 (SSE4.2)"]), (["NEON"], ["NEON"]), ([], [])],
)
def test_x86_levels_are_shown_with_their_instruction_sets(monkeypatch, found, shown):
    monkeypatch.setattr("numpy.show_config", lambda mode: {"SIMD Extensions": {"found": found}})
    assert doctor.simd_extensions() == shown


FOUND = {
    "wheels": {}, "missing": ["libcudnn.so.9: cannot open shared object file (wheel nvidia-cudnn-cu12)"],
    "cuda": "12.5.1", "cudnn": "9", "devices": [{"name": "NVIDIA Test", "compute_capability": "12.0"}],
    "xla": "ends the process (exit -6)",
}  # fmt: skip


def test_a_gpu_is_described_with_what_keeps_it_from_working(monkeypatch):
    gpu = {"name": "NVIDIA Test", "driver_version": "570.1", "compute_cap": "12.0", "memory.total": "32 GiB"}
    monkeypatch.setattr("pw13.system.device.nvidia_gpus", lambda: (gpu,))
    monkeypatch.setattr("pw13.system.gpu_probe.probe", lambda: FOUND)
    found = doctor.gpu_findings()
    assert found["driver"] == "570.1" and found["device"] == "cpu"
    assert "compute capability 12.0; TensorFlow's XLA lacks kernels for it: trains without XLA" in found["GPU 0"]
    assert found["TensorFlow finds"] == "NVIDIA Test (12.0)" and "CUDA 12.5.1, cuDNN 9" in found["TensorFlow built for"]
    assert found["libraries that fail to load"] == FOUND["missing"][0]
    assert found["product through XLA"] == "ends the process (exit -6)"


def test_without_a_gpu_tensorflow_is_not_started(monkeypatch):
    monkeypatch.setattr("pw13.system.device.nvidia_gpus", tuple)
    monkeypatch.setattr("pw13.system.gpu_probe.required_wheels", lambda: {"nvidia-cudnn-cu12": None})
    monkeypatch.setattr("pw13.system.gpu_probe.probe", lambda: pytest.fail("TensorFlow was started"))
    found = doctor.gpu_findings()
    assert found["driver"].startswith("none") and found["NVIDIA wheels"].startswith("0 of 1 (extra gpu")


def test_a_wrong_variable_is_a_finding(monkeypatch):
    monkeypatch.setenv("PW13_DEVICE", "tpu")
    assert doctor.gpu_findings()["device"] == "PW13_DEVICE: expected cpu or gpu, received 'tpu'"
