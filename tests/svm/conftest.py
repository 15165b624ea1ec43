"""Overlapping clusters to classify, and a stand-in for scikit-learn-intelex."""

import sys
import types
from collections.abc import Iterator

import numpy as np
import pytest
from sklearn.svm import SVC

from pw13.svm import intelex


def make_clusters(count: int, seed: int, size: int = 6, classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Return overlapping clusters around `classes` centres, `(count, size)` float32, and their labels."""
    centres = np.random.default_rng(99).normal(0, 1.2, (classes, size))
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % classes).astype(np.int64)
    return (centres[labels] + rng.normal(0, 1, (count, size))).astype(np.float32), labels


@pytest.fixture(scope="session")
def sets() -> tuple[np.ndarray, ...]:
    """Return training rows and labels, test rows and labels."""
    return *make_clusters(240, 1), *make_clusters(400, 2)


@pytest.fixture
def fake_intelex(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Provide scikit-learn's SVC as that of scikit-learn-intelex."""
    package, module = types.ModuleType("sklearnex"), types.ModuleType("sklearnex.svm")
    module.SVC, package.svm = SVC, module
    monkeypatch.setitem(sys.modules, "sklearnex", package)
    monkeypatch.setitem(sys.modules, "sklearnex.svm", module)
    monkeypatch.setattr(intelex.metadata, "version", lambda name: "1.2.3")
    intelex.available.cache_clear()
    yield
    intelex.available.cache_clear()
