"""Opens Chromium for measurements of pages, and says what is missing where it cannot."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from local.services.native.browser import CHROMIUM

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def missing() -> str:
    """What a measurement of pages needs and this machine has not; nothing where it has all."""
    wanted = {"Chromium": CHROMIUM.find(), "playwright for Python": find_spec("playwright")}
    return " and ".join(name for name, found in wanted.items() if not found)


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """The browser for the block.

    Raises:
        ServerMissing: it is not installed
    """
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []  # there Chromium has none for root
    program = str(CHROMIUM.path())
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=program, args=arguments) as browser,
    ):
        yield browser
