"""What is kept reaches the real API, once and in order, and then leaves the browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import BrowserContext, Route

from tests.architecture.tree import ROOT
from tests.integration.appevents.browser.conftest import BATCH, NOTE, Person, Site, Tab
from tests.support.waiting import eventually

Stored = Callable[[Person], list[str]]


def test_event_is_sent_at_once(tab: Tab, person: Person, stored: Stored) -> None:
    (sent,) = tab.enqueue("seat on 4")
    tab.until_empty()

    assert stored(person) == ["seat on 4"]
    assert tab.told("sent") == [
        {"client_generated_id": sent, "event_type": NOTE, "status": "accepted"}
    ]
    assert tab.batches == [[sent]]
    tab.until(lambda: tab.counts() == {"pending": 0, "stalled": 0, "rejected": 0})


def test_entry_is_the_envelope(tab: Tab, person: Person, context: BrowserContext) -> None:
    context.set_offline(True)
    (kept,) = tab.enqueue("seat on 4")

    (entry,) = tab.entries()
    assert entry["timestamp"].endswith("Z")
    assert entry.pop("nextRetryAt") > 0
    assert entry.pop("timestamp")
    assert entry == {
        "schema_version": "1.0.0",
        "event_type": NOTE,
        "client_generated_id": kept,
        "user_id": person.id,
        "source_service": "frontend",
        "data": {"machine_id": "m", "body": "seat on 4"},
        "state": "pending",
        "retryCount": 0,
        "lastError": None,
        "position": 1,
    }


def test_offline_spends_nothing(
    tab: Tab, context: BrowserContext, person: Person, stored: Stored
) -> None:
    context.set_offline(True)
    kept = tab.enqueue(*(f"note {number}" for number in range(120)))
    assert tab.batches == []
    assert {entry["retryCount"] for entry in tab.entries()} == {0}

    context.set_offline(False)
    tab.until_empty()

    assert [len(batch) for batch in tab.batches] == [50, 50, 20]
    assert [each for batch in tab.batches for each in batch] == kept
    assert stored(person) == [f"note {number}" for number in range(120)]


def test_request_says_who_and_when(tab: Tab, context: BrowserContext, person: Person) -> None:
    seen: list[Any] = []
    tab.page.on("request", lambda request: seen.append(request))  # noqa: PLW0108 - playwright marks it
    tab.enqueue("a")
    tab.until_empty()

    (request,) = [each for each in seen if each.url.endswith(BATCH)]
    assert request.headers["authorization"] == f"Bearer {person.token}"
    assert request.headers["x-client-time"].endswith("Z")
    (event,) = json.loads(request.post_data)["events"]
    assert sorted(event) == [
        "client_generated_id",
        "data",
        "event_type",
        "schema_version",
        "source_service",
        "timestamp",
        "user_id",
    ]


def test_others_entries_wait_for_theirs(
    tab: Tab, context: BrowserContext, site: Site, person: Person, stored: Stored
) -> None:
    other = Person(site.environment)
    context.set_offline(True)
    tab.enqueue("mine")
    tab.run("(other) => { me.user = other.user; me.token = other.token; }", vars_of(other))
    tab.enqueue("theirs")
    assert [entry["data"]["body"] for entry in tab.entries()] == ["theirs"]

    context.set_offline(False)
    tab.until_empty()
    assert (stored(person), stored(other)) == ([], ["theirs"])

    tab.run("(me) => { Object.assign(window.me, me); return queue.resume(); }", vars_of(person))
    tab.until_empty()
    assert (stored(person), stored(other)) == (["mine"], ["theirs"])


def test_user_who_changes_meanwhile_gets_nothing(
    tab: Tab, context: BrowserContext, site: Site, person: Person, stored: Stored
) -> None:
    """The token is asked for after the user: what lies between must not mix two users."""
    other = Person(site.environment)
    context.set_offline(True)
    tab.enqueue("mine")
    tab.page.reload()
    tab.page.wait_for_function("window.queue")
    tab.run(
        """(other) => {
            const own = me.token;
            let asked = 0;
            Object.defineProperty(me, "token", {get() {
                if (asked++) return me.user === other.user ? other.token : own;
                me.user = other.user;
                return own;
            }});
        }""",
        vars_of(other),
    )
    context.set_offline(False)
    tab.until(lambda: tab.run("() => me.user") == other.id)
    tab.run("() => queue.resume()")

    assert (tab.batches, stored(other)) == ([], [])


def test_secret_event_touches_no_storage(tab: Tab, context: BrowserContext, person: Person) -> None:
    tab.run(
        "() => { window.added = []; IDBObjectStore.prototype.put = (value) => added.push(value); }"
    )
    script = """(owner) => queue.enqueue("feed.access.attempt",
        {feed_owner_id: owner, passcode: "open sesame"}).then((id) => ({id}), ({code}) => ({code}))"""

    assert "id" in tab.run(script, person.id)
    assert len(tab.told("sent")) == 1
    context.set_offline(True)
    assert tab.run(script, person.id) == {"code": "offline"}
    context.set_offline(False)
    context.route("**/notify/events", lambda route: route.fulfill(status=503, body="{}"))
    assert tab.run(script, person.id) == {"code": "not-sent"}
    assert (tab.run("() => added"), tab.entries(), tab.batches) == ([], [], [])


def test_closing_page_sends_what_fits(
    tab: Tab, context: BrowserContext, person: Person, stored: Stored
) -> None:
    def fail(route: Route) -> None:
        route.fulfill(status=503, body="{}")

    context.route(f"**{BATCH}", fail)
    tab.enqueue(*("x" * 1990 for _ in range(40)))
    tab.until(lambda: tab.entries()[-1]["lastError"])
    tried = len(tab.batches)
    context.unroute(f"**{BATCH}", fail)
    tab.page.goto("about:blank")

    tab.until(lambda: 20 < len(stored(person)) < 30)
    tab.page.go_back()
    assert tried
    tab.page.wait_for_function("window.queue")
    tab.until_empty()
    assert len(stored(person)) == 40


def test_documented_example_works(
    context: BrowserContext, site: Site, person: Person, stored: Stored
) -> None:
    text = (ROOT / "docs/appevents/offline-queue.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```html\n(.*?)```", text, re.DOTALL)
    around = """<button id="save"></button><b id="badge">…</b><script>
        session = {token: me.token, userId: me.user}; signIn = async () => {}; show = () => {};
    </script>"""
    context.route(
        "**/app/example",
        lambda route: route.fulfill(body=around + example, content_type="text/html"),
    )
    page = context.new_page()
    page.goto(f"{site.url}/app/example")
    page.wait_for_function("Boolean(save.onclick)")  # a function would be called
    page.click("#save")

    eventually(lambda: stored(person) == ["Seat on 4"])
    page.wait_for_function("badge.textContent === ''")


def vars_of(person: Person) -> dict[str, str]:
    return {"user": person.id, "token": person.token}
