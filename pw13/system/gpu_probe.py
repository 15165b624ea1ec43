"""What a GPU needs and whether TensorFlow can use it: `python -m pw13.system.gpu_probe` prints it as JSON.

A process of its own, since XLA can end the process on a GPU that it has no kernels for.
"""

import ctypes
import json
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

PROBE_SECONDS = 180
# NVIDIA's libraries that TensorFlow 2.21 loads, and the wheel that brings each.
LIBRARIES = {
    "libcudart.so.12": "nvidia-cuda-runtime-cu12",
    "libcublas.so.12": "nvidia-cublas-cu12",
    "libcublasLt.so.12": "nvidia-cublas-cu12",
    "libcufft.so.11": "nvidia-cufft-cu12",
    "libcusolver.so.11": "nvidia-cusolver-cu12",
    "libcusparse.so.12": "nvidia-cusparse-cu12",
    "libcudnn.so.9": "nvidia-cudnn-cu12",
    "libnccl.so.2": "nvidia-nccl-cu12",
}


def required_wheels() -> dict[str, str | None]:
    """Return NVIDIA's wheels that TensorFlow's extra `and-cuda` names, with their installed versions or None.

    Empty if TensorFlow is not installed.
    """
    try:
        requirements = [line for line in metadata.requires("tensorflow") or [] if "and-cuda" in line]
    except metadata.PackageNotFoundError:
        return {}
    names = [re.split(r"[^\w-]", line, maxsplit=1)[0] for line in requirements]
    return {name: _version(name) for name in names}


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def missing_libraries() -> list[str]:
    """Return the libraries of `LIBRARIES` that cannot be loaded, each with the reason and the wheel that brings it."""
    problems = []
    for name, wheel in LIBRARIES.items():
        try:
            ctypes.CDLL(os.fspath(_path_in_wheel(name, wheel) or name))
        except OSError as error:
            problems.append(f"{name}: {str(error).split(': ', 1)[-1]} (wheel {wheel})")
    return problems


def _path_in_wheel(name: str, wheel: str) -> Path | None:
    try:
        files = metadata.files(wheel) or []
    except metadata.PackageNotFoundError:
        return None
    return next((Path(str(file.locate())) for file in files if file.name == name), None)


def tensorflow_findings() -> dict[str, Any]:
    """Return the CUDA and cuDNN versions that TensorFlow was built for, and the GPUs that it finds."""
    import tensorflow as tf

    build = tf.sysconfig.get_build_info()
    gpus = tf.config.list_physical_devices("GPU")
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    return {
        "cuda": build.get("cuda_version"),
        "cudnn": build.get("cudnn_version"),
        "devices": [
            {
                "name": detail.get("device_name"),
                "compute_capability": ".".join(map(str, detail.get("compute_capability", ()))),
            }
            for detail in details
        ],
    }


def xla_product() -> str:
    """Multiply two small matrices on the first GPU inside a function that XLA compiled; return "works" or the error."""
    import tensorflow as tf

    @tf.function(jit_compile=True, autograph=False)  # type: ignore[untyped-decorator]
    def product(a: tf.Tensor) -> tf.Tensor:
        return tf.linalg.matmul(a, a)

    try:
        with tf.device("/GPU:0"):
            value = float(tf.reduce_sum(product(tf.ones((64, 64)))))
    except (tf.errors.OpError, RuntimeError) as error:
        return f"fails: {str(error).splitlines()[0][:200]}"
    return "works" if value == 64**3 else f"wrong: {value}, expected {64**3}"


def main() -> None:
    """Print one JSON document per line, the second only if the product through XLA did not end the process."""
    findings = {"wheels": required_wheels(), "missing": missing_libraries(), **tensorflow_findings()}
    print(json.dumps(findings), flush=True)
    if findings["devices"]:
        print(json.dumps({"xla": xla_product()}), flush=True)


def probe() -> dict[str, Any]:
    """Run this module in a process of its own and return what it found; `xla` says how a product through XLA ended."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", __name__],
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        return {"error": f"TensorFlow did not answer within {PROBE_SECONDS} s"}
    lines = [line for line in done.stdout.split("\n") if line.startswith("{")]
    if not lines:
        return {
            "error": f"TensorFlow cannot be started: {(done.stderr.strip() or 'no message').splitlines()[-1][:200]}"
        }
    findings: dict[str, Any] = json.loads(lines[0])
    if len(lines) > 1:
        return {**findings, **json.loads(lines[1])}
    return {**findings, "xla": f"ends the process (exit {done.returncode})" if findings["devices"] else None}


if __name__ == "__main__":
    main()
