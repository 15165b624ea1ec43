"""How many points of a sweep run at a time."""

import pytest

from pw13.config.settings import CharRNN, ConvDAE, DenseAE
from pw13.errors import OptionError
from pw13.sweeps import jobs
from pw13.sweeps.folder import build_sweep


def sweep(kind, settings, count=8):
    data = {"corpus": "builtin"} if kind == "charrnn" else {"data": "builtin"}
    return build_sweep(kind, settings, {}, count, data)


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch):
    monkeypatch.setattr("pw13.system.machine.cores", lambda: 8)


@pytest.mark.parametrize(
    ("kind", "settings", "expected"),
    [
        ("dense-ae", DenseAE(), 8),
        ("charrnn", CharRNN(threads=4), 8),  # small products keep one core busy, whatever the threads
        ("conv-dae", ConvDAE(threads=4), 2),
        ("conv-dae", ConvDAE(threads=16), 1),
    ],
)
def test_one_per_core_or_per_threads_cores(kind, settings, expected):
    assert jobs.parallel_jobs(sweep(kind, settings), None) == expected


@pytest.mark.parametrize(("gpus", "expected"), [(["0"], 1), (["2", "5", "7"], 3), ([], 1)])
def test_one_per_gpu(monkeypatch, gpus, expected):
    monkeypatch.setattr(jobs, "visible_gpus", lambda: gpus)
    assert jobs.parallel_jobs(sweep("charrnn", CharRNN(device="gpu")), None) == expected
    assert jobs.parallel_jobs(sweep("charrnn", CharRNN(device="gpu")), 4) == 4


def test_no_more_than_points_and_a_number_that_makes_sense():
    assert jobs.parallel_jobs(sweep("dense-ae", DenseAE(), 3), 100) == 3
    for wrong in (0, -1, 1025):
        with pytest.raises(OptionError, match=f"--jobs: expected an integer from 1 to 1024, received {wrong}"):
            jobs.parallel_jobs(sweep("dense-ae", DenseAE()), wrong)
