"""Chromium for tests of pages. A conftest that imports the fixtures gives them to its tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from local.services.native.browser import CHROMIUM


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """It keeps an event loop running, which tests of other files must not meet."""
    if CHROMIUM.find() is None:
        if os.environ.get("CI"):
            raise RuntimeError("CI must have Chromium")
        pytest.skip("Chromium is not installed: make setup")
    with sync_playwright() as running:
        yield running


def launch_options() -> dict[str, Any]:
    """How Chromium is started; as root it has no sandbox of its own."""
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {"executable_path": str(CHROMIUM.find()), "args": arguments}


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(**launch_options())
    yield browser
    browser.close()
