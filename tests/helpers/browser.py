"""A headless Chromium of this machine, and the page's scripts in it."""

import contextlib
import os
import shutil
from collections.abc import Iterator

import pytest

from pw13.explore import page

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
]  # fmt: skip
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
VIEWS = ("codes_view.js", "noise_view.js", "names_view.js", "runs_view.js", "svm_view.js", "main.js")
LIBRARY = [name for name in page.SCRIPTS if name not in VIEWS]


def find_browser() -> str | None:
    """Return the path of a browser: PW13_BROWSER, else the first that is installed."""
    named = os.environ.get("PW13_BROWSER")
    return named or next((path for name in BROWSERS if (path := shutil.which(name))), None)


@contextlib.contextmanager
def launch() -> Iterator:
    """Yield a browser; skip the test where there is none."""
    path = find_browser()
    if path is None:
        pytest.skip("no Chromium found (set PW13_BROWSER)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def library() -> str:
    """Return the page's functions as one script, without the views; as a classic script its names are global."""
    return "\n".join((page.FOLDER / name).read_text("utf-8") for name in LIBRARY)
