"""The console's files, as they were built, and the headers that keep its page to itself.

A file whose name has its hash is kept by browsers for a year. The page is asked for each time.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from fintegrate.http.static_file import ASK_EACH_TIME, KEEP, StaticFile, static_file
from fintegrate.system_folders import system_folder

PAGE = "index.html"
TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""Text only: what is binary would need a list of types at the gateway."""
_HASHED = re.compile(r"[\w-]+\.[0-9a-f]{8,}\.\w+", re.ASCII)
POLICY = "; ".join(
    (
        "default-src 'none'",
        *(f"{kind}-src 'self'" for kind in ("script", "style", "img", "connect")),
        *(f"{name} 'none'" for name in ("base-uri", "form-action", "frame-ancestors")),
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
OWN = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}
FEATURES = "accelerometer camera display-capture geolocation gyroscope microphone midi payment usb"
OF_PAGE = {
    **OWN,
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in FEATURES.split()),
}
HTTPS_ONLY = {"Strict-Transport-Security": "max-age=31536000"}
"""Source: https://www.rfc-editor.org/rfc/rfc6797. Not for the names of one's own machine."""


@cache
def page(*, is_local: bool) -> StaticFile:
    """The page."""
    headers = OF_PAGE if is_local else {**OF_PAGE, **HTTPS_ONLY}
    return static_file((_folder() / PAGE).read_text(encoding="utf-8"), headers)


@cache
def assets() -> dict[str, StaticFile]:
    """The files that the page names, by name. Nothing is kept of names that anybody makes up."""
    return {path.name: _asset(path) for path in _folder().iterdir() if path.suffix in TYPES}


def _asset(path: Path) -> StaticFile:
    kept = KEEP if _HASHED.fullmatch(path.name) else ASK_EACH_TIME
    headers = {**OWN, "Content-Type": TYPES[path.suffix], "Cache-Control": kept}
    return static_file(path.read_text(encoding="utf-8"), headers)


def _folder() -> Path:
    return system_folder("fintegrate_browser", "console")
