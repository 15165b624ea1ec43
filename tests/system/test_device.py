"""A GPU is used only when it is asked for, and what it must be told is told before TensorFlow starts.

There is no GPU here: TensorFlow's device lists are faked.
"""

from types import SimpleNamespace

import pytest

from pw13.cli.options import resolve_settings
from pw13.config.settings import DenseAE
from pw13.errors import OptionError, ResumeError, UserError
from pw13.system import device

GPUS = [SimpleNamespace(name="/physical_device:GPU:0"), SimpleNamespace(name="/physical_device:GPU:1")]
DETAILS = {"device_name": "NVIDIA Test", "compute_capability": (8, 6)}
SMI = "NVIDIA Test, 555.42, 8.6, 24564 MiB\nNVIDIA Other, 555.42, 12.0, 32607 MiB\n"


class FakeTensorFlow:
    """TensorFlow's device functions on a machine with GPUs; `calls` records what pw13 asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, gpus: list[object]):
        import tensorflow as tf

        self.calls: list[tuple[object, ...]] = []
        self.visible = list(gpus)
        experimental = tf.config.experimental
        monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: list(gpus))
        monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: self.visible)
        monkeypatch.setattr(tf.config, "set_visible_devices", self.set_visible)
        monkeypatch.setattr(experimental, "set_memory_growth", lambda *a: self.calls.append(("growth", *a)))
        monkeypatch.setattr(
            experimental, "enable_tensor_float_32_execution", lambda on: self.calls.append(("tf32", on))
        )
        monkeypatch.setattr(experimental, "enable_op_determinism", lambda: self.calls.append(("deterministic",)))
        monkeypatch.setattr(experimental, "get_device_details", lambda gpu: DETAILS)

    def set_visible(self, devices: list[object], kind: str) -> None:
        assert kind == "GPU"
        self.visible = list(devices)


@pytest.fixture
def nvidia_smi(monkeypatch):
    """Fake nvidia-smi's answer of two GPUs."""
    monkeypatch.setattr("shutil.which", lambda name: "/bin/nvidia-smi")
    monkeypatch.setattr("subprocess.run", lambda *a, **k: SimpleNamespace(stdout=SMI))
    device.nvidia_gpus.cache_clear()
    yield
    device.nvidia_gpus.cache_clear()


def test_the_cpu_hides_every_gpu(monkeypatch):
    fake = FakeTensorFlow(monkeypatch, GPUS)
    device.select("cpu")
    assert fake.visible == [] and fake.calls == []
    assert device.facts() == {"kind": "cpu"} and device.supports_xla()


def test_a_gpu_grows_its_memory_without_tf32_and_is_deterministic(monkeypatch, nvidia_smi):
    fake = FakeTensorFlow(monkeypatch, GPUS)
    device.select("gpu")
    assert fake.visible == GPUS[:1]
    assert fake.calls == [("growth", GPUS[0], True), ("tf32", False), ("deterministic",)]
    facts = device.facts()
    assert (facts["kind"], facts["name"], facts["compute_capability"]) == ("gpu", "NVIDIA Test", "8.6")
    assert facts["driver"] == "555.42" and facts["xla"] and facts["cuda"] and facts["cudnn"]


def test_without_a_gpu_the_option_is_refused(monkeypatch):
    FakeTensorFlow(monkeypatch, [])
    with pytest.raises(OptionError, match="--device gpu: TensorFlow finds no GPU; pw13 doctor"):
        device.select("gpu")


def test_a_process_that_runs_on_another_device_is_refused(monkeypatch):
    FakeTensorFlow(monkeypatch, GPUS)

    def initialized(*_):
        raise RuntimeError("Visible devices cannot be modified after being initialized")

    monkeypatch.setattr("tensorflow.config.set_visible_devices", initialized)
    with pytest.raises(UserError, match="already runs on another device"):
        device.select("gpu")


@pytest.mark.parametrize(("capability", "works"), [((8, 9), True), ((9, 0), True), ((12, 0), False), ((12, 1), False)])
def test_xla_is_left_out_where_it_has_no_kernels(monkeypatch, capability, works):
    FakeTensorFlow(monkeypatch, GPUS)
    monkeypatch.setitem(DETAILS, "compute_capability", capability)
    assert device.supports_xla() is works


def test_a_run_is_not_resumed_on_another_device():
    gpu = {"kind": "gpu", "name": "NVIDIA Test"}
    device.refuse_other(None, gpu)  # runs of 0.1.0 recorded no device
    device.refuse_other({"kind": "cpu"}, {"kind": "cpu"})
    with pytest.raises(ResumeError, match=r"trained on cpu so far, received gpu \(NVIDIA Test\).*--force"):
        device.refuse_other({"kind": "cpu"}, gpu)
    with pytest.raises(ResumeError, match="NVIDIA Other"):
        device.refuse_other({"kind": "gpu", "name": "NVIDIA Other"}, gpu)


def test_the_variable_is_the_default_and_a_flag_wins(monkeypatch):
    assert resolve_settings(DenseAE, {}, {})[0].device == "cpu"
    monkeypatch.setenv("PW13_DEVICE", "gpu")
    assert resolve_settings(DenseAE, {}, {})[0].device == "gpu"
    assert resolve_settings(DenseAE, {"device": "cpu"}, {})[0].device == "cpu"
    assert resolve_settings(DenseAE, {}, {"device": "cpu"})[0].device == "cpu"
    monkeypatch.setenv("PW13_DEVICE", "tpu")
    with pytest.raises(OptionError, match="PW13_DEVICE: expected cpu or gpu, received 'tpu'"):
        resolve_settings(DenseAE, {}, {})


def test_workers_take_the_gpus_in_turn(monkeypatch, nvidia_smi):
    for number, expected in ((0, "0"), (1, "1"), (2, "0")):
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        device.take_turns(number)
        assert device.os.environ["CUDA_VISIBLE_DEVICES"] == expected
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3, 5")
    assert device.visible_gpus() == ["3", "5"]
    device.take_turns(1)
    assert device.os.environ["CUDA_VISIBLE_DEVICES"] == "5"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert device.visible_gpus() == []


def test_a_driver_that_does_not_answer_is_no_gpu(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: "/bin/nvidia-smi")

    def fails(*_, **__):
        raise OSError("no device")

    monkeypatch.setattr("subprocess.run", fails)
    device.nvidia_gpus.cache_clear()
    assert device.nvidia_gpus() == ()
    device.nvidia_gpus.cache_clear()
