"""The report as a notebook."""

import re

import nbformat
import numpy as np
import pytest

from pw13.errors import UserError
from pw13.report.renderers import notebook, notebook_execution
from pw13.report.run_selection import select_runs
from tests.helpers.report_runs import IMAGES, NAMES, build, make_run


def make_notebook(runs):
    return notebook.notebook(build(runs), select_runs([], runs))


def code_cells(runs) -> list[str]:
    return [cell["source"] for cell in make_notebook(runs)["cells"] if cell["cell_type"] == "code"]


def test_the_notebook_is_valid_and_reproducible(runs):
    cells = make_notebook(runs)
    nbformat.validate(cells)
    assert [cell["id"] for cell in cells["cells"]] == [f"cell-{i:03d}" for i in range(1, len(cells["cells"]) + 1)]
    assert notebook.to_bytes(cells) == notebook.to_bytes(make_notebook(runs))


def test_the_code_compiles_and_holds_the_facts_of_the_runs(runs):
    code = code_cells(runs)
    for source in code:
        compile(source, "cell", "exec")
        assert "{{" not in source
    namespace: dict = {}
    exec(code[1], namespace)
    assert namespace["RUNS"]["dense-ae"] == {
        "name": "2026-11-24_10-00-00_dense-ae",
        "parameters": 50992,
        "data": "a" * 64,
    }
    assert any("load_images('/data/notmnist')" in source for source in code)


def test_the_code_uses_the_settings_of_the_runs(tmp_path):
    make_run(tmp_path, "charrnn", units=48, length=12, encoding="latin-1")
    code = "\n".join(code_cells(tmp_path))
    assert "units = 48\n" in code
    assert "length, skip = 12, 3" in code
    assert "load_names('/data/companies.csv', encoding='latin-1')" in code
    assert '"parameters": None' in code


@pytest.mark.parametrize("layers", [1, 3])
def test_the_code_stacks_as_many_layers_as_the_run(tmp_path, layers):
    make_run(tmp_path, "charrnn", layers=layers)
    code = "\n".join(code_cells(tmp_path))
    one, many, gated = (code[code.index(start) :].split("Dense(")[0] for start in ("model = ", "many = ", "gated = "))
    assert one.count("SimpleRNN(units") == many.count("SimpleRNN(units") == gated.count("cell(units") == layers
    assert one.count("return_sequences=True") == gated.count("return_sequences=True") == layers - 1
    assert many.count("return_sequences=True") == layers
    compile(code, "notebook", "exec")


@pytest.mark.parametrize("kind", ["gaussian", "salt-pepper", "masking"])
def test_the_code_adds_the_noise_of_the_run(tmp_path, kind):
    make_run(tmp_path, "conv-dae", noise_kind=kind, noise=0.25)
    (function,) = re.findall(r"def noisy\(x\):\n(?:    .*\n)+", "\n".join(code_cells(tmp_path)))
    namespace = {"np": np, "rng": np.random.default_rng(0)}
    exec(function, namespace)
    noisy = namespace["noisy"](np.full((40, 40), 0.5, np.float32))
    assert noisy.dtype == np.float32
    if kind == "gaussian":
        assert noisy.min() >= 0 and noisy.max() <= 1 and np.std(noisy) == pytest.approx(0.24, abs=0.03)
    else:
        assert set(np.unique(noisy)) == ({0, 0.5, 1} if kind == "salt-pepper" else {0, 0.5})
        assert np.mean(noisy != 0.5) == pytest.approx(0.25, abs=0.05)


@pytest.mark.slow
def test_the_executed_notebook_is_reproducible_and_checks_parameters_of_the_runs(data, corpus, tmp_path):
    from pw13.data.images import load_images
    from pw13.data.names import load_names

    images, names = load_images(str(data)).source, load_names(str(corpus)).source
    distinct = len(set(corpus.read_text("utf-8")))
    of_images = {**IMAGES, "path": str(data), "sha256": images.sha256}
    of_names = {**NAMES, "path": str(corpus), "sha256": names.sha256}
    parameters = 64 * (distinct + 64 + 1) + 64 * (64 + 64 + 1) + 65 * distinct
    make_run(tmp_path, "dense-ae", 0, data=of_images)
    make_run(tmp_path, "conv-dae", 1, data=of_images)
    make_run(tmp_path, "charrnn", 2, data=of_names, layers=2, metrics={"parameters": parameters})

    def execute():
        return notebook_execution.execute(make_notebook(tmp_path), folder=tmp_path)

    first = execute()
    printed = "".join(o.get("text", "") for c in first["cells"] if c["cell_type"] == "code" for o in c["outputs"])
    assert "autoencoder: 50,992 parameters" in printed
    assert "denoiser: 314,625 parameters" in printed
    assert f"simple_rnn: {parameters:,} parameters" in printed
    assert notebook.to_bytes(execute()) == notebook.to_bytes(first)

    make_run(tmp_path, "charrnn", 3, data=of_names, layers=2, metrics={"parameters": parameters + 1})
    with pytest.raises(UserError, match=f"has {parameters + 1:,}"):
        execute()
