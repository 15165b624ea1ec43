"""What `pw13 doctor` asks a process of its own about GPUs."""

import json
import subprocess
from types import SimpleNamespace

import pytest

from pw13.system import gpu_probe

FOUND = {"wheels": {}, "missing": [], "cuda": "12.5.1", "cudnn": "9", "devices": [{"name": "NVIDIA Test"}]}


def answer(monkeypatch, stdout: str, code: int = 0, stderr: str = "") -> None:
    done = SimpleNamespace(stdout=stdout, stderr=stderr, returncode=code)
    monkeypatch.setattr("subprocess.run", lambda *a, **k: done)


def test_tensorflow_s_extra_names_the_wheels():
    wheels = gpu_probe.required_wheels()
    assert "nvidia-cudnn-cu12" in wheels and all(name.startswith("nvidia-") for name in wheels)
    assert set(gpu_probe.LIBRARIES.values()) <= set(wheels)


def test_a_library_that_cannot_be_loaded_is_named_with_its_wheel(monkeypatch):
    monkeypatch.setattr(gpu_probe, "LIBRARIES", {"libnosuch.so.12": "nvidia-no-such-wheel", "libc.so.6": "glibc"})
    (problem,) = gpu_probe.missing_libraries()
    assert problem.startswith("libnosuch.so.12: ") and problem.endswith("(wheel nvidia-no-such-wheel)")


def test_a_product_that_works_is_reported(monkeypatch):
    answer(monkeypatch, json.dumps(FOUND) + "\n" + json.dumps({"xla": "works"}) + "\n")
    assert gpu_probe.probe() == {**FOUND, "xla": "works"}


def test_xla_may_end_the_process(monkeypatch):
    answer(monkeypatch, json.dumps(FOUND) + "\n", code=-6)
    assert gpu_probe.probe()["xla"] == "ends the process (exit -6)"


def test_a_tensorflow_that_does_not_start_or_answer_is_an_error(monkeypatch):
    answer(monkeypatch, "", code=1, stderr="Traceback\nImportError: libcudart.so.12: cannot open\n")
    assert gpu_probe.probe() == {"error": "TensorFlow cannot be started: ImportError: libcudart.so.12: cannot open"}

    def hangs(*_, **__):
        raise subprocess.TimeoutExpired("python", gpu_probe.PROBE_SECONDS)

    monkeypatch.setattr("subprocess.run", hangs)
    assert "did not answer" in gpu_probe.probe()["error"]


@pytest.mark.parametrize("value", [float(64**3), 1.0])
def test_a_wrong_product_is_not_called_working(monkeypatch, value):
    monkeypatch.setattr("tensorflow.reduce_sum", lambda _: value)
    monkeypatch.setattr("tensorflow.device", lambda _: __import__("contextlib").nullcontext())
    assert gpu_probe.xla_product() == ("works" if value == 64**3 else "wrong: 1.0, expected 262144")
