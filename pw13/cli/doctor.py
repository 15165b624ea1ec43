"""`pw13 doctor`: versions, hardware, paths and missing components."""

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
    """Show versions, hardware, paths and missing components."""
    findings = report()
    if json:
        return console.json_document(findings)
    for title, key in (("versions", "versions"), ("machine", "machine"), ("paths", "places")):
        console.key_values(title, findings[key])
    console.table("missing", ("component: command",), [(line,) for line in findings["missing"]] or [("nothing",)])


def report() -> dict[str, Any]:
    """Return the findings by topic, ready for a table or for JSON."""
    return {
        "versions": machine.versions(),
        "machine": {**machine.facts(), "memory": memory(), "SIMD": ", ".join(simd()), "oneDNN": one_dnn()},
        "places": places(),
        "missing": missing(),
    }


def memory() -> str:
    """Describe the total and the free memory."""
    import psutil

    ram = psutil.virtual_memory()
    return f"{ram.total / 2**30:.1f} GiB, {ram.available / 2**30:.1f} GiB free"


def simd() -> list[str]:
    """Return the vector instructions that NumPy found; its x86-64 levels with their instruction sets."""
    import numpy as np

    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])  # type: ignore[call-overload, index]
    return [f"{name} ({X86_LEVELS[name]})" if name in X86_LEVELS else name for name in found]


def one_dnn() -> str:
    value = os.environ.get("TF_ENABLE_ONEDNN_OPTS")
    return "on (set by pw13)" if value is None else f"TF_ENABLE_ONEDNN_OPTS={value} (environment)"


def places() -> dict[str, str]:
    """Return the paths that pw13 reads and writes, and whether they are writable."""
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
    """Return the components that some command needs and that are missing, with the command that installs them."""
    lines = [f"{name}: pip install {name}" for name, version in machine.versions().items() if version == "missing"]
    extras = {extra for module, extra in EXTRAS.items() if importlib.util.find_spec(module) is None}
    lines += [f"extra [{extra}]: pip install -e '.[{extra}]' in the pw13 folder" for extra in sorted(extras)]
    if resolve_path("data", None) == "builtin":
        lines.append("notMNIST: pw13 data fetch notmnist (meanwhile the built-in letters are used)")
    if resolve_path("corpus", None) == "builtin":
        lines.append("companies.csv: pw13 data fetch names (meanwhile the built-in names are used)")
    return lines


def _access(folder: Path) -> str:
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return "writable" if os.access(nearest, os.W_OK) else "not writable"
