"""When an entry is tried again, by the browser's own clock, which the tests move."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Route

from tests.integration.appevents.browser.conftest import BATCH, Person, Tab

WAITS = [2_000, 4_000, 8_000, 16_000, 32_000]
YEAR = 365 * 24 * 3_600_000
Answer = Callable[[Route], None]


@pytest.fixture
def answers(context: BrowserContext) -> Callable[..., None]:
    """Has every batch answered with this instead of by the API."""

    def use(status: int, headers: dict[str, str] | None = None) -> None:
        context.unroute(f"**{BATCH}")
        context.route(
            f"**{BATCH}", lambda route: route.fulfill(status=status, headers=headers, body="{}")
        )

    return use


def now(tab: Tab) -> float:
    return float(tab.run("() => Date.now()"))


def first_entry(tab: Tab) -> dict[str, Any]:
    return tab.entries()[0]


def tried(tab: Tab, times: int) -> dict[str, Any]:
    """The first entry once so many tries have failed and been written down."""
    tab.until_tried(times)
    retries = times - 1
    return dict(
        tab.until(
            lambda: (e := first_entry(tab))["lastError"] and e["retryCount"] == retries and e,
            f"try {times} was written down",
        )
    )


def nothing_is_tried_within(tab: Tab, milliseconds: float) -> None:
    times = len(tab.batches)
    tab.page.clock.run_for(round(milliseconds))
    tab.entries()  # what would be sent has asked the storage before
    tab.page.wait_for_timeout(100)
    assert len(tab.batches) == times


def test_five_retries_and_then_it_stalls(paused_tab: Tab, answers: Callable[..., None]) -> None:
    tab = paused_tab
    answers(503)
    (kept,) = tab.enqueue("a")

    for number, wait in enumerate(WAITS, 1):
        entry = tried(tab, number)
        left = entry["nextRetryAt"] - now(tab)
        assert 0.9 * wait <= left <= 1.1 * wait
        assert (entry["state"], entry["retryCount"]) == ("pending", number - 1)
        nothing_is_tried_within(tab, left - 100)
        tab.page.clock.run_for(150)

    stalled = tried(tab, 6)
    assert (stalled["state"], stalled["retryCount"]) == ("stalled", 5)
    assert [each["client_generated_id"] for each in tab.told("stalled")] == [kept]
    assert tab.counts() == {"pending": 0, "stalled": 1, "rejected": 0}
    nothing_is_tried_within(tab, 180_000)


def test_stalled_entry_is_sent_when_told(
    paused_tab: Tab, answers: Callable[..., None], context: BrowserContext
) -> None:
    tab = paused_tab
    answers(503)
    one, other = tab.enqueue("a", "b")

    def is_stalled() -> bool:
        tab.page.clock.run_for(36_000)
        return {entry["state"] for entry in tab.entries()} == {"stalled"}

    tab.until(is_stalled)
    context.unroute(f"**{BATCH}")
    assert tab.run("(id) => queue.retry(id)", one) is True
    tab.until(lambda: [entry["client_generated_id"] for entry in tab.entries()] == [other])
    assert tab.run("() => queue.retryAll()") == 1
    tab.until_empty()


def test_wait_that_the_server_asks_for(paused_tab: Tab, answers: Callable[..., None]) -> None:
    tab = paused_tab
    answers(429, {"Retry-After": "20"})
    tab.enqueue("a")
    entry = tried(tab, 1)
    assert entry["nextRetryAt"] - now(tab) == 20_000

    tab.enqueue("b")  # the server wants to be left alone, by this one too
    nothing_is_tried_within(tab, 19_900)
    answers(503, {"Retry-After": "3600"})
    tab.page.clock.run_for(150)
    entry = tried(tab, 2)
    assert entry["nextRetryAt"] - now(tab) == 60_000


def test_no_answer_in_time_is_a_failure(paused_tab: Tab, context: BrowserContext) -> None:
    tab = paused_tab
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    context.route(f"**{BATCH}", hold)
    tab.enqueue("a")
    tab.until_tried(1)
    tab.page.clock.run_for(14_900)
    assert first_entry(tab)["lastError"] is None

    tab.page.clock.run_for(200)

    assert tried(tab, 1)["lastError"] == "The server did not answer in time"
    assert held


def test_newer_entry_overtakes_none(paused_tab: Tab, answers: Callable[..., None]) -> None:
    """A new entry is tried at once; who waits before it goes along, and spends no try."""
    tab = paused_tab
    answers(503)
    (first,) = tab.enqueue("a")
    before = tried(tab, 1)
    (second,) = tab.enqueue("b")
    tab.until_tried(2)
    tab.until(lambda: tab.entries()[1]["lastError"])

    assert tab.batches == [[first], [first, second]]
    after, newer = tab.entries()
    assert (after["retryCount"], after["nextRetryAt"]) == (0, before["nextRetryAt"])
    assert newer["retryCount"] == 0


def test_wishes_together_are_one_try(paused_tab: Tab, answers: Callable[..., None]) -> None:
    tab = paused_tab
    answers(503)
    tab.enqueue("a")
    tried(tab, 1)

    tab.run("() => { queue.resume(); queue.resume(); queue.resume(); }")
    tab.until_tried(2)
    nothing_is_tried_within(tab, 1_000)

    assert len(tab.batches) == 2


@pytest.mark.parametrize("jump", [-10 * YEAR, 10 * YEAR, 10_000 * YEAR])
def test_jump_of_the_clock_changes_no_wait(
    paused_tab: Tab, answers: Callable[..., None], jump: int
) -> None:
    tab = paused_tab
    answers(503)
    tab.enqueue("a")
    left = tried(tab, 1)["nextRetryAt"] - now(tab)

    tab.page.clock.set_system_time((now(tab) + jump) / 1000)
    nothing_is_tried_within(tab, left - 100)
    tab.page.clock.run_for(200)

    tried(tab, 2)
    nothing_is_tried_within(tab, 3_000)


def test_time_of_another_clock_is_bounded(paused_tab: Tab, answers: Callable[..., None]) -> None:
    """A page is loaded after the clock was put back by years: what is stored lies far ahead."""
    tab = paused_tab
    answers(503)
    tab.enqueue("a")
    tried(tab, 1)
    tab.page.clock.set_system_time((now(tab) - 10 * YEAR) / 1000)
    tab.page.goto(tab.page.url)
    tab.page.wait_for_function("window.queue")
    tab.until_tried(2)
    tab.until(tab.entries)

    tab.page.clock.run_for(60_100)

    tab.until_tried(3)


@pytest.mark.parametrize("year", [1970, 12_026])
def test_clock_that_is_years_off_is_borne(
    paused_tab: Tab, person: Person, stored: Callable[[Person], list[str]], year: int
) -> None:
    tab = paused_tab
    tab.page.clock.set_system_time((year - 1970) * YEAR / 1000)
    tab.enqueue("a")
    tab.until_empty()

    assert stored(person) == ["a"]


def test_shown_tab_sends_what_waits(paused_tab: Tab, context: BrowserContext) -> None:
    tab = paused_tab
    context.route(f"**{BATCH}", lambda route: route.abort(), times=1)
    tab.enqueue("a")
    tried(tab, 1)

    tab.run("() => document.dispatchEvent(new Event('visibilitychange'))")

    tab.until_empty()
