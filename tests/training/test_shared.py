"""`shared`: one object for equal data and settings, whatever the numbers that a compiled function takes as inputs."""

import dataclasses
import weakref

import numpy as np
import pytest

from pw13.config.settings import KINDS, CharRNN, DenseAE
from pw13.training import shared as module
from pw13.training.shared import FREE, shared


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch):
    monkeypatch.setattr(module, "_kept", module.OrderedDict())


def make(config, *arrays):
    return [config, *arrays]


def test_runs_that_differ_in_seed_and_learning_rate_share_and_others_do_not():
    x = np.arange(3.0)
    first = shared(make, DenseAE(seed=1, learning_rate=0.5), x)
    assert shared(make, DenseAE(seed=2, epochs=9, schedule="constant"), x.copy()) is first
    assert first[0] == DenseAE()  # what is shared cannot depend on the numbers of its first run
    assert shared(make, DenseAE(code_size=3), x) is not first
    assert shared(make, DenseAE(), x + 1) is not first
    assert shared(make, DenseAE(), x.astype(np.float32)) is not first


def test_every_free_setting_exists():
    names = {field.name for kind in KINDS.values() for field in dataclasses.fields(kind)}
    assert names >= FREE and not {"units", "dropout", "batch_size", "threads", "noise"} & FREE


def test_the_least_recently_used_go(monkeypatch):
    monkeypatch.setattr(module, "MAX_KEPT", 2)
    one, two = (shared(make, CharRNN(units=units)) for units in (1, 2))
    assert shared(make, CharRNN(units=1)) is one
    shared(make, CharRNN(units=3))
    assert shared(make, CharRNN(units=1)) is one and shared(make, CharRNN(units=2)) is not two


def test_large_data_go_when_newer_ones_come_and_small_ones_stay(monkeypatch):
    monkeypatch.setattr(module, "MAX_BYTES", 100)
    small, first, second = np.zeros(3), np.zeros(10), np.ones(10)
    kept = shared(make, DenseAE(), small)
    result = weakref.ref(shared(make_set, DenseAE(), first))
    assert shared(make_set, DenseAE(seed=1), first) is result()  # the same data, the same functions
    shared(make_set, DenseAE(), second)
    assert result() is None
    assert shared(make, DenseAE(), small) is kept  # of another function, with bounds of its own
    assert shared(make_set, DenseAE(), np.zeros(1000)) is shared(make_set, DenseAE(), np.zeros(1000))


def make_set(config, *arrays):
    return {config}
