"""People before the console's page in Chromium; a stand-in answers for the API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.chromium import chromium, playwright  # noqa: F401  # fixtures
from tests.support.console_api import ADMIN_KEY, BANK_KEY, ConsoleApi, console_api

NARROW, WIDE = (390, 844), (1440, 900)
PATIENCE_MS = 60_000
_FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"


class Person:
    """Somebody who looks at the console."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.noise: list[str] = []
        """What the browser's console said: errors, and reports of the policy."""
        self.origins: set[str] = set()
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.noise.append(str(error)))
        page.on("request", lambda request: self.origins.add("/".join(request.url.split("/")[:3])))

    def _note(self, message: Any) -> None:
        if message.type in {"warning", "error"}:
            self.noise.append(message.text)

    def open(self, view: str = "now") -> Person:
        self.page.goto(f"{self.url}/console#/{view}")
        return self

    def sign_in(
        self, key: str = ADMIN_KEY, name: str = "anna", *, read_only: bool = False
    ) -> Person:
        self.page.get_by_label("API key").fill(key)
        self.page.get_by_label("Your name").fill(name)
        if read_only:
            self.page.get_by_label("Only look").check()
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        expect(self.page.locator("nav.rail")).to_be_visible()
        return self

    def at(self, view: str) -> Person:
        """Signed in, before this view."""
        return self.open(view).sign_in()

    def sees(self, words: str) -> Locator:
        found = self.page.get_by_text(words).filter(visible=True).first
        expect(found).to_be_visible()
        return found

    def heading(self, words: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(words)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name)

    def check_access(self) -> None:
        """Nobody is shut out, nothing is cut off, nothing came from elsewhere.

        Source: https://dequeuniversity.com/rules/axe/
        """
        found = Axe().run(self.page)
        assert found.violations_count == 0, found.generate_report()
        assert self.page.evaluate(_FITS)
        assert self.origins == {self.url}
        assert self.noise == []


Meet = Callable[..., Person]


@pytest.fixture
def api() -> Iterator[ConsoleApi]:
    with console_api() as running:
        yield running


@pytest.fixture
def meet(chromium: Browser, api: ConsoleApi) -> Iterator[Meet]:  # noqa: F811
    """Gives each person a browser of their own."""
    contexts = []

    def meet(theme: Any = "light", size: tuple[int, int] = WIDE, **more: Any) -> Person:
        viewport: Any = {"width": size[0], "height": size[1]}
        contexts.append(chromium.new_context(color_scheme=theme, viewport=viewport, **more))
        contexts[-1].set_default_timeout(PATIENCE_MS)
        return Person(contexts[-1].new_page(), api.url)

    expect.set_options(timeout=PATIENCE_MS)
    yield meet
    for context in contexts:
        context.close()


@pytest.fixture
def anna(meet: Meet) -> Person:
    """The operator, not signed in yet."""
    return meet()


__all__ = ["ADMIN_KEY", "BANK_KEY", "NARROW", "WIDE", "Meet", "Person"]
