"""Results do not depend on PYTHONHASHSEED, which changes the order of sets from process to process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.data import make_data, make_names
from tests.helpers.outcome import check_same
from tests.helpers.runs import load_json, only_run

COMMANDS = (
    "train-dense-ae --data {top}/data --epochs 2 --code-size 4",
    "svm-eval --data {top}/data --folds 2 --kernel linear",
    "train-conv-dae --data {top}/data --epochs 1",
    "train-charrnn --corpus {top}/names.txt --epochs 2 --units 8 --sample-every 1",
    "generate --seed 1 -n 20 --json",
)
CODE = "import sys; from pw13 import cli; sys.exit(max(cli.main([*line.split(), '--quiet']) for line in sys.argv[1:]))"
OWN = {"run", "encode_seconds", "tune_seconds", "fit_seconds", "predict_seconds"}  # differ between evaluations


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, str]:
    """Run the commands in two folders with different hash seeds; return what they printed."""
    top = tmp_path_factory.mktemp("hash")
    make_data(top / "data", 200, 30)
    (top / "names.txt").write_text("".join(f"{name}\n" for name in make_names(300)), encoding="utf-8")
    processes = {}
    for seed in ("1", "2"):
        (top / seed).mkdir()
        processes[top / seed] = subprocess.Popen(
            [sys.executable, "-c", CODE, *(line.format(top=top) for line in COMMANDS)], cwd=top / seed, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONHASHSEED": seed},
        )  # fmt: skip
    printed = {}
    for folder, process in processes.items():
        printed[folder], errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
    return printed


@pytest.mark.parametrize("kind", ["dense-ae", "conv-dae", "charrnn"])
def test_trainings_are_bit_identical(results, kind):
    one, two = results
    check_same(only_run(one / "runs", kind), only_run(two / "runs", kind), [])


def test_svm_results_and_sampled_names_are_identical(results):
    evaluations = [load_json(only_run(folder / "runs", "svm-eval") / "metrics.json")["results"] for folder in results]
    one, two = ([{key: row[key] for key in row if key not in OWN} for row in rows] for rows in evaluations)
    assert one == two and len(one) == 3
    names = [printed[printed.index('"names"') :] for printed in results.values()]
    assert names[0] == names[1] and names[0].count('"name"') == 20
