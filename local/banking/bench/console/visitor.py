"""The operator before the console's page in Chromium, signed in, and what the page tells of itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx

from local.machine.environment import may_use_proxy

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

PROBE = Path(__file__).with_name("probe.js")
SCREEN = {"width": 1440, "height": 900}
ZONE = "Europe/Berlin"
"""Another one than UTC, so that a change between the two is seen."""
PATIENCE_MS = 60_000


class PageFailed(Exception):
    """The page did not show what was waited for, so the measurement would be wrong."""


class Shown(NamedTuple):
    """How long something took until it was on the screen, in ms.

    Attributes:
        asked: for how much of it requests of the page were under way
    """

    ms: float
    asked: float


class Visitor:
    """Opens the page in browsers of its own, all with one session.

    Args:
        key: what the session was begun with
    """

    def __init__(self, browser: Browser, url: str, key: str) -> None:
        self.url = url
        self._browser = browser
        self._cookie = _session(url, key)

    @contextmanager
    def context(self) -> Iterator[BrowserContext]:
        """A browser that has seen nothing yet."""
        with self._browser.new_context(viewport=SCREEN, timezone_id=ZONE) as context:  # type: ignore[arg-type]
            context.set_default_timeout(PATIENCE_MS)
            context.add_init_script(path=PROBE)
            context.add_cookies([self._cookie])  # type: ignore[list-item]
            yield context

    def visit(self, page: Page, path: str = "/console", effect: str = "now") -> Shown:
        """Go there; the time is that from the navigation to the first frame after the effect."""
        page.goto(self.url + path, wait_until="commit")
        return shown(page.evaluate("(effect) => probe.arrived(effect)", effect))


def after(page: Page, event: str, effect: str, act: Callable[[], object]) -> Shown:
    """Do something; the time is that from the event to the first frame after the effect."""
    page.evaluate("([event, effect]) => probe.after(event, effect)", [event, effect])
    act()
    return shown(page.evaluate("() => probe.measured"))


def shown(told: dict[str, Any]) -> Shown:
    """What the page measured.

    Raises:
        PageFailed: it was told of trouble instead
    """
    if "trouble" in told:
        raise PageFailed(told["trouble"])
    return Shown(told["ms"], told["asked"])


def _session(url: str, key: str) -> dict[str, Any]:
    """The cookie of a new session, as a browser keeps it."""
    answer = httpx.post(
        f"{url}/console/session",
        json={"actor": "bench"},
        headers={"X-API-Key": key},
        trust_env=may_use_proxy(url),
        timeout=30,
    )
    answer.raise_for_status()
    ((name, token),) = SimpleCookie(answer.headers["set-cookie"]).items()
    return {
        "name": name,
        "value": token.value,
        "url": url.replace("http:", "https:"),  # else none that is secure may be set
        "secure": True,
        "httpOnly": True,
        "sameSite": "Strict",
    }
