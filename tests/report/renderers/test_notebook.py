"""The report as a notebook."""

import ast
import gzip
import hashlib
import json
import os
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
from matplotlib import pyplot

from pw13.data.images.idx import write_idx
from pw13.data.names import load_names
from pw13.errors import UserError
from pw13.report import hand_in, hand_in_data
from pw13.report.renderers import notebook
from pw13.report.renderers.markdown import DRAWN_BY_CODE
from pw13.report.run_selection import RunSelection, select_runs
from pw13.runs.record import read_run
from tests.helpers.data import make_data
from tests.helpers.report_runs import IMAGES, NAMES, build, make_run, train_further


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
        "data": None,
        "loss": [0.3, 0.15, 0.1495],
        "val_loss": [0.4, 0.25, 0.2495],
    }


@pytest.mark.parametrize("number", ["NaN", "1e999"])
def test_numbers_that_are_not_finite_are_none_in_the_code(tmp_path, number):
    folder = make_run(tmp_path, "dense-ae", losses=[float(number), 0.25])
    for name, key in (("metrics.json", "parameters"), ("run.json", "data")):
        content = {**json.loads((folder / name).read_text("utf-8")), key: "edited"}
        value = number if key == "parameters" else f'{{"files": {{"train-images-idx3-ubyte.gz": {number}}}}}'
        (folder / name).write_text(json.dumps(content).replace('"edited"', value), "utf-8")
    facts: dict = {}
    exec(notebook._values(select_runs([], tmp_path))["runs"], facts)
    run = facts["RUNS"]["dense-ae"]
    assert (run["parameters"], run["data"], run["val_loss"]) == (None, None, [None, 0.25])


def test_the_code_needs_neither_pw13_nor_a_path_of_this_machine(runs):
    code = "\n".join(code_cells(runs))
    assert "pw13" not in code and "/data/" not in code
    modules = set(re.findall(r"^(?:import|from) (\w+)", code, re.MULTILINE))
    standard = {"gzip", "hashlib", "os", "pathlib"}
    assert modules == standard | {"keras", "matplotlib", "numpy", "tensorflow", "sklearn"}


def test_the_code_uses_the_settings_of_the_runs(tmp_path):
    make_run(tmp_path, "charrnn", units=48, length=12)
    code = "\n".join(code_cells(tmp_path))
    assert "units = 48\n" in code
    assert "length, skip = 12, 3" in code
    assert "'data/companies.csv'" in code and '"parameters": None' in code


def test_a_name_of_a_file_is_text_in_the_code(tmp_path):
    name = """my "best" 'names'.txt"""
    make_run(tmp_path, "charrnn", data={**NAMES, "path": f"/home/ada/{name}"})
    (cell,) = [source for source in code_cells(tmp_path) if source.startswith("IMAGES_DIR")]
    constants = [node.value for node in ast.walk(ast.parse(cell)) if isinstance(node, ast.Constant)]
    assert f"data/{name}" in constants


@pytest.mark.parametrize(
    ("kind", "setting", "value"),
    [
        ("charrnn", "skip", "3\nimport os; os.abort()"),
        ("charrnn", "units", "64; x"),
        ("dense-ae", "activation", 'relu"); x("'),
        ("conv-dae", "noise_kind", "other"),
    ],
)
def test_settings_that_are_none_do_not_get_into_the_code(tmp_path, kind, setting, value):
    folder = make_run(tmp_path, kind)
    (record,) = select_runs([], tmp_path).records
    (folder / "config.json").write_text(json.dumps({**record.config, setting: value}), "utf-8")
    with pytest.raises(UserError, match=rf"config\.json: --{setting.replace('_', '-')}: expected "):
        notebook._values(RunSelection((read_run(folder),), "a run that was changed meanwhile"))


