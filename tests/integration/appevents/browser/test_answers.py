"""What each answer of the server makes of what was sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Route

from tests.integration.appevents.browser.conftest import BATCH, NOTE, Person, Tab

EVERY_BATCH = f"**{BATCH}"
Results = Callable[[list[str]], list[dict[str, Any]]]
NOT_NOW = [408, 425, 429, 500, 502, 503, 504, 511]
FOR_GOOD = [400, 403, 404, 405, 409, 413, 415, 422]


def envelope(data: object = None, words: str = "no") -> str:
    return json.dumps({"data": data or {}, "detail": {"status_description": words}})


def ids_in(route: Route) -> list[str]:
    events = json.loads(route.request.post_data or "{}")["events"]
    return [str(each["client_generated_id"]) for each in events]


def answer_with(context: BrowserContext, status: int, body: str) -> None:
    context.unroute(EVERY_BATCH)
    context.route(EVERY_BATCH, lambda route: route.fulfill(status=status, body=body))


@pytest.fixture
def answered(context: BrowserContext) -> Callable[[Results], None]:
    """Has batches answered with 200 and these results of their ids."""

    def use(results: Results) -> None:
        def answer(route: Route) -> None:
            route.fulfill(status=200, body=envelope({"results": results(ids_in(route))}))

        context.route(EVERY_BATCH, answer)

    return use


def kept_offline(tab: Tab, context: BrowserContext, *bodies: str) -> list[str]:
    context.set_offline(True)
    kept = tab.enqueue(*bodies)
    context.set_offline(False)
    return kept


def test_failures_for_now_are_kept(paused_tab: Tab, context: BrowserContext) -> None:
    tab = paused_tab
    for status in NOT_NOW:
        answer_with(context, status, envelope(words=f"{status} it is"))
        (kept,) = tab.enqueue("a")
        (entry,) = tab.until(lambda: [each for each in tab.entries() if each["lastError"]])

        assert (entry["state"], entry["lastError"]) == ("pending", f"{status} it is")
        tab.run("(id) => queue.discard(id)", kept)
    assert tab.told("rejected") == []


def test_refusals_for_good_are_rejected(tab: Tab, context: BrowserContext) -> None:
    for status in FOR_GOOD:
        answer_with(context, status, envelope(words=f"{status} it is"))
        (kept,) = tab.enqueue("a")
        (entry,) = tab.until(lambda: [e for e in tab.entries() if e["state"] == "rejected"])

        assert entry["lastError"] == f"{status} it is"
        assert tab.told("rejected")[-1] == entry
        assert tab.run("(id) => queue.discard(id)", kept) is True
    assert len(tab.told("rejected")) == len(tab.batches) == len(FOR_GOOD)


def test_rejected_entry_is_never_sent_again(tab: Tab, context: BrowserContext) -> None:
    answer_with(context, 422, envelope())
    (kept,) = tab.enqueue("a")
    tab.until(lambda: tab.told("rejected"))

    tab.run("() => queue.retryAll()")
    assert tab.run("(id) => queue.retry(id)", kept) is False
    tab.enqueue("b")
    tab.until(lambda: len(tab.told("rejected")) == 2)

    assert [kept in batch for batch in tab.batches] == [True, False]


def test_answer_that_names_nothing_is_a_failure(paused_tab: Tab, context: BrowserContext) -> None:
    tab = paused_tab
    bodies = ["<html>Sign in</html>", "", "null", "[]", '{"data": null}', envelope({"results": 1})]
    for body in bodies:
        answer_with(context, 200, body)
        (kept,) = tab.enqueue("a")
        (entry,) = tab.until(lambda: [each for each in tab.entries() if each["lastError"]])

        assert (entry["state"], tab.told("sent")) == ("pending", [])
        assert entry["lastError"] == "The server's answer does not name this event"
        tab.run("(id) => queue.discard(id)", kept)


def test_results_are_matched_by_id(
    paused_tab: Tab, context: BrowserContext, answered: Callable[[Results], None]
) -> None:
    tab = paused_tab
    answered(
        lambda ids: [
            {"client_generated_id": ids[2], "status": "accepted"},
            {"client_generated_id": None, "status": "invalid", "error": "b is wrong"},
            {"client_generated_id": ids[0], "status": "duplicate"},
            {"client_generated_id": ids[3], "status": "conflict"},
            {"client_generated_id": None, "status": "accepted"},
            {"client_generated_id": "another", "status": "accepted"},
        ]
    )
    kept = kept_offline(tab, context, *"abcdef")
    tab.until(lambda: len(tab.entries()) == 4)

    assert {each["client_generated_id"] for each in tab.told("sent")} == {kept[0], kept[2]}
    left = {e["data"]["body"]: (e["state"], e["lastError"]) for e in tab.entries()}
    unnamed = ("pending", "The server's answer does not name this event")
    assert left == {
        "b": ("rejected", "b is wrong"),
        "d": ("rejected", "Another event has this id"),
        "e": unnamed,
        "f": unnamed,
    }


def test_short_answer_refuses_by_id_only(
    paused_tab: Tab, context: BrowserContext, answered: Callable[[Results], None]
) -> None:
    answered(lambda _ids: [{"client_generated_id": None, "status": "invalid"}])
    kept_offline(paused_tab, context, *"ab")
    paused_tab.until(lambda: all(entry["lastError"] for entry in paused_tab.entries()))

    assert [entry["state"] for entry in paused_tab.entries()] == ["pending", "pending"]


@pytest.mark.parametrize("status", [413, 400])
def test_refused_batch_is_halved(
    tab: Tab,
    context: BrowserContext,
    person: Person,
    stored: Callable[[Person], list[str]],
    status: int,
) -> None:
    """The batch's refusal says nothing of its entries: only the guilty one is rejected."""

    def refuse_poison(route: Route) -> None:
        if "poison" in (route.request.post_data or ""):
            route.fulfill(status=status, body=envelope())
        else:
            route.continue_()

    context.route(EVERY_BATCH, refuse_poison)
    kept_offline(tab, context, *"abc", "poison", *"defg")
    tab.until(lambda: [entry["state"] for entry in tab.entries()] == ["rejected"])

    assert tab.entries()[0]["data"]["body"] == "poison"
    assert stored(person) == list("abcdefg")


