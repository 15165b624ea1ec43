"""Execution of the notebook."""

import os
import signal
import tempfile
import threading
import time

import nbformat
import pytest

from pw13.errors import UserError
from pw13.report.renderers import notebook_execution
from pw13.system import signals


@pytest.fixture(autouse=True)
def no_request():
    yield
    signals.reset()


def one_cell(source):
    return nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source)], metadata={"kernelspec": notebook_execution.KERNEL}
    )


def test_cells_run_in_the_folder_without_anything_of_the_users(tmp_path, monkeypatch):
    """Standard error is dropped; modules, profiles and settings of the user's are not read; no network is needed."""
    for name in ("signal", "zmq", "fractions"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(1)", "utf-8")
    startup = tmp_path / "home/.ipython/profile_default/startup"
    startup.mkdir(parents=True)
    (startup / "0.py").write_text("print('startup')", "utf-8")
    (tmp_path / "matplotlibrc").write_text("text.usetex: True", "utf-8")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONSTARTUP", str(startup / "0.py"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    cells = one_cell(
        "import sys, os, fractions, matplotlib, IPython\nprint(1 + 1, file=sys.stderr)\nprint(os.getcwd())\n"
        "assert not matplotlib.rcParams['text.usetex'] and os.environ['CUDA_VISIBLE_DEVICES'] == '-1'\n"
        "assert IPython.get_ipython().kernel.parent.transport == 'ipc'"
    )
    (cell,) = notebook_execution.execute(cells, folder=tmp_path)["cells"]
    assert [out["text"] for out in cell["outputs"]] == [f"{tmp_path}\n"]
    assert "execution" not in cell["metadata"]


def test_pieces_of_standard_output_are_joined():
    out = nbformat.v4.new_output
    pieces = [
        out("stream", name="stdout", text="a"),
        out("stream", name="stderr", text="x"),
        out("stream", name="stdout", text="b"),
    ]
    image = out("display_data", data={"image/png": "QQ=="})
    cleaned = notebook_execution.clean_outputs([*pieces, image, pieces[2]])
    assert [output.get("text") for output in cleaned] == ["ab", None, "b"]


def test_a_failing_cell_is_one_line(tmp_path):
    with pytest.raises(UserError, match=r"ZeroDivisionError") as refused:
        notebook_execution.execute(one_cell("1 / 0"), folder=tmp_path)
    assert "\n" not in str(refused.value) and "\x1b" not in str(refused.value)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_kernel_and_leaves_nothing(tmp_path, monkeypatch, number):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    source = "import os, pathlib, time\npathlib.Path('pid').write_text(str(os.getpid()))\ntime.sleep(60)"
    before = signal.getsignal(number)
    stopper = threading.Thread(target=request_once, args=(tmp_path / "pid", number))
    stopper.start()
    with pytest.raises(signals.Interrupted) as stopped:
        notebook_execution.execute(one_cell(source), folder=tmp_path)
    stopper.join()
    assert stopped.value.number == number and signal.getsignal(number) is before
    assert list(tmp_path.iterdir()) == [tmp_path / "pid"]
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text("utf-8")), 0)


def request_once(path, number):
    """Ask to stop as soon as the cell of the notebook runs."""
    while not path.exists():
        time.sleep(0.05)
    signals.request(number)
