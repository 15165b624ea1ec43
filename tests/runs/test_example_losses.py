"""Losses per example: kept with a run, read without trust, and compared between runs of the same examples."""

import numpy as np
import pytest

from pw13.errors import UserError
from pw13.metrics.bootstrap import ExampleLosses
from pw13.runs import example_losses
from pw13.runs.folder import Run
from pw13.runs.record import read_run
from tests.helpers.runs import make

NATS = ExampleLosses(np.array([3.0, 8.0, 5.5]), np.array([2, 4, 3]), "names")


def run(tmp_path, second, **losses):
    folder = make(tmp_path, f"2026-11-24_22-36-0{second}_charrnn")
    if losses:
        example_losses.save(Run(folder), losses)
    return read_run(folder)


def test_they_are_read_as_they_were_saved(tmp_path):
    record = run(tmp_path, 0, held_out_nats=NATS, val_nats=NATS._replace(digest="other"))
    found = example_losses.read(record, "held_out_nats")
    assert found.sums.tolist() == [3.0, 8.0, 5.5] and found.weights.tolist() == [2, 4, 3] and found.digest == "names"
    assert example_losses.read(record, "val_nats").digest == "other"
    assert example_losses.read(record, "train_nats") is None
    assert example_losses.read(run(tmp_path, 1), "held_out_nats") is None  # a run of an earlier version


def test_the_difference_is_that_of_the_metrics(tmp_path):
    first = run(tmp_path, 0, held_out_nats=NATS)
    second = run(tmp_path, 1, held_out_nats=NATS._replace(sums=np.array([2.0, 6.0, 4.0])))
    found = example_losses.difference(first, second, "held_out_nats")
    assert found.mean == pytest.approx((16.5 - 12) / 9) and found.n == 3 and found.excludes_zero
    assert example_losses.difference(first, run(tmp_path, 2), "held_out_nats") is None


@pytest.mark.parametrize(
    "arrays",
    [
        {"held_out_nats.sums": np.zeros((2, 2)), "held_out_nats.weights": np.ones((2, 2)), "held_out_nats.digest": "a"},
        {"held_out_nats.sums": np.zeros(2), "held_out_nats.weights": np.ones(3), "held_out_nats.digest": "a"},
        {"held_out_nats.sums": np.zeros(2), "held_out_nats.weights": np.ones(2)},
        {"held_out_nats.sums": np.array(["a", "b"]), "held_out_nats.weights": np.ones(2), "held_out_nats.digest": "a"},
    ],
)
def test_arrays_that_do_not_fit_are_none(tmp_path, arrays):
    record = run(tmp_path, 0)
    Run(record.folder).save_arrays(example_losses.FILE, arrays)
    assert example_losses.read(record, "held_out_nats") is None


def test_a_corrupt_file_is_named(tmp_path):
    record = run(tmp_path, 0, held_out_nats=NATS)
    path = record.folder / "checkpoints" / "losses.npz"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(UserError, match=r"losses\.npz: corrupt"):
        example_losses.read(record, "held_out_nats")
