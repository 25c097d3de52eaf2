"""The API is killed before, in and after its answer: nothing is lost, and nothing is there twice."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Route

from tests.integration.appevents.browser.conftest import BATCH, Person, Site, Tab
from tests.support.waiting import eventually

Stored = Callable[[Person], list[str]]


def back(tab: Tab, site: Site) -> None:
    """The API is there again, and the page looks."""
    site.start()
    tab.run("() => queue.resume()")
    tab.until_empty()


def test_killed_before_its_answer(tab: Tab, site: Site, person: Person, stored: Stored) -> None:
    site.kill()
    kept = tab.enqueue(*(f"note {number}" for number in range(60)))
    tab.until_tried(1)
    assert len(tab.entries()) == 60

    back(tab, site)

    assert stored(person) == [f"note {number}" for number in range(60)]
    assert [each["client_generated_id"] for each in tab.told("sent")] == kept


@pytest.mark.parametrize("answer", ["none", "half of it"])
def test_killed_in_its_answer(
    tab: Tab, context: BrowserContext, site: Site, person: Person, stored: Stored, answer: str
) -> None:
    """The API commits and is killed; the browser gets no answer, or a part."""

    def pass_and_kill(route: Route) -> None:
        said = route.fetch().text()
        site.kill()
        if answer == "none":
            route.abort("connectionreset")
        else:
            route.fulfill(status=200, body=said[: len(said) // 2])

    context.set_offline(True)
    kept = tab.enqueue("a", "b", "c")
    context.route(f"**{BATCH}", pass_and_kill, times=1)
    context.set_offline(False)
    tab.until(lambda: not site.is_up and all(entry["lastError"] for entry in tab.entries()))
    assert (stored(person), tab.told("sent")) == (["a", "b", "c"], [])

    back(tab, site)

    assert stored(person) == ["a", "b", "c"]
    assert [each["client_generated_id"] for each in tab.told("sent")] == kept
    assert {each["status"] for each in tab.told("sent")} == {"duplicate"}


def test_killed_after_its_answer(
    tab: Tab, context: BrowserContext, site: Site, person: Person, stored: Stored
) -> None:
    """The first of three batches is answered; then the API is gone."""

    def answer_and_kill(route: Route) -> None:
        answer = route.fetch()
        site.kill()
        route.fulfill(response=answer)

    context.set_offline(True)
    notes = [f"note {number}" for number in range(120)]
    tab.enqueue(*notes)
    context.route(f"**{BATCH}", answer_and_kill, times=1)
    context.set_offline(False)
    tab.until(lambda: len(tab.batches) == 2 and len(tab.entries()) == 70)

    back(tab, site)

    assert stored(person) == notes
    assert len(tab.told("sent")) == 120


def test_killed_again_and_again(
    tab: Tab, context: BrowserContext, site: Site, person: Person, stored: Stored
) -> None:
    """Killed as soon as the database has more of the user's events, wherever the API is then."""
    context.set_offline(True)
    notes = [f"note {number}" for number in range(500)]
    tab.enqueue(*notes)
    for least in (1, 120, 260):
        site.start()
        killer = threading.Thread(
            target=lambda least=least: (
                eventually(lambda: len(stored(person)) >= least),
                site.kill(),
            )
        )
        killer.start()
        context.set_offline(False)
        tab.run("() => queue.resume()")
        tab.until(lambda: not site.is_up)
        killer.join()
        context.set_offline(True)

    context.set_offline(False)
    back(tab, site)

    assert stored(person) == notes
    sent = [each["client_generated_id"] for each in tab.told("sent")]
    assert len(sent) == len(set(sent)) == 500
