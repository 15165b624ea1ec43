"""Finding a trained run and reading its best weights."""

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