@pytest.mark.parametrize(
    ("kind", "read", "not_read"),
    [("charrnn", "read_names()", 'read_idx("'), ("conv-dae", 'read_idx("', "= read_names()")],
)
def test_only_data_of_the_runs_are_read(tmp_path, kind, read, not_read):
    make_run(tmp_path, kind, **({"cell": "lstm"} if kind == "charrnn" else {}))
    code = "\n".join(code_cells(tmp_path))
    assert read in code and not_read not in code
    variables = hand_in_data.environment(select_runs([], tmp_path))
    assert list(variables) == (["NAMES_FILE"] if kind == "charrnn" else ["IMAGES_DIR"])
    names = {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}
    assert {"x_train", "corpus_names"} & names == ({"corpus_names"} if kind == "charrnn" else {"x_train"})


@pytest.mark.parametrize(("denoised", "there"), [(None, False), ("f" * 64, False), (IMAGES["sha256"], True)])
def test_the_denoiser_is_in_the_code_only_if_one_was_trained_on_these_images(tmp_path, denoised, there):
    """It fails on images whose sides are no multiples of 4, which the dense autoencoder takes."""
    make_run(tmp_path, "dense-ae")
    if denoised:
        make_run(tmp_path, "conv-dae", 1, data={**IMAGES, "sha256": denoised})
    code = "\n".join(code_cells(tmp_path))
    assert "autoencoder.fit(" in code and "svm_accuracy(" in code
    assert [text in code for text in ("MaxPooling2D", "denoiser", "def noisy(x)")] == [there] * 3


@pytest.mark.parametrize(("loss", "name"), [("mse", "mse"), ("bce", "binary_crossentropy")])
def test_the_autoencoder_is_trained_with_the_loss_of_the_run(tmp_path, loss, name):
    make_run(tmp_path, "dense-ae", loss=loss)
    make_run(tmp_path, "conv-dae", 1)
    code = "\n".join(code_cells(tmp_path))
    assert re.findall(r'(\w+)\.compile\(.*loss="(\w+)"\)', code)[:2] == [("autoencoder", name), ("denoiser", "mse")]


@pytest.mark.parametrize("images", ["a", "f"])
def test_what_no_code_draws_is_shown_as_the_run_drew_it(tmp_path, images):
    """The code of a denoiser trained on other images is left out."""
    make_run(tmp_path, "dense-ae")
    make_run(tmp_path, "conv-dae", 1, data={**IMAGES, "sha256": images * 64})
    cells = make_notebook(tmp_path)["cells"]
    drawn = {name for cell in cells for name in cell.get("attachments", {})} & set(DRAWN_BY_CODE)
    summaries = [cell["source"] for cell in cells if cell["source"].startswith("summary()")]
    if images == "a":
        assert (drawn, summaries) == (set(), [])
    else:
        assert drawn == {"conv-d-loss.png", "conv-e-denoising.png"}
        assert len(summaries) == 1 and "dense   25,120" in summaries[0]


def readers(runs, folder, monkeypatch):
    """Return the functions of the cell that reads data, run in a folder."""
    monkeypatch.chdir(folder)
    source = next(cell for cell in code_cells(runs) if "def read_idx" in cell)
    namespace: dict = {"gzip": gzip, "hashlib": hashlib, "os": os, "Path": Path, "np": np}
    exec(source, namespace)
    return namespace


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_the_code_reads_idx_files(runs, tmp_path, monkeypatch, suffix):
    array = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    (tmp_path / "data").mkdir()
    write_idx(tmp_path / "data" / f"x-images{suffix}", array.shape, [array])
    read, sha256 = readers(runs, tmp_path, monkeypatch)["read_idx"]("x-images")
    assert read.tolist() == array.tolist()
    assert sha256 == hashlib.sha256((tmp_path / "data" / f"x-images{suffix}").read_bytes()).hexdigest()


