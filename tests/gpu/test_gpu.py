"""On an NVIDIA GPU: a kill changes no bit, jobs share the memory, results agree with the CPU's."""

import json
import subprocess

import pytest

from bench import gpu
from pw13.system.device import nvidia_gpus

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not nvidia_gpus(), reason="nvidia-smi finds no NVIDIA GPU"),
]


@pytest.mark.parametrize("kind", list(gpu.TRAINERS))
def test_a_killed_training_ends_with_the_bits_of_an_unbroken_one(tmp_path, kind):
    assert gpu.killed_ends_like_unbroken(kind, "gpu", tmp_path)


def test_two_jobs_share_a_gpu(tmp_path):
    assert gpu.two_jobs("gpu", tmp_path) == 2


@pytest.mark.parametrize(("kind", "key"), [("dense-ae", "test_mse"), ("conv-dae", "test_mse"), ("charrnn", "val_nats")])
def test_gpu_and_cpu_agree_within_a_percent(tmp_path, kind, key):
    results = []
    for device in ("cpu", "gpu"):
        command = gpu.train(kind, device, tmp_path / device)
        results.append(json.loads(subprocess.run(command, capture_output=True, check=True).stdout)[key])
    assert results[1] == pytest.approx(results[0], rel=0.01)
