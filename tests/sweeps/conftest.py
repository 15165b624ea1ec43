"""Sweeps leave no request to stop behind."""

import pytest

from pw13.system import signals


@pytest.fixture(autouse=True)
def reset_signals():
    signals.reset()
    yield
    signals.reset()
