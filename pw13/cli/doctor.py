"""`pw13 doctor`: versions, hardware, paths and missing components."""

import importlib.util
import os
import platform
import sys
from pathlib import Path
from typing import Any

from pw13 import console
from pw13.cli.options import JsonOption
from pw13.config import DEFAULT_RUNS_DIR
from pw13.data.source import resolve_path
from pw13.errors import OptionError, UserError
from pw13.system import device, machine
from pw13.system.installation import install_hint

# Module -> the extra that installs it.
EXTRAS = {"tensorboard": "tensorboard", "distributed": "cluster", "sklearnex": "fast", "torch": "bench"}
# NumPy's names of the x86-64 psABI levels.
X86_LEVELS = {"X86_V2": "SSE4.2", "X86_V3": "AVX2, FMA", "X86_V4": "AVX-512"}


def doctor(json: JsonOption = None) -> None:
    """Show versions, hardware, paths and missing components."""
    findings: dict[str, Any] = {
        "versions": machine.versions(),
        "machine": {**machine.facts(), "memory": _memory(), "SIMD": ", ".join(simd_extensions()), "oneDNN": _one_dnn()},
        "gpu": gpu_findings(),
        "places": _paths(),
        "missing": missing_components(),
    }
    if json:
        return console.json_document(findings)
    for key, title in (("versions", "versions"), ("machine", "machine"), ("gpu", "GPU"), ("places", "paths")):
        console.key_values(title, findings[key])
    console.table("missing", ("component: command",), [(line,) for line in findings["missing"]] or [("nothing",)])


def gpu_findings() -> dict[str, str]:
    """Return what is known of NVIDIA GPUs; TensorFlow is started, in a process of its own, only where there is one."""
    from pw13.system import gpu_probe

    gpus, wheels = device.nvidia_gpus(), gpu_probe.required_wheels()
    installed = sum(version is not None for version in wheels.values())
    findings = {
        "device": _device(),
        "driver": gpus[0]["driver_version"] if gpus else "none (nvidia-smi finds no GPU)",
        **{f"GPU {number}": _describe_gpu(gpu) for number, gpu in enumerate(gpus)},
        "NVIDIA wheels": (
            f"{installed} of {len(wheels)}" + ("" if installed else " (extra gpu: 2.8 GB, Linux only)")
            if wheels
            else "unknown (TensorFlow names them, and is missing)"
        ),
    }
    return {**findings, **(_probe_findings(gpu_probe.probe()) if gpus or installed else {})}


def _device() -> str:
    try:
        return device.from_environment() or "cpu"
    except OptionError as error:
        return str(error)


def _describe_gpu(gpu: dict[str, str]) -> str:
    xla = "" if _capability(gpu) < device.XLA_LACKS else "; TensorFlow's XLA lacks kernels for it: trains without XLA"
    return f"{gpu['name']}, {gpu['memory.total']}, compute capability {gpu['compute_cap']}{xla}"


def _capability(gpu: dict[str, str]) -> tuple[int, ...]:
    return tuple(int(part) for part in gpu["compute_cap"].split(".") if part.isdigit())


def _probe_findings(found: dict[str, Any]) -> dict[str, str]:
    """Return the lines on what TensorFlow itself finds."""
    if "error" in found:
        return {"TensorFlow": found["error"]}
    names = [f"{gpu['name']} ({gpu['compute_capability']})" for gpu in found["devices"]]
    return {
        "TensorFlow built for": f"CUDA {found['cuda']}, cuDNN {found['cudnn']}",
        "TensorFlow finds": ", ".join(names) or "no GPU",
        "libraries that fail to load": "; ".join(found["missing"]) or "none",
        "product through XLA": found["xla"] or "not tried",
        "determinism": "on whenever a GPU trains",
    }


def simd_extensions() -> list[str]:
    """Return the vector instructions that NumPy found; its x86-64 levels with their instruction sets."""
    import numpy as np

    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    return [f"{name} ({X86_LEVELS[name]})" if name in X86_LEVELS else name for name in found]


def missing_components() -> list[str]:
    """Return the components that some command needs and that are missing, with the command that installs them."""
    lines = [f"{name}: {install_hint()}" for name, version in machine.versions().items() if version == "missing"]
    extras = {extra for module, extra in EXTRAS.items() if importlib.util.find_spec(module) is None}
    if sys.platform == "darwin" or platform.machine() not in ("x86_64", "AMD64"):
        extras.discard("fast")  # as pyproject.toml has it: there is no build of it
    lines += [f"extra [{extra}]: {install_hint(extra)}" for extra in sorted(extras)]
    if _resolved("data") == "builtin":
        lines.append("notMNIST: pw13 data fetch notmnist (meanwhile the built-in letters are used)")
    if _resolved("corpus") == "builtin":
        lines.append("companies.csv: pw13 data fetch names (meanwhile the built-in names are used)")
    return lines


def _memory() -> str:
    import psutil

    ram = psutil.virtual_memory()
    return f"{ram.total / 2**30:.1f} GiB, {ram.available / 2**30:.1f} GiB free"


def _one_dnn() -> str:
    value = os.environ.get("TF_ENABLE_ONEDNN_OPTS")
    return "on (set by pw13)" if value is None else f"TF_ENABLE_ONEDNN_OPTS={value} (environment)"


def _paths() -> dict[str, str]:
    """Return the paths that pw13 reads and writes, and whether they are writable."""
    from pw13.system.cache import folder

    cache = folder()
    return {
        "images": _resolved("data"),
        "names": _resolved("corpus"),
        "PW13_DATA_DIR": os.environ.get("PW13_DATA_DIR", "not set"),
        "cache": f"{cache} ({_access(cache)})",
        "runs": f"{DEFAULT_RUNS_DIR.absolute()} ({_access(DEFAULT_RUNS_DIR)})",
    }


def _resolved(name: str) -> str:
    try:
        return resolve_path(name, None)
    except UserError as error:
        return str(error)


def _access(folder: Path) -> str:
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return "writable" if os.access(nearest, os.W_OK) else "not writable"
