"""Signing in, Now, Events and Event: what is seen, that it stays live, and that nothing moves."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.integration.banking.console.conftest import BANK_KEY, NARROW, Meet, Person
from tests.support import console_data as data
from tests.support.console_api import Answer, ConsoleApi
from tests.support.waiting import eventually

FIRST_ROW = "main tbody tr >> nth=0"


def test_now_answers_after_sign_in(anna: Person) -> None:
    anna.open().sign_in()

    anna.heading("Two banks need you. Nothing is lost.")
    anna.sees("borealis_bank: its queue is full and nobody reads it.")
    anna.sees("heals by itself once its program reads")
    anna.sees("caught up in about 59 min")
    anna.check_access()


def test_key_stays_nowhere(anna: Person, api: ConsoleApi) -> None:
    anna.open().sign_in()

    kept = anna.page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"
    )
    assert "fk_admin" not in kept
    assert sum("x-api-key" in asked.headers for asked in api.asked) == 1


@pytest.mark.night_long
def test_wrong_key_is_told(anna: Person) -> None:
    anna.open()

    anna.page.get_by_label("API key").fill("fk_wrong")
    anna.page.get_by_label("API key").press("Enter")

    anna.sees("The API key is unknown")


def test_view_is_the_address(anna: Person) -> None:
    anna.at(f"events?state=publish_failed&from=-1h&event={data.event_id(7)}")

    anna.sees("state given up")
    expect(anna.page.locator("aside")).to_contain_text(data.event_id(7))
    anna.page.reload()
    expect(anna.page.locator("aside")).to_contain_text(data.event_id(7))
    anna.page.locator("main").press("Escape")
    expect(anna.page.locator("aside")).to_have_count(0)
    anna.page.go_back()
    expect(anna.page.locator("aside")).to_be_visible()


def test_filters_reach_the_api(anna: Person, api: ConsoleApi) -> None:
    anna.at("events")

    anna.button("+ state").click()
    anna.page.get_by_label("waits").check()
    anna.page.get_by_label("held back").check()
    anna.button("Apply").click()

    anna.sees("state waits, held back")
    expect(anna.page.locator("main tbody tr")).to_have_count(4)
    lists = [asked.query for asked in api.asked if asked.path == "/events/list"]
    assert lists[-1] == {"states": "waiting,held_back"}


def test_wrong_filter_is_left_out(anna: Person, api: ConsoleApi) -> None:
    anna.at("events?colour=red&state=lost&from=2026-02-31")

    anna.sees("The address has a filter that this view does not know: colour.")
    anna.sees("there is no “lost”")
    anna.sees("from: this is no time")
    expect(anna.page.locator(FIRST_ROW)).to_be_visible()
    assert {} in [asked.query for asked in api.asked if asked.path == "/events/list"]


@pytest.mark.night_long
def test_impossible_span_asks_nothing(anna: Person, api: ConsoleApi) -> None:
    anna.at("events?from=2026-11-26T10:00Z&to=2026-11-25T10:00Z")

    anna.sees("from lies after to. Nothing was asked.")
    assert not [asked for asked in api.asked if asked.path == "/events/list"]


@pytest.mark.night_long
def test_newer_events_come_by_themselves(anna: Person, api: ConsoleApi) -> None:
    anna.at("events")
    expect(anna.page.locator(FIRST_ROW)).to_be_visible()

    api.newer = [data.event(90, 0)]

    expect(anna.page.locator(f"[data-row='{data.event_id(90)}']")).to_be_visible()


def test_newer_events_wait_while_selecting(anna: Person, api: ConsoleApi) -> None:
    anna.at("events")
    anna.page.locator(f"{FIRST_ROW} >> input").check()

    api.newer = [data.event(index, 0) for index in (91, 92)]

    anna.sees("2 newer events. Show them")
    assert anna.page.locator(FIRST_ROW).get_attribute("data-row") == data.event_id(0)
    anna.page.locator(f"{FIRST_ROW} >> input").blur()
    anna.press("n")
    expect(anna.page.locator("main tbody tr")).to_have_count(22)


def test_state_changes_in_place(anna: Person, api: ConsoleApi) -> None:
    anna.at("events")
    row = anna.page.locator(f"[data-row='{data.event_id(0)}']")
    expect(row).to_contain_text("in the queue")

    api.events[0] = {**api.events[0], "state": "processed", "lag_ms": 900}

    expect(row).to_contain_text("processed")


def test_message_comes_only_when_asked(anna: Person, api: ConsoleApi) -> None:
    anna.at(f"event?event_id={data.event_id(6)}")
    anna.sees("Published, confirmed by the broker")
    assert all(
        asked.query["payload"] == "false" for asked in api.asked if asked.path == "/events/data"
    )

    anna.button("Show the message").click()

    message = anna.page.get_by_role("region", name="Message")
    expect(message).to_contain_text("<script>alert(1)</script>")
    expect(message).to_contain_text(str(data.BIG))
    assert data.NAME not in anna.page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}])"
    )


@pytest.mark.night_long
def test_strange_event_is_not_found(anna: Person) -> None:
    anna.at("event?event_id=1F48C02E-0000-4000-8000-000000000000 ")

    anna.sees("There is no such event, or it is another bank")


def test_keyboard_reaches_an_event(anna: Person) -> None:
    anna.at("now")

    anna.press("g", "e")
    anna.heading("Events")
    expect(anna.page.locator(FIRST_ROW)).to_be_visible()
    anna.press("j", "j", "Enter")

    expect(anna.page.locator("aside")).to_contain_text(data.event_id(1))
    anna.press("Escape")
    expect(anna.page.locator("aside")).to_have_count(0)


def test_search_leads_to_an_event(anna: Person) -> None:
    anna.at("now")

    anna.press("/")
    anna.page.keyboard.type(data.event_id(6))
    anna.sees("1 result")
    anna.press("Enter")

    expect(anna.page.locator("aside")).to_contain_text(data.event_id(6))


def test_lost_answer_keeps_the_old(anna: Person, api: ConsoleApi) -> None:
    anna.at("now")
    anna.heading("Two banks need you. Nothing is lost.")

    api.chosen["GET /overview"] = Answer(502, text="<html>gateway</html>")
    anna.sees("Trying again in")
    anna.heading("Two banks need you. Nothing is lost.")

    del api.chosen["GET /overview"]
    anna.button("Now").click()
    expect(anna.page.locator(".note")).to_have_count(0)


@pytest.mark.night_long
def test_slowed_page_waits(anna: Person, api: ConsoleApi) -> None:
    anna.at("now")
    slow = Answer(429, None, "Too many requests", {"Retry-After": "40"})

    api.chosen["GET /overview"] = slow

    anna.sees("slowed down")
    anna.sees("Too many requests")
    count = sum(asked.path == "/overview" for asked in api.asked)
    anna.press("g", "e")
    anna.heading("Events")
    assert sum(asked.path == "/overview" for asked in api.asked) <= count + 1


def test_ended_session_keeps_the_view(anna: Person, api: ConsoleApi) -> None:
    anna.at("events?state=waiting")
    expect(anna.page.locator(FIRST_ROW)).to_be_visible()

    api.is_over = True
    anna.sees("Your session ended.")
    anna.sign_in()

    expect(anna.page.locator("dialog")).to_have_count(0)
    anna.sees("state waits")


@pytest.mark.night_long
def test_polls_are_no_clicks(anna: Person, api: ConsoleApi) -> None:
    anna.at("now")

    def marks() -> list[str]:
        return [asked.headers["x-console"] for asked in api.asked if asked.path == "/overview"]

    eventually(lambda: len(marks()) > 1, "the page polls")
    assert marks()[:2] == ["1", "poll"]


@pytest.mark.night_long
def test_pause_holds_the_polls(anna: Person, api: ConsoleApi) -> None:
    anna.at("now")
    anna.heading("Two banks need you. Nothing is lost.")

    anna.press("p")
    anna.sees("paused")
    api.overview = {
        **api.overview,
        "verdict": {"level": "ok", "sentence": "All is well.", "count": 0},
    }
    anna.press("p")

    anna.heading("All is well.")


@pytest.mark.night_long
def test_unchanged_answer_has_no_body(anna: Person, api: ConsoleApi) -> None:
    same: dict[str, Any] = {**api.overview, "as_of": data.iso()}
    api.chosen["GET /overview"] = Answer(200, same)
    anna.at("now")
    anna.heading("Two banks need you. Nothing is lost.")

    def repeats() -> list[bool]:
        return [
            "if-none-match" in asked.headers for asked in api.asked if asked.path == "/overview"
        ]

    eventually(lambda: len(repeats()) > 1, "the page asks again")
    assert repeats()[:2] == [False, True]


@pytest.mark.night_long
def test_wrong_clock_is_said(anna: Person, api: ConsoleApi) -> None:
    api.clock_off = 90

    anna.at("now")

    anna.sees("behind the server")


def test_bank_sees_its_own(anna: Person, api: ConsoleApi) -> None:
    anna.open("events").sign_in(BANK_KEY, "")

    anna.heading("Events")
    expect(anna.page.get_by_role("columnheader", name="Bank")).to_have_count(0)
    expect(anna.page.locator("nav.rail")).not_to_contain_text("Banks")


def test_narrow_events_are_a_list(meet: Meet) -> None:
    person = meet("dark", NARROW).at("events")

    expect(person.page.locator(FIRST_ROW)).to_be_visible()
    person.check_access()
