"""Execution of the notebook."""

import nbformat
import pytest

from pw13.errors import UserError
from pw13.report.renderers import notebook_execution


def one_cell(source):
    return nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source)], metadata={"kernelspec": notebook_execution.KERNEL}
    )


def test_cells_run_in_the_folder_and_standard_error_is_dropped(tmp_path):
    cells = one_cell("import sys, os\nprint(1 + 1, file=sys.stderr)\nprint(os.getcwd())")
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
    assert "\n" not in str(refused.value)
