"""Imports point one way, and nothing heavy is imported before a command needs it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import pw13

PACKAGE = Path(pw13.__file__).parent
HEAVY = ("tensorflow", "keras", "sklearn", "pandas", "matplotlib", "scipy", "skimage", "h5py", "dask", "distributed")

# From the top down; a module imports from lines below its own, or from siblings in its folder.
LAYERS = [
    ["__main__"],
    ["cli"],
    ["crews"],
    ["workers"],
    ["experiments"],
    ["report"],
    ["sweeps"],
    ["tables", "tables_data", "resuming", "comparison", "grid", "training", "hearing", "encoders", "writers", "doctor"],
    ["models", "sampling"],
    ["recurrent"],
    ["figures", "compression", "svm", "tensorflow_setup"],
    ["data", "baselines"],
    ["metrics", "statistics"],
    ["runs", "checkpoints"],
    ["records"],
    ["presets"],
    ["console", "config", "stopping", "machine", "tasks"],
    ["files", "fields"],
    ["errors"],
]


def modules() -> dict[str, Path]:
    return {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
        for path in PACKAGE.rglob("*.py")
    }


def imports(path: Path) -> set[str]:
    """The pw13 modules that a file imports, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "pw13":
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("pw13.")}
    return {name.removeprefix("pw13.") for name in found if name != "pw13.__version__"}


def layer(module: str) -> int:
    top = module.split(".")[0]
    for number, names in enumerate(LAYERS):
        if top in names:
            return number
    pytest.fail(f"{module} stands in no layer")


def test_imports_point_one_way():
    wrong = [
        f"{module} imports {other}"
        for module, path in modules().items()
        if module not in ("", "__init__")
        for other in imports(path)
        if layer(other) < layer(module)
        or (layer(other) == layer(module) and other.split(".")[0] != module.split(".")[0])
    ]
    assert sorted(wrong) == []


@pytest.mark.parametrize("arguments", [["--help"], ["train-dense-ae", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(arguments):
    code = (
        "import sys; from pw13.cli import main; code = main(sys.argv[1:]);"
        f"heavy = [name for name in {(*HEAVY, 'numpy')!r} if name in sys.modules];"
        "print(heavy, file=sys.stderr); sys.exit(code or bool(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