def test_the_code_shows_a_single_image_per_row(runs, monkeypatch):
    """Such are a test set of one image, and the first of each class in a test file of one class."""
    (source,) = re.findall(r"def show_images\(.*\n(?:    .*\n)+", "\n".join(code_cells(runs)))
    namespace = {"plt": pyplot, "test_images": np.zeros((1, 6, 5), np.uint8)}
    exec(source, namespace)
    pyplot.switch_backend("agg")
    monkeypatch.setattr(pyplot, "show", lambda: None)
    namespace["show_images"]([np.zeros((1, 30)), np.ones((1, 30))], ["input", "output"])
    axes = pyplot.gcf().axes
    pyplot.close()
    assert [one.get_ylabel() for one in axes] == ["input", "output"]
    assert [one.images[0].get_array().tolist() for one in axes] == [[[value] * 5] * 6 for value in (0, 1)]


@pytest.mark.parametrize("classes", [1, 2])
def test_the_code_trains_an_svm_only_where_there_are_classes_to_tell_apart(runs, capsys, classes):
    (source,) = [cell for cell in code_cells(runs) if "def svm_accuracy" in cell]
    labels = np.arange(20) % classes
    images = np.stack([labels, 1 - labels], axis=1).astype("float32")

    class Encoder:
        def predict(self, x, verbose):
            return x

    data = {"x_train": images, "train_labels": labels, "x_test": images, "test_labels": labels}
    exec(source, {"np": np, "rng": np.random.default_rng(0), "train_rows": np.arange(20), "encoder": Encoder(), **data})
    accuracies = re.findall(r"accuracy on (\w+): +(.+)\n", capsys.readouterr().out)
    assert accuracies == ([] if classes == 1 else [("pixels", "100.0%"), ("codes", "100.0%")])


@pytest.mark.parametrize(
    ("text", "encoding", "fix_accents", "expected"),
    [
        ("\ufeffAcme\r\n\n  \nTel\x85co\n Bob \n", "utf-8", False, ["Acme", "Tel\x85co", " Bob "]),
        ("\ufeffAcme\n\ufeff\ufeffNeta\r\n", "utf-8", False, ["Acme", "Neta"]),
        ("Acm\xe9\n", "latin-1", False, ["Acm\xe9"]),
        ("Acm\x8e\nZo\xeb\n", "latin-1", True, ["Acmé", "ZoÎ"]),
        ("Acm\x8e\nNa\u2122e\x8e\n", "utf-8", True, ["Acmé", "Na\u2122e\x8e"]),
        ("Acme\nZo\xeb\n", "utf-8", True, ["Acme", "Zo\xeb"]),
    ],
)
def test_the_code_reads_names_as_pw13_does(tmp_path, monkeypatch, text, encoding, fix_accents, expected):
    make_run(tmp_path / "runs", "charrnn", encoding=encoding, fix_accents=fix_accents)
    (tmp_path / "names.csv").write_bytes(text.encode(encoding))
    monkeypatch.setenv("NAMES_FILE", "names.csv")
    names, sha256 = readers(tmp_path / "runs", tmp_path, monkeypatch)["read_names"]()
    of_pw13 = load_names("names.csv", encoding=encoding, fix_accents=fix_accents)
    assert names == expected == list(of_pw13.names) and sha256 == of_pw13.source.sha256


def test_the_code_reads_the_built_in_names_whatever_the_encoding(tmp_path, monkeypatch):
    data = {**NAMES, "kind": "builtin", "path": "builtin"}
    make_run(tmp_path / "runs", "charrnn", data=data, encoding="utf-16")
    (tmp_path / "data").mkdir()
    files = hand_in_data.files(select_runs([], tmp_path / "runs"))
    (tmp_path / "data/names.txt").write_bytes(files["data/names.txt"])
    names, _ = readers(tmp_path / "runs", tmp_path, monkeypatch)["read_names"]()
    assert tuple(names) == load_names("builtin", encoding="utf-16").names


def test_the_code_says_where_it_looks_for_names(runs, tmp_path, monkeypatch):
    monkeypatch.setenv("NAMES_FILE", "nowhere.csv")
    with pytest.raises(FileNotFoundError, match=r"nowhere.csv: put the file there, or set NAMES_FILE"):
        readers(runs, tmp_path, monkeypatch)["read_names"]()


