"""People who use the two pages of app.events, each in a browser window of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.integration.appevents.browser.conftest import Person, Site

NARROW, WIDE = (390, 844), (1440, 900)
PATIENCE_MS = 60_000
"""How long a page is waited for: a busy machine takes its time, and a quick one does not wait."""
_NARROW_ENOUGH = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"


class Visitor:
    """A user who is signed in to the pages."""

    def __init__(self, page: Page, site: Site, person: Person, name: str) -> None:
        self.page, self.person, self.name = page, person, name
        self._url = site.url
        self.noise: list[str] = []
        """The warnings and errors of the console."""
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.noise.append(str(error)))

    def _note(self, message: Any) -> None:
        if message.type in {"warning", "error"}:
            self.noise.append(message.text)

    def open(self, name: str, fragment: str = "") -> Visitor:
        """Go to a page, signed in by its address."""
        signed_in = f"token={self.person.token}&name={self.name}"
        self.page.goto(f"{self._url}/app/{name}#{'&'.join(filter(None, [fragment, signed_in]))}")
        expect(self.page.locator(".who")).to_contain_text(self.name)
        return self

    def open_anonymously(self, name: str, fragment: str = "") -> Visitor:
        self.page.goto(f"{self._url}/app/{name}#{fragment}")
        return self

    def sees(self, selector: str, words: str) -> Locator:
        """Wait until an element has these words."""
        found = self.page.locator(selector).filter(has_text=words, visible=True).first
        expect(found).to_be_visible()
        return found

    def send(self, kind: str, words: str) -> None:
        """Send an event with the form."""
        self.page.select_option("#kind", label=kind)
        self.page.fill("#text", words)
        self.page.click("#send .primary")

    def check_access(self) -> None:
        """Nothing stands in the way of somebody who cannot see, or use a mouse; and nothing is cut off.

        Source: https://dequeuniversity.com/rules/axe/
        """
        found = Axe().run(self.page)
        assert found.violations_count == 0, found.generate_report()
        assert self.page.evaluate(_NARROW_ENOUGH)


Visit = Callable[..., Visitor]


@contextmanager
def visits(chromium: Browser, site: Site) -> Iterator[Visit]:
    """Lets users visit the pages, each in a window of their own."""
    contexts = []

    def visit(
        person: Person, name: str, theme: Any = "light", size: tuple[int, int] = WIDE
    ) -> Visitor:
        viewport: Any = {"width": size[0], "height": size[1]}
        contexts.append(chromium.new_context(color_scheme=theme, viewport=viewport))
        contexts[-1].set_default_timeout(PATIENCE_MS)
        return Visitor(contexts[-1].new_page(), site, person, name)

    expect.set_options(timeout=PATIENCE_MS)
    yield visit
    for context in contexts:
        context.close()
