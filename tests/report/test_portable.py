"""The files of a hand-in: complete for a teacher, and without traces of the machine."""

import gzip
import json
import re
import zipfile

import numpy as np
import pytest

from pw13.data.builtin import datasets
from tests.helpers.report_runs import BUILTIN, NAMES, make_run


def members(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def small_letters(monkeypatch):
    """Replace the built-in letters, which take seconds to render."""
    arrays = (
        np.zeros((4, 28, 28), np.uint8),
        np.zeros(4, np.uint8),
        np.ones((2, 28, 28), np.uint8),
        np.ones(2, np.uint8),
    )
    monkeypatch.setattr(datasets, "letters", lambda: arrays)


def test_a_hand_in_has_settings_circumstances_metrics_and_a_readme(pw13, runs, tmp_path):
    assert pw13("report", "--no-execute")[0] == 0
    files = members(tmp_path / "report" / "hand-in.zip")
    name = "runs/2026-11-24_10-00-00_dense-ae"
    assert {f"{name}/{file}" for file in ("config.json", "run.json", "metrics.json", "history.csv")} <= files.keys()
    readme = files["README.md"].decode()
    assert "python -m jupyter execute notebook.ipynb" in readme and "--check hand-in.zip --rerun" in readme
    assert f"Put companies.csv into data/, or set NAMES_FILE to it (sha256 {NAMES['sha256']})" in readme
    assert not any(file.startswith("data/") or file == "NOTICE" for file in files)
    assert readme.count("explore.html") == ("explore.html" in files)


def test_no_file_of_a_hand_in_holds_an_absolute_path(pw13, tmp_path):
    for second, kind in enumerate(("dense-ae", "svm-eval", "charrnn")):
        folder = make_run(tmp_path / "deep" / "runs", kind, second)
        for file, places in (
            ("config", {"data": str(tmp_path / "letters"), "runs": [str(folder)], "runs_dir": str(folder.parent)}),
            ("run", {"command": [str(tmp_path / "bin" / "pw13")], "pid": 1, "git_commit": "abc"}),
        ):
            content = json.loads((folder / f"{file}.json").read_text("utf-8"))
            (folder / f"{file}.json").write_text(json.dumps({**content, **places}), "utf-8")
    assert pw13("report", "--no-execute", "--runs-dir", tmp_path / "deep" / "runs")[0] == 0
    files = members(tmp_path / "report" / "hand-in.zip")
    svm = json.loads(files["runs/2026-11-24_10-00-01_svm-eval/config.json"])
    assert svm["data"] == "letters" and svm["runs_dir"] == "runs"
    assert svm["runs"] == ["2026-11-24_10-00-01_svm-eval"]
    run = json.loads(files["runs/2026-11-24_10-00-01_svm-eval/run.json"])
    assert run["data"]["path"] == "notmnist" and run["git_commit"] == "abc"
    assert "command" not in run and "pid" not in run and "host" not in run["machine"]
    for name, content in files.items():
        if name.endswith((".json", ".md", ".ipynb", ".html", ".csv")):
            text = re.sub(r'(base64,|image/png": ")[^"]*', "", content.decode())
            assert str(tmp_path) not in text and "/data/notmnist" not in text and "/data/companies" not in text, name


def test_built_in_data_come_as_files_with_their_notice(pw13, tmp_path, small_letters):
    make_run(tmp_path / "runs", "dense-ae", 0, data=BUILTIN)
    make_run(tmp_path / "runs", "charrnn", 1, data={**NAMES, "kind": "builtin", "path": "builtin"})
    assert pw13("report", "--no-execute")[0] == 0
    files = members(tmp_path / "report" / "hand-in.zip")
    images = gzip.decompress(files["data/t10k-images-idx3-ubyte.gz"])
    assert images[:16] == bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28]) and set(images[16:]) == {1}
    assert files["data/names.txt"].decode() == datasets.names()
    assert files["NOTICE"].startswith(b"pw13")
    assert "Built-in data are in data/." in files["README.md"].decode()
    assert "'data/names.txt'" in json.dumps(json.loads(files["notebook.ipynb"])).replace("\\\\", "").replace('\\"', '"')