def test_no_picture_is_there_twice(runs):
    attached = [name for cell in make_notebook(runs)["cells"] for name in cell.get("attachments", {})]
    assert "1g-confusion.png" in attached
    assert not set(attached) & set(DRAWN_BY_CODE)
    text = "".join(cell["source"] for cell in make_notebook(runs)["cells"] if cell["cell_type"] == "markdown")
    assert "Drawn by run 2026-11-24\\_10-00-01\\_svm-eval." in text


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


@pytest.mark.parametrize(("metrics", "further"), [({}, True), ({"parameters": None}, False)])
def test_parameters_are_checked_only_if_they_must_agree(tmp_path, metrics, further):
    """A network that was trained further has the characters of two corpora, the notebook's those of one."""
    run = make_run(tmp_path, "charrnn", metrics=metrics)
    if further:
        train_further(run, tmp_path / "2026-11-24_09-00-00_charrnn")

    class Model:
        name = "model"

        def count_params(self):
            return 23510 - 129

    namespace: dict = {}
    exec(code_cells(tmp_path)[1], namespace)
    assert namespace["RUNS"]["charrnn"]["data"] == NAMES["sha256"]
    namespace["check"](Model(), "charrnn", NAMES["sha256"])


@pytest.mark.slow
def test_the_executed_notebook_is_reproducible_and_checks_parameters_of_the_runs(data, corpus, tmp_path):
    from pw13.data.images import load_images

    images, names = load_images(str(data)).source, load_names(str(corpus)).source
    distinct = len(set(corpus.read_text("utf-8")))
    of_images = {**IMAGES, "path": str(data), "sha256": images.sha256, "files": images.files}
    of_names = {**NAMES, "path": str(corpus), "sha256": names.sha256}
    parameters = 64 * (distinct + 64 + 1) + 64 * (64 + 64 + 1) + 65 * distinct
    make_run(tmp_path, "dense-ae", 0, data=of_images)
    make_run(tmp_path, "conv-dae", 1, data=of_images)
    make_run(tmp_path, "charrnn", 2, data=of_names, layers=2, metrics={"parameters": parameters})

    def execute():
        selection = select_runs([], tmp_path)
        return hand_in.execute(make_notebook(tmp_path), {}, hand_in_data.environment(selection))

    first = execute()
    printed = "".join(o.get("text", "") for c in first["cells"] if c["cell_type"] == "code" for o in c["outputs"])
    assert "autoencoder: 50,992 parameters" in printed
    assert "denoiser: 314,625 parameters" in printed
    assert f"simple_rnn: {parameters:,} parameters" in printed
    assert notebook.to_bytes(execute()) == notebook.to_bytes(first)

    make_run(tmp_path, "charrnn", 3, data=of_names, layers=2, metrics={"parameters": parameters + 1})
    with pytest.raises(UserError, match=f"has {parameters + 1:,}"):
        execute()


@pytest.mark.slow
def test_a_notebook_without_a_denoiser_runs_on_images_that_none_can_take(tmp_path):
    from pw13.data.images import load_images

    folder = make_data(tmp_path / "images", size=(30, 30))
    images = load_images(str(folder)).source
    data = {**IMAGES, "path": str(folder), "sha256": images.sha256, "files": images.files}
    parameters = 900 * 32 + 32 + 32 * 900 + 900
    make_run(tmp_path / "runs", "dense-ae", data=data, metrics={"parameters": parameters})
    selection = select_runs([], tmp_path / "runs")
    executed = hand_in.execute(make_notebook(tmp_path / "runs"), {}, hand_in_data.environment(selection))
    printed = "".join(o.get("text", "") for c in executed["cells"] if c["cell_type"] == "code" for o in c["outputs"])
    assert f"autoencoder: {parameters:,} parameters" in printed and "accuracy on codes" in printed
