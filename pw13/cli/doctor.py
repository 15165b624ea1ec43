"""`pw13 doctor`: what this installation and machine have."""

import importlib.util
import os
from pathlib import Path
from typing import Any

from pw13 import console
from pw13.cli.options import JsonOption
from pw13.data.source import resolve_path
from pw13.system import machine

EXTRAS = {"tensorboard": "tensorboard", "distributed": "cluster", "sklearnex": "fast", "torch": "bench"}
X86_LEVELS = {"X86_V2": "SSE4.2", "X86_V3": "AVX2, FMA", "X86_V4": "AVX-512"}  # the x86-64 psABI's levels


def doctor(json: JsonOption = None) -> None:
    """Show versions, processor, places, and what is missing."""
    findings = report()
    if json:
        return console.json_document(findings)
    for topic in ("versions", "machine", "places"):
        console.key_values(topic, findings[topic])
    console.table("missing", ("what: how to get it",), [(line,) for line in findings["missing"]] or [("nothing",)])


def report() -> dict[str, Any]:
    """The findings by topic, ready for a table or for JSON."""
    return {
        "versions": machine.versions(),
        "machine": {**machine.facts(), "memory": memory(), "SIMD": ", ".join(simd()), "oneDNN": one_dnn()},
        "places": places(),
        "missing": missing(),
    }


def memory() -> str:
    """How much memory there is, and how much of it is free."""
    import psutil

    held = psutil.virtual_memory()
    return f"{held.total / 2**30:.1f} GiB, {held.available / 2**30:.1f} GiB of it free"


def simd() -> list[str]:
    """The vector instructions that NumPy found and can use; its levels of x86-64 with the name that is better known."""
    import numpy as np

    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])  # type: ignore[call-overload, index]
    return [f"{name} ({X86_LEVELS[name]})" if name in X86_LEVELS else name for name in found]


def one_dnn() -> str:
    asked = os.environ.get("TF_ENABLE_ONEDNN_OPTS")
    return "on (pw13 switches it on)" if asked is None else f"TF_ENABLE_ONEDNN_OPTS={asked} in the environment"


def places() -> dict[str, str]:
    """Where pw13 looks and writes, and whether it may."""
    import platformdirs

    cache = Path(platformdirs.user_cache_dir("pw13"))
    return {
        "images": resolve_path("data", None),
        "names": resolve_path("corpus", None),
        "PW13_DATA_DIR": os.environ.get("PW13_DATA_DIR", "not set"),
        "cache": f"{cache} ({_access(cache)})",
        "runs": f"{Path('runs').absolute()} ({_access(Path('runs'))})",
    }


def missing() -> list[str]:
    """What some command would need and does not find, with the way to get it."""
    found = [f"{name}: pip install {name}" for name, version in machine.versions().items() if version == "missing"]
    extras = {extra for module, extra in EXTRAS.items() if importlib.util.find_spec(module) is None}
    found += [f"extra [{extra}]: pip install -e '.[{extra}]' in pw13's folder" for extra in sorted(extras)]
    if resolve_path("data", None) == "builtin":
        found.append("notMNIST: pw13 data fetch notmnist (until then the built-in letters are used)")
    if resolve_path("corpus", None) == "builtin":
        found.append("companies.csv: pw13 data fetch names (until then the built-in names are used)")
    return found


def _access(folder: Path) -> str:
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return "writable" if os.access(nearest, os.W_OK) else "not writable"
