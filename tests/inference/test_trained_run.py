"""Finding a trained run and reading its best weights."""

import json

import numpy as np
import pytest

from pw13.errors import UserError
from pw13.inference.trained_run import find_trained_run, model_path, read_best_weights
from pw13.runs.record import read_run
from tests.helpers import charrnn_run
from tests.helpers.hostile import write_keras


@pytest.fixture
def run(tmp_path):
    """Write a completed char-RNN run."""
    return charrnn_run.make_run(tmp_path / "runs" / charrnn_run.NAME)


def test_a_run_is_found_by_name_and_as_the_latest(run):
    assert find_trained_run("charrnn", run.name, run.parent).folder == run
    assert find_trained_run("charrnn", None, run.parent).folder == run


def test_a_run_without_a_model_is_not_the_latest(run):
    (run / "checkpoints" / "best.keras").unlink()
    with pytest.raises(UserError, match="no trained charrnn run found; train one with: pw13 train-charrnn"):
        find_trained_run("charrnn", None, run.parent)


def test_the_weights_come_in_the_order_of_the_specs(run):
    weights = read_best_weights(read_run(run), charrnn_run.SPECS[::-1])
    assert [array.shape for array in weights] == [spec.shape for spec in charrnn_run.SPECS[::-1]]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_refused(run, value):
    record = read_run(run)
    arrays = {path: array.copy() for path, array in charrnn_run.ARRAYS.items()}
    arrays[charrnn_run.SPECS[-1].path][0] = value
    write_keras(model_path(record), arrays)
    with pytest.raises(UserError, match=r"best\.keras: corrupt: weights are not finite"):
        read_best_weights(record, charrnn_run.SPECS)


# ------------------------------------------------------------------------------------------------- sweeps


@pytest.fixture
def sweep(tmp_path):
    """Write a sweep of four points: three completed, one of them without a validation loss."""
    folder = tmp_path / "runs" / "2026-01-02_03-04-05_sweep-charrnn"
    for number, (status, loss) in enumerate(
        [("completed", 2.5), ("completed", 2.25), ("running", 1.0), ("completed", None)]
    ):
        point = charrnn_run.make_run(folder / f"{number}_units=4_seed={number}")
        document = {**charrnn_run.DOCUMENTS["run.json"], "status": status}
        (point / "run.json").write_text(json.dumps(document), encoding="utf-8")
        (point / "metrics.json").write_text(json.dumps({"val_nats": loss}), encoding="utf-8")
    (folder / "config.json").write_text(json.dumps({"kind": "sweep-charrnn"}), encoding="utf-8")
    (folder / "run.json").write_text(json.dumps(charrnn_run.DOCUMENTS["run.json"]), encoding="utf-8")
    (folder / "metrics.json").write_text("{}", encoding="utf-8")
    return folder


@pytest.mark.parametrize("command", [["generate", "-n", 1, "--seed", 1], ["score", "abc"]])
def test_a_sweep_stands_for_its_best_completed_point(pw13, sweep, command):
    code, _, err = pw13(*command, "--run", sweep)
    assert code == 0, err
    assert f"1_units=4_seed=1: val_nats 2.2500, the lowest of 2 completed points of {sweep.name}" in err


def test_a_sweep_without_validation_losses_asks_for_a_point(pw13, sweep):
    for point in sweep.glob("*_units=4*"):
        (point / "metrics.json").write_text('{"val_nats": null}', encoding="utf-8")
    code, out, err = pw13("generate", "--run", sweep)
    assert (code, out) == (1, "")
    assert err == (
        f"pw13: {sweep}: no point of the sweep has a validation loss; name one: --run {sweep.name}/0_units=4_seed=0\n"
    )


@pytest.mark.parametrize("setting", ["hold_out", "split_seed", "encoding", "fix_accents"])
def test_a_sweep_whose_points_have_different_validation_names_asks_for_a_point(pw13, sweep, setting):
    values = {"hold_out": 0.1, "split_seed": 1, "encoding": "latin-1", "fix_accents": True}
    path = sweep / "1_units=4_seed=1" / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), setting: values[setting]}), "utf-8")
    code, out, err = pw13("generate", "--run", sweep)
    assert (code, out) == (1, "")
    example = f"--run {sweep.name}/0_units=4_seed=0"
    assert err == f"pw13: {sweep}: points that differ in {setting} are not ranked; name one: {example}\n"


def test_a_sweep_without_completed_points_is_refused(pw13, sweep):
    running = json.dumps({**charrnn_run.DOCUMENTS["run.json"], "status": "failed"})
    for point in sweep.glob("*_units=4*"):
        (point / "run.json").write_text(running, encoding="utf-8")
    code, out, err = pw13("generate", "--run", sweep)
    assert (code, out) == (1, "")
    assert err == f"pw13: {sweep}: no point of the sweep is completed; expected one with a model\n"


def test_a_sweep_of_another_kind_is_refused(sweep):
    with pytest.raises(UserError, match="expected a conv-dae run, received sweep-charrnn"):
        find_trained_run("conv-dae", str(sweep), sweep.parent)
