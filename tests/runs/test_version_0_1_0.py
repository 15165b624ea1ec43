"""Runs and sweeps that pw13 0.1.0 wrote are listed, compared, reported and used; what cannot be resumed is refused.

The folders in tests/helpers/runs-0.1.0 lack figures, and the convolutional run its weights, to be small.
"""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from tests.helpers.runs import load_json

SOURCE = Path(__file__).parents[1] / "helpers" / "runs-0.1.0"
DENSE, SVM, RNN, SWEEP, CONV, INTERRUPTED = sorted(path.name for path in (SOURCE / "runs").iterdir())


@pytest.fixture(autouse=True)
def old(tmp_path: Path) -> Path:
    """Return a copy of the runs in the current folder, with the data that they name."""
    shutil.copytree(SOURCE, tmp_path, dirs_exist_ok=True)
    return tmp_path / "runs"


def test_they_are_listed_with_kind_status_and_metric(pw13):
    code, out, err = pw13("runs", "list", "--json")
    assert (code, err) == (0, "")
    listed = {run["name"]: (run["kind"], run["status"]) for run in json.loads(out)["runs"]}
    assert listed == {
        DENSE: ("dense-ae", "completed"),
        SVM: ("svm-eval", "completed"),
        RNN: ("charrnn", "completed"),
        SWEEP: ("sweep-dense-ae", "completed"),
        CONV: ("conv-dae", "completed"),
        INTERRUPTED: ("charrnn", "interrupted"),
    }
    code, out, err = pw13("runs", "list")
    assert code == 0 and not err
    for text in ("test_mse 0.1488", "held_out_nats 2.991", "2 of 2 points"):
        assert text in out


@pytest.mark.parametrize("name", [DENSE, SVM, RNN, SWEEP, CONV, INTERRUPTED, f"{SWEEP}/1_code_size=2_seed=0"])
def test_each_is_shown(pw13, name):
    code, out, err = pw13("runs", "show", name)
    assert code == 0 and not err and Path(name).name in out
    assert pw13("runs", "show", name, "--json")[0] == 0


def test_they_are_compared_with_each_other_and_plotted(pw13):
    code, out, _ = pw13("runs", "compare", RNN, INTERRUPTED, SWEEP, DENSE, "--json")
    assert code == 0 and len(json.loads(out)["runs"]) == 5
    code, out, _ = pw13("runs", "compare", SWEEP, DENSE, "--figure", "dense.png")
    assert code == 0 and "--code-size" in out and Path("dense.png").read_bytes().startswith(b"\x89PNG")


def test_names_are_generated(pw13):
    code, out, err = pw13("generate", "-n", 3, "--seed", 1, "--run", RNN, "--only-new", "--quiet")
    assert code == 0 and len(out.splitlines()) == 3, err


def test_figures_of_what_they_measured_are_drawn(pw13):
    code, out, err = pw13("runs", "figures", RNN, "--json", "--quiet")
    assert code == 0, err
    drawn = json.loads(out)["figures"][RNN]
    assert [Path(path).name for path in drawn] == ["loss.png", "nats.png"]


def test_their_encoder_serves_an_evaluation(pw13):
    code, out, err = pw13("svm-eval", "--data", "images", "--folds", 2, "--run", DENSE, "--json", "--quiet")
    assert code == 0, err
    new, old = json.loads(out)["results"], load_json(Path("runs", SVM, "metrics.json"))["results"]
    keys = ("features", "size", "kernel", "run", "method")  # the folds are drawn from another stream
    assert [{key: row[key] for key in keys} for row in new] == [{key: row[key] for key in keys} for row in old]


def test_a_convolutional_run_without_weights_is_refused_by_file(pw13):
    Image.new("L", (12, 12)).save("image.png")
    code, _, err = pw13("denoise", "image.png", "--run", CONV)
    assert code == 1 and "best.keras" in err and err.count("\n") == 1


def test_a_report_is_written(pw13):
    code, _, err = pw13("report", "--no-execute", "--quiet", "--out", "hand-in")
    assert code == 0, err
    page = Path("hand-in", "report.html").read_text("utf-8")
    assert all(name in page for name in (DENSE, SVM, RNN, CONV)) and INTERRUPTED not in page


@pytest.mark.parametrize("arguments", [[INTERRUPTED], [RNN, "--epochs", 8]])
def test_a_training_is_not_resumed_and_left_as_it_was(pw13, old, arguments):
    """Random streams have changed since: resumed, it would be the run of neither version."""
    run = old / arguments[0]
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    code, out, err = pw13("resume", *arguments, "--quiet")
    assert code == 1 and not out and err.strip().split("\n")[-1].startswith("pw13: ")
    assert "checkpoint format 2 of another pw13 version" in err and "train the run again" in err
    after = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    assert after.keys() == before.keys()
    assert all(after[path] == content for path, content in before.items() if path.suffix != ".json")
    assert all(json.loads(after[path]) == json.loads(before[path]) for path in before if path.suffix == ".json")


def test_a_run_is_not_resumed_with_changed_data(pw13, old):
    with open("names.txt", "a", encoding="utf-8") as file:
        file.write("Novaro\n")
    before = load_json(old / INTERRUPTED / "run.json")
    code, _, err = pw13("resume", INTERRUPTED, "--quiet")
    assert code == 1 and "data changed since this run started" in err
    assert load_json(old / INTERRUPTED / "run.json") == before


@pytest.mark.parametrize("name", [DENSE, SVM, RNN, SWEEP, CONV])
def test_a_completed_one_has_nothing_to_resume(pw13, name):
    code, _, err = pw13("resume", name)
    assert code == 0 and "is complete; nothing to do" in err


def test_a_sweep_whose_points_are_done_is_resumed_to_its_comparison(pw13, old):
    expected = load_json(old / SWEEP / "metrics.json")
    (old / SWEEP / "metrics.json").unlink()
    facts = load_json(old / SWEEP / "run.json")
    (old / SWEEP / "run.json").write_text(json.dumps({**facts, "status": "interrupted"}), "utf-8")
    code, out, err = pw13("resume", SWEEP, "--json")
    assert code == 0, err
    document = json.loads(out)
    assert {key: document[key] for key in expected if key != "seconds"} == {
        key: value for key, value in expected.items() if key != "seconds"
    }


def test_a_half_done_sweep_is_not_mixed_with_points_of_this_version(pw13, old):
    (old / SWEEP / "metrics.json").unlink()
    facts = load_json(old / SWEEP / "run.json")
    (old / SWEEP / "run.json").write_text(json.dumps({**facts, "status": "interrupted"}), "utf-8")
    point = sorted(path for path in (old / SWEEP).iterdir() if path.is_dir() and path.name[0].isdigit())[-1]
    shutil.rmtree(point)
    code, out, err = pw13("resume", SWEEP, "--quiet")
    assert code == 1 and out == "" and err.count("\n") == 1
    assert "1 of 2 points are not complete, and were begun by pw13 0.1.0" in err and "start the sweep anew" in err
    assert not point.exists()
