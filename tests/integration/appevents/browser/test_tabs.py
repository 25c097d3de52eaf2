"""Several tabs of one browser: one sends, all show the same."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext

from tests.integration.appevents.browser.conftest import BATCH, Person, Tab

NewTab = Callable[[], Tab]
Stored = Callable[[Person], list[str]]


def counts(pending: int) -> dict[str, int]:
    return {"pending": pending, "stalled": 0, "rejected": 0}


def lock_holders(tab: Tab) -> int:
    return int(tab.run("async () => (await navigator.locks.query()).held.length"))


def test_all_tabs_show_the_same(tab: Tab, new_tab: NewTab, context: BrowserContext) -> None:
    other = new_tab()
    context.set_offline(True)
    tab.enqueue("a", "b")
    other.enqueue("c")

    for each in (tab, other):
        each.until(lambda each=each: each.counts() == counts(3))
    context.set_offline(False)
    for each in (tab, other):
        each.until(lambda each=each: each.counts() == counts(0))
    assert len(tab.told("sent")) == len(other.told("sent")) == 3


def test_one_tab_sends_for_all(tab: Tab, new_tab: NewTab, person: Person, stored: Stored) -> None:
    others = [new_tab(), new_tab()]
    for number in range(10):
        for each in (tab, *others):
            each.enqueue(f"{number}")
    tab.until_empty()

    assert [bool(each.batches) for each in (tab, *others)] == [True, False, False]
    assert lock_holders(tab) == 1
    assert sorted(stored(person)) == sorted(str(number) for number in range(10) for _ in range(3))


def test_closed_tab_is_followed(
    tab: Tab, new_tab: NewTab, context: BrowserContext, person: Person, stored: Stored
) -> None:
    other = new_tab()
    context.route(f"**{BATCH}", lambda route: route.abort())
    tab.enqueue("a")
    tab.until_tried(1)
    context.unroute(f"**{BATCH}")

    tab.page.close()

    other.until_empty()
    assert stored(person) == ["a"]


def test_frozen_tab_is_followed(tab: Tab, new_tab: NewTab, person: Person, stored: Stored) -> None:
    """Chromium freezes hidden pages only, and here none is hidden: the test gives the event."""
    other = new_tab()
    tab.run("() => document.dispatchEvent(new Event('freeze'))")
    other.enqueue("a")
    other.until_empty()
    assert (len(tab.batches), len(other.batches)) == (0, 1)

    tab.run("() => document.dispatchEvent(new Event('resume'))")
    other.page.close()
    tab.enqueue("b")
    tab.until_empty()
    assert stored(person) == ["a", "b"]


def test_tab_that_hangs_is_replaced(
    tab: Tab, context: BrowserContext, paused_tab: Tab, person: Person, stored: Stored
) -> None:
    """A tab may stop without being told so: it keeps the lock, and answers nobody."""
    tab.run(
        """() => {
            BroadcastChannel.prototype.postMessage = () => {};
            fetch = () => new Promise(() => {});
        }"""
    )
    other = paused_tab
    other.enqueue("a")
    other.page.clock.run_for(4_900)
    assert other.batches == []

    other.page.clock.run_for(200)

    other.until_empty()
    assert stored(person) == ["a"]
    assert lock_holders(other) == 1


def test_tabs_without_locks_send_each(
    context: BrowserContext, new_tab: NewTab, person: Person, stored: Stored
) -> None:
    context.add_init_script(
        "Object.defineProperty(Navigator.prototype, 'locks', {value: undefined})"
    )
    tabs = [new_tab(), new_tab()]
    context.set_offline(True)
    for tab in tabs:
        tab.enqueue(*(f"note {number}" for number in range(30)))
    context.set_offline(False)
    tabs[0].until_empty()

    assert all(tab.batches for tab in tabs)
    assert sorted(stored(person)) == sorted([f"note {number}" for number in range(30)] * 2)


def test_page_without_channel_sends(
    context: BrowserContext, new_tab: NewTab, person: Person, stored: Stored
) -> None:
    """Old browsers, and pages without TLS, lack what is newer than the rest."""
    context.add_init_script("delete window.BroadcastChannel; delete Crypto.prototype.randomUUID;")
    tab = new_tab()
    (kept,) = tab.enqueue("a")
    tab.until_empty()

    assert stored(person) == ["a"]
    assert (len(kept), kept[14], kept[19] in "89ab") == (36, "4", True)


def test_closed_queue_leaves_the_rest_to_others(tab: Tab, new_tab: NewTab) -> None:
    other = new_tab()
    tab.run("() => queue.close()")
    other.enqueue("a")
    other.until_empty()

    assert (len(tab.batches), len(other.batches)) == (0, 1)
    assert tab.run("() => queue.enqueue('a', {}).catch(({code}) => code)") == "closed"
