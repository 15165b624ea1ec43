"""Small inputs that many tests share, and a way to run pw13 in this process."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from pw13.data.idx import write_idx
from tests import tally

FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


def start_tensorflow():
    """TensorFlow, started as pw13 starts it; for test modules that use it directly. Returns the module."""
    from pw13 import tensorflow_setup

    tensorflow_setup.start(2, 0)
    import tensorflow

    return tensorflow


def make_images(count: int, seed: int, size: tuple[int, int] = (28, 28)) -> tuple[np.ndarray, np.ndarray]:
    """`count` images of ten classes that are easy to tell apart: a bright block in one of ten cells, on dim noise."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % 10).astype(np.uint8)
    images = rng.integers(0, 60, (count, *size)).astype(np.uint8)
    height, width = size[0] // 2, size[1] // 5
    for image, label in zip(images, labels, strict=True):
        row, column = divmod(int(label), 5)
        image[row * height : (row + 1) * height, column * width : (column + 1) * width] = rng.integers(180, 256)
    return images, labels


def make_data(folder: Path, train: int = 120, test: int = 60, size: tuple[int, int] = (28, 28)) -> Path:
    """A folder of four IDX files."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = (*make_images(train, 1, size), *make_images(test, 2, size))
    for name, array in zip(FILES, arrays, strict=True):
        write_idx(folder / name, array.shape, [array])
    return folder


def make_names(count: int, seed: int = 5) -> list[str]:
    """Distinct pronounceable names that belong to no one."""
    rng = np.random.default_rng(seed)
    names: dict[str, None] = {}
    while len(names) < count:
        syllables = (
            "".join(rng.choice(list(part)) for part in ("bcdfgklmnprstvz", "aeiou")) for _ in range(rng.integers(2, 4))
        )
        names["".join(syllables).capitalize() + str(rng.choice(["", " Labs", ".io", " Co"]))] = None
    return list(names)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small image set of ten classes."""
    return make_data(tmp_path_factory.mktemp("images"))


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small list of names."""
    path = tmp_path_factory.mktemp("names") / "names.txt"
    path.write_text("".join(name + "\n" for name in make_names(300)), encoding="utf-8", newline="")
    return path


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs in a folder of its own, without the user's data or caches; real-data tests set them back."""
    monkeypatch.chdir(tmp_path)
    if "PW13_DATA_DIR" in os.environ:
        monkeypatch.setenv("PW13_REAL_DATA", os.environ["PW13_DATA_DIR"])
        monkeypatch.delenv("PW13_DATA_DIR")


@pytest.fixture
def real_data(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with the real notMNIST and companies.csv; skips where there is none."""
    if "PW13_REAL_DATA" not in os.environ:
        pytest.skip("PW13_DATA_DIR is not set")
    monkeypatch.setenv("PW13_DATA_DIR", os.environ["PW13_REAL_DATA"])
    return Path(os.environ["PW13_REAL_DATA"])


@pytest.fixture
def pw13(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """Runs a command in this process: `pw13("runs", "list")` -> (exit code, standard output, standard error)."""
    from pw13 import cli, console, stopping

    monkeypatch.setattr(stopping, "listen", lambda: None)  # pytest keeps Ctrl-C for itself

    def run(*arguments: object) -> tuple[int, str, str]:
        capfd.readouterr()
        code = cli.main([str(a) for a in arguments])
        sys.stdout.flush()
        console.start()
        out, err = capfd.readouterr()
        return code, out, err

    return run


def load_json(path: Path) -> dict:
    return json.loads(path.read_text("utf-8"))


def only_run(runs: Path, kind: str) -> Path:
    """The one run folder of a kind."""
    (folder,) = runs.glob(f"*_{kind}")
    return folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """After tests of faults: what was tried and what was lost."""
    for line in tally.lines(len(terminalreporter.stats.get("failed", []))):
        terminalreporter.write_line(line)
