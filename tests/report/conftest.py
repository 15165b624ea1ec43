"""Runs to report on."""

from pathlib import Path

import pytest

from tests.helpers.report_runs import make_run


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """One made-up run of each kind."""
    folder = tmp_path / "runs"
    for second, kind in enumerate(("dense-ae", "svm-eval", "conv-dae", "charrnn")):
        make_run(folder, kind, second)
    return folder