def test_invalid_event_refuses_itself_only(
    tab: Tab, context: BrowserContext, person: Person, stored: Callable[[Person], list[str]]
) -> None:
    kept_offline(tab, context, "a", "", "b")
    tab.until(lambda: [entry["state"] for entry in tab.entries()] == ["rejected"])

    assert tab.entries()[0]["lastError"].startswith("data.body: ")
    assert stored(person) == ["a", "b"]


def test_batches_stay_below_the_servers_limit(tab: Tab, context: BrowserContext) -> None:
    sizes: list[int] = []

    def note(route: Route) -> None:
        sizes.append(len(route.request.post_data_buffer or b""))
        route.continue_()

    context.route(EVERY_BATCH, note)
    kept_offline(tab, context, *("x" * 60_000 for _ in range(20)))
    tab.until(lambda: tab.counts() == {"pending": 0, "stalled": 0, "rejected": 20})

    assert len(sizes) == 2
    assert max(sizes) < 1_048_576


def test_what_cannot_be_sent_is_not_kept(tab: Tab) -> None:
    wrong = {
        '{body: "x".repeat(65536)}': "too-large",
        "undefined": "invalid",
        "[1]": "invalid",
        "{n: 1n}": "invalid",
        "(() => { const a = {}; a.a = a; return a; })()": "invalid",
    }
    for data, code in wrong.items():
        script = f'() => queue.enqueue("{NOTE}", {data}).catch(({{code}}) => code)'
        assert tab.run(script) == code

    assert tab.entries() == []


def test_refused_token_stops_the_queue(
    tab: Tab, context: BrowserContext, person: Person, stored: Callable[[Person], list[str]]
) -> None:
    good = tab.run("() => { const good = me.token; me.token = 'old'; return good; }")
    tab.enqueue("a")
    tab.until(lambda: tab.told("auth-required"))
    tab.enqueue("b", "c")
    tab.run("() => queue.list()")

    assert len(tab.batches) == 1
    assert len(tab.told("auth-required")) == 1
    assert [(e["retryCount"], e["lastError"]) for e in tab.entries()] == [(0, None)] * 3
    tab.run("() => queue.resume()")  # somebody wants to know it: the same token is tried once more
    tab.until(lambda: len(tab.told("auth-required")) == 2)

    tab.run("(good) => { me.token = good; }", good)
    tab.enqueue("d")
    tab.until_empty()
    assert stored(person) == ["a", "b", "c", "d"]


@pytest.mark.parametrize("how", ["throw new Error('away')", "return null", "return ''"])
def test_missing_token_spends_nothing(tab: Tab, how: str) -> None:
    good = tab.run(
        f"""() => {{
            const good = me.token;
            Object.defineProperty(me, "token", {{get() {{ {how} }}, configurable: true}});
            return good;
        }}"""
    )
    tab.enqueue("a")
    tab.until(lambda: tab.told("auth-required"))
    assert (tab.batches, tab.entries()[0]["lastError"]) == ([], None)

    tab.run("(good) => Object.defineProperty(me, 'token', {value: Promise.resolve(good)})", good)
    tab.run("() => queue.resume()")
    tab.until_empty()
    assert tab.faults == []


def test_nobody_present_is_said_aloud(tab: Tab) -> None:
    tab.run("() => { me.user = null; }")
    script = f'() => queue.enqueue("{NOTE}", {{}}).catch(({{code}}) => code)'

    assert tab.run(script) == "not-signed-in"
    assert tab.entries() == []


def test_faulty_listener_harms_nobody(tab: Tab) -> None:
    tab.run("() => queue.on('sent', () => { throw new Error('the page is wrong'); })")
    tab.enqueue("a")
    tab.until_empty()

    tab.until(lambda: tab.faults == ["the page is wrong"])
    assert tab.run("() => { try { queue.on('no', () => {}); } catch ({code}) { return code; } }")
