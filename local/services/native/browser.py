"""Finds the browser in which pages are tried and measured: Chromium, or Chrome."""

from __future__ import annotations

import os
from pathlib import Path

from local.services.native.programs import Program

CHOICE = "CHROMIUM"
"""The setting with the path of another one."""
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ON_MACOS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


class Browser(Program):
    """A browser, by whatever name it is installed."""

    def find(self, companion: str | None = None) -> Path | None:
        if chosen := os.environ.get(CHOICE):
            return Path(chosen)
        found = (super(Browser, self).find(companion or name) for name in NAMES)
        first = next((path for path in found if path), None)
        return first or next((Path(path) for path in ON_MACOS if Path(path).exists()), None)


CHROMIUM = Browser(
    "chromium",
    packages={"apt-get": "chromium", "brew": "google-chrome", "dnf": "chromium", "apk": "chromium"},
)
