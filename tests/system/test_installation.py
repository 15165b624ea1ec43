"""The command that installs what is missing."""

import sys

import pytest

from pw13.system import installation


@pytest.mark.parametrize(
    ("executable", "shown"),
    [
        (str(installation.ROOT / ".venv" / "bin" / "python"), ".venv/bin/python"),
        ("/elsewhere/bin/python", "/elsewhere/bin/python"),
    ],
)
def test_it_installs_into_this_environment_in_the_versions_of_the_readme(monkeypatch, executable, shown):
    monkeypatch.setattr(sys, "executable", executable)
    pip = f"{shown} -m pip install -c constraints.txt -e"
    assert installation.install_hint("tensorboard") == f'{pip} ".[tensorboard]" in pw13\'s folder'
    assert installation.install_hint() == f"{pip} . in pw13's folder"
    assert pip in (installation.ROOT / "README.md").read_text("utf-8") or shown != ".venv/bin/python"
