"""The processor that trains: the CPU, unless a GPU is asked for.

TensorFlow takes every GPU that it finds, and all of its memory. Results would then depend on the machine without a
word, so GPUs are hidden unless `--device gpu` or PW13_DEVICE asks for one.
"""

import functools
import os
import shutil
import subprocess
from typing import Any

from pw13.errors import AlreadyRunningError, OptionError, ResumeError

VARIABLE = "PW13_DEVICE"
# The first compute capability (RTX 50xx) for which XLA in TensorFlow 2.21 has no kernels: compiling ends the process.
XLA_LACKS = (12, 0)
QUERY_SECONDS = 10


def from_environment() -> str | None:
    """Return the device that PW13_DEVICE names; None if it is not set.

    Raises:
        OptionError: neither cpu nor gpu.
    """
    value = os.environ.get(VARIABLE)
    if value and value not in ("cpu", "gpu"):
        raise OptionError(f"{VARIABLE}: expected cpu or gpu, received {value[:80]!r}")
    return value or None


def select(device: str) -> None:
    """Make TensorFlow use the CPU alone ("cpu") or the first GPU ("gpu"), before it runs its first operation.

    On a GPU: memory as it is needed, no TF32, deterministic operations.

    Raises:
        OptionError: there is no GPU.
        AlreadyRunningError: TensorFlow already runs with another device.
    """
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")[:1] if device == "gpu" else []
    if device == "gpu" and not gpus:
        raise OptionError("--device gpu: TensorFlow finds no GPU; pw13 doctor shows what is missing")
    try:
        tf.config.set_visible_devices(gpus, "GPU")
        for gpu in gpus:
            tf.config.experimental.set_memory_growth(gpu, True)
    except RuntimeError:
        raise AlreadyRunningError(
            f"--device {device}: TensorFlow already runs on another device in this process"
        ) from None
    if gpus:
        tf.config.experimental.enable_tensor_float_32_execution(False)
        tf.config.experimental.enable_op_determinism()


def facts() -> dict[str, Any]:
    """Return what run.json records of the device that TensorFlow uses.

    `kind` is cpu or gpu; a GPU adds name, driver, compute_capability, cuda, cudnn, xla and deterministic.
    """
    import tensorflow as tf

    gpus = tf.config.get_visible_devices("GPU")
    if not gpus:
        return {"kind": "cpu"}
    details, build = tf.config.experimental.get_device_details(gpus[0]), tf.sysconfig.get_build_info()
    return {
        "kind": "gpu",
        "name": details.get("device_name"),
        "driver": next((gpu["driver_version"] for gpu in nvidia_gpus()), None),
        "compute_capability": ".".join(map(str, details.get("compute_capability", ()))) or None,
        "cuda": build.get("cuda_version"),
        "cudnn": build.get("cudnn_version"),
        "xla": supports_xla(),
        "deterministic": True,
    }


def supports_xla() -> bool:
    """Return whether XLA has kernels for the device that TensorFlow uses."""
    import tensorflow as tf

    gpus = tf.config.get_visible_devices("GPU")
    if not gpus:
        return True
    capability = tf.config.experimental.get_device_details(gpus[0]).get("compute_capability")
    return capability is not None and tuple(capability) < XLA_LACKS


def refuse_other(recorded: Any, used: dict[str, Any]) -> None:
    """Refuse to resume on another device than `recorded` in run.json; runs before 0.2.0 recorded none.

    Raises:
        ResumeError: kind or name differ.
    """
    if isinstance(recorded, dict) and describe(recorded) != describe(used):
        raise ResumeError(
            f"--device: trained on {describe(recorded)} so far, received {describe(used)}, where the weights would "
            "differ from those of an uninterrupted run; add --force to go on all the same"
        )


def describe(recorded: dict[str, Any]) -> str:
    """Return "cpu", or "gpu (NAME)"."""
    kind, name = recorded.get("kind"), recorded.get("name")
    return f"{kind} ({name})" if name else str(kind)


@functools.cache
def nvidia_gpus() -> tuple[dict[str, str], ...]:
    """Return name, driver_version, compute_cap and memory.total of each GPU that NVIDIA's driver knows.

    TensorFlow is not imported. Empty without a driver.
    """
    keys = ("name", "driver_version", "compute_cap", "memory.total")
    if not (command := shutil.which("nvidia-smi")):
        return ()
    try:
        done = subprocess.run(
            [command, f"--query-gpu={','.join(keys)}", "--format=csv,noheader"],
            capture_output=True, text=True, check=True, timeout=QUERY_SECONDS,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ()
    rows = [[value.strip() for value in line.split(",")] for line in done.stdout.split("\n") if line.strip()]
    return tuple(dict(zip(keys, row, strict=True)) for row in rows if len(row) == len(keys))


def visible_gpus() -> list[str]:
    """Return the GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is None:
        return [str(number) for number in range(len(nvidia_gpus()))]
    return [name.strip() for name in chosen.split(",") if name.strip() not in ("", "-1")]


def take_turns(number: int) -> None:
    """Give worker `number` one of the GPUs, in turn; must be called before TensorFlow is imported."""
    if gpus := visible_gpus():
        os.environ["CUDA_VISIBLE_DEVICES"] = gpus[number % len(gpus)]
