"""One browser and one folder of runs for all tests of the page."""

import shutil
import threading

import pytest

from pw13.explore.contents import choose
from pw13.explore.server import make_server
from tests.helpers import browser as browsers
from tests.helpers.explore_runs import Runs, make_runs


@pytest.fixture(scope="session")
def runs(tmp_path_factory) -> Runs:
    return make_runs(tmp_path_factory.mktemp("explore"))


@pytest.fixture(scope="session")
def browser():
    with browsers.launch() as launched:
        yield launched


@pytest.fixture
def served(runs, tmp_path):
    """Serve a copy of the runs; return the server and their folder."""
    folder = shutil.copytree(runs.folder, tmp_path / "served")
    server = make_server(choose([], folder), folder, 0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server, folder
    server.shutdown()
    server.server_close()
    thread.join()
