"""The screens that are rarely opened come in a file of their own, and a page without it says so."""

from __future__ import annotations

from playwright.sync_api import Route, expect

from tests.integration.banking.console.conftest import Person

FILE = "**/more.*.js"


def test_further_screens_are_loaded_once(anna: Person) -> None:
    loaded: list[str] = []
    anna.page.on("request", lambda request: loaded.append(request.url.rpartition("/")[2]))
    anna.at("now")
    anna.sees("Where events wait now")
    assert not [name for name in loaded if name.startswith("more.")]

    anna.open("audit")
    anna.heading("Who did what")
    expect(anna.page.get_by_role("heading", level=1)).to_be_focused()
    anna.open("ledger")
    anna.heading("It does not add up")

    assert len([name for name in loaded if name.startswith("more.")]) == 1


def test_missing_file_is_told(anna: Person) -> None:
    """After a deployment: a page that is open names a file that is there no more."""

    def gone(route: Route) -> None:
        route.fulfill(status=404, body="{}")

    anna.page.route(FILE, gone)
    anna.at("audit")
    anna.sees("This screen could not be loaded.")
    anna.page.unroute(FILE)

    anna.button("Look again").click()

    anna.heading("Who did what")
