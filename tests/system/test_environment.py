"""The user's environment: Python's switches, settings of libraries, modules in the current folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pw13.system import environment


def pw13(*arguments: str, switches: tuple[str, ...] = (), **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *switches, "-m", "pw13", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **variables})


@pytest.mark.parametrize(
    ("switches", "variables"),
    [((), {"PYTHONOPTIMIZE": "2"}), (("-OO", "-W", "error"), {}), (("-Xdev",), {"PYTHONWARNINGS": "error"})],
)
def test_switches_of_python_do_not_matter(switches, variables):
    done = pw13("runs", "--help", switches=switches, **variables)
    assert done.returncode == 0 and "List runs, oldest first" in done.stdout and done.stderr == ""
    assert pw13("runs", "list", switches=switches, **variables).returncode == 1


def test_only_switches_that_matter_are_dropped():
    given = ["-O", "-B", "-W", "error", "-Werror", "-X", "dev", "-X", "utf8", "-OO", "-Xdev", "-m", "pw13"]
    assert environment._without_switches(given) == ["-B", "-X", "utf8", "-m", "pw13"]


def test_figures_have_matplotlibs_own_settings():
    Path("matplotlibrc").write_text("text.usetex: True\nfont.size: 77\nno.such: key\n", "utf-8")
    code = "from pw13 import figures; import matplotlib as m; print(m.rcParams['text.usetex'], m.rcParams['font.size'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False 10.0\n"
