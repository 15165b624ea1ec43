"""One browser and one folder of runs for all tests of the page."""

import pytest

from tests.helpers import browser as browsers
from tests.helpers.explore_runs import Runs, make_runs


@pytest.fixture(scope="session")
def runs(tmp_path_factory) -> Runs:
    return make_runs(tmp_path_factory.mktemp("explore"))


@pytest.fixture(scope="session")
def browser():
    with browsers.launch() as launched:
        yield launched
