"""Fixtures: small data sets, an empty working folder per test, and pw13 in this process."""

import os
import sys
from pathlib import Path

import pytest

from pw13.system import threads
from tests.helpers import tally
from tests.helpers.data import make_data, make_names

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
threads.let_sleep()


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small image set of ten classes."""
    return make_data(tmp_path_factory.mktemp("images"))


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small list of names."""
    path = tmp_path_factory.mktemp("names") / "names.txt"
    path.write_text("".join(name + "\n" for name in make_names(300)), encoding="utf-8", newline="")
    return path


@pytest.fixture(autouse=True)
def show_messages() -> None:
    """Show messages, whatever an earlier test has silenced."""
    from pw13 import console

    console.start()


@pytest.fixture(scope="session")
def session_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a cache folder for all tests, empty at the start: never the user's."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, session_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run every test in a folder of its own, without the user's data and cache; `real_data` restores the data."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PW13_CACHE_DIR", str(session_cache))
    if "PW13_DATA_DIR" in os.environ:
        monkeypatch.setenv("PW13_REAL_DATA", os.environ["PW13_DATA_DIR"])
        monkeypatch.delenv("PW13_DATA_DIR")


@pytest.fixture
def real_data(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder with the real notMNIST and companies.csv; skip the test if there is none."""
    if "PW13_REAL_DATA" not in os.environ:
        pytest.skip("PW13_DATA_DIR is not set")
    monkeypatch.setenv("PW13_DATA_DIR", os.environ["PW13_REAL_DATA"])
    return Path(os.environ["PW13_REAL_DATA"])


@pytest.fixture
def pw13(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """Return a function that runs a command: `pw13("runs", "list")` -> (exit code, standard output, standard error)."""
    from pw13 import cli, console
    from pw13.system import signals

    monkeypatch.setattr(signals, "listen", lambda: None)  # pytest keeps Ctrl-C for itself

    def run(*arguments: object) -> tuple[int, str, str]:
        capfd.readouterr()
        code = cli.main([str(a) for a in arguments])
        sys.stdout.flush()
        console.start()
        out, err = capfd.readouterr()
        return code, out, err

    return run


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the fault tests have tried and lost."""
    for line in tally.lines(len(terminalreporter.stats.get("failed", []))):
        terminalreporter.write_line(line)
