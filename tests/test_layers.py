"""Imports point down the floors, and nothing heavy is imported before a command needs it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import pw13

PACKAGE = Path(pw13.__file__).parent
HEAVY = ("tensorflow", "keras", "sklearn", "pandas", "matplotlib", "scipy", "skimage", "h5py", "dask", "distributed")

# From the top down; a module imports from floors below its own, or from siblings in its folder.
FLOORS = [
    ["__main__"],
    ["cli"],
    ["coursework"],
    ["sweeps"],
    ["report"],
    ["experiments"],
    ["explore"],
    ["inference", "training"],
    ["runs", "models"],
    ["data", "figures"],
    ["baselines", "console"],
    ["config", "svm"],
    ["metrics", "system"],
    ["errors"],
]


def modules() -> dict[str, Path]:
    """Return each module of the package, such as "runs.folder", with its file."""
    paths = {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in PACKAGE.rglob("*.py")}
    return {name.removesuffix(".__init__"): path for name, path in paths.items() if name != "__init__"}


def imports(path: Path, known: set[str]) -> set[str]:
    """Return the modules of `known` that a file imports, inside functions too."""
    imported = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "pw13":
            module = (node.module or "").removeprefix("pw13").lstrip(".")
            for alias in node.names:
                full = f"{module}.{alias.name}".lstrip(".")
                imported.add(full if full in known else module)
        if isinstance(node, ast.Import):
            imported |= {alias.name.removeprefix("pw13.") for alias in node.names if alias.name.startswith("pw13.")}
    return imported - {""}


def graph() -> dict[str, set[str]]:
    paths = modules()
    return {module: imports(path, set(paths)) - {module} for module, path in paths.items()}


def floor(module: str) -> int:
    top = module.split(".")[0]
    for number, names in enumerate(FLOORS):
        if top in names:
            return number
    pytest.fail(f"{module} is on no floor")


def test_imports_point_down():
    wrong = [
        f"{module} imports {other}"
        for module, others in graph().items()
        for other in others
        if module.split(".")[0] != other.split(".")[0] and floor(other) <= floor(module)
    ]
    assert sorted(wrong) == []


def test_imports_have_no_cycles():
    assert cycles(graph()) == []
    assert cycles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]


def cycles(edges: dict[str, set[str]]) -> list[list[str]]:
    """Return the modules on a cycle of imports, by repeatedly removing those without importers or imports."""
    left = dict(edges)
    while True:
        imported = set().union(*left.values()) if left else set()
        kept = {
            name: others & left.keys() for name, others in left.items() if others & left.keys() and name in imported
        }
        if kept == left:
            return [sorted(left)] if left else []
        left = kept


def test_only_errors_is_outside_the_packages():
    assert {path.stem for path in PACKAGE.glob("*.py")} == {"__init__", "__main__", "errors"}


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
