"""The relay and app.events in the console: a pass opens them; their acts are a table like banking's."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.integration.banking.console.conftest import BANK_KEY, Person
from tests.support import console_further as further
from tests.support.console_api import Answer, Asked, ConsoleApi
from tests.support.waiting import eventually

REFUSED = "4712-14"


def of(api: ConsoleApi, system: str) -> list[Asked]:
    return [asked for asked in api.asked if further.owner(asked.path) == system]


def sent(api: ConsoleApi, path: str) -> list[Any]:
    """The bodies of what was asked for, dry runs left out."""
    found = [asked for asked in api.asked if asked.method != "GET" and asked.path == path]
    return [asked.body for asked in found if not asked.body.get("dry_run")]


def test_one_pass_opens_a_system(anna: Person, api: ConsoleApi) -> None:
    anna.at("relay/now")
    anna.heading(further.RELAY.sentence)
    anna.open("relay/events")
    anna.sees("not to be sent")

    assert {asked.headers["x-console-pass"] for asked in of(api, "relay")} == {"relay-0"}
    assert not [asked for asked in of(api, "relay") if "cookie" in asked.headers]
    kept = anna.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "relay-0" not in kept


def test_refused_pass_is_asked_for_again(anna: Person, api: ConsoleApi) -> None:
    anna.at("relay/now")
    anna.heading(further.RELAY.sentence)

    api.passes[0] = "taken away"
    anna.open("relay/failures")

    anna.sees("consent_denied")
    assert len(api.passes) == 2
    anna.noise.clear()  # the browser reports the 401


def test_lost_system_is_no_ended_session(anna: Person, api: ConsoleApi) -> None:
    api.chosen["GET /relay/overview"] = Answer(401, None, "The pass is of another system")

    anna.at("relay/now")

    anna.sees("The pass is of another system")
    expect(anna.page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.night_long
def test_ending_pass_is_renewed(anna: Person, api: ConsoleApi) -> None:
    api.pass_seconds = 20  # less than what it must have left

    anna.at("appevents/now")

    eventually(lambda: len(api.passes) > 1, "the page asks for a new pass")


def test_bank_sees_no_other_system(anna: Person, api: ConsoleApi) -> None:
    anna.open("relay/now").sign_in(BANK_KEY, "")

    anna.sees("There is no screen")
    assert of(api, "relay") == []
    expect(anna.page.get_by_role("navigation", name="System")).to_have_count(0)


def test_problem_leads_to_its_events(anna: Person, api: ConsoleApi) -> None:
    anna.at("relay/now")

    anna.page.get_by_role("link", name="Look at what waits").click()

    anna.sees("destination bosley → meta")
    anna.sees("state held back")
    lists = [asked.query for asked in of(api, "relay") if asked.path == "/relay/events/list"]
    assert lists[-1] == {"stream": "12", "states": "held_back"}


def test_delivery_is_sent_again(anna: Person, api: ConsoleApi) -> None:
    anna.at(f"relay/event?event_id={REFUSED}")

    anna.button("Send again").click()
    dialog = anna.page.get_by_role("dialog")
    expect(dialog).to_contain_text("These stay as they are: too_old 2")
    expect(dialog).to_contain_text('-u "$RELAY_ADMIN_USER:$RELAY_ADMIN_PASSWORD"')
    dialog.get_by_role("button", name="Send 4 deliveries again").click()

    expect(dialog).to_contain_text("Done")
    wanted = {"event_ids": [4712], "destinations": [14], "statuses": ["failed"]}
    assert sent(api, "/admin/v1/replay") == [{**wanted, "dry_run": False}]


@pytest.mark.night_long
def test_group_is_sent_again(anna: Person, api: ConsoleApi) -> None:
    anna.at("relay/failures?stream=14")

    anna.button("Send again").first.click()
    anna.sees("The reasons of this cause differ in a number or an id.")
    anna.page.get_by_role("dialog").get_by_role("button", name="Send 4 deliveries").click()

    anna.sees("Done")
    (body,) = sent(api, "/admin/v1/replay")
    wanted = {"destinations": [14], "statuses": ["failed"], "event_types": ["consult_started"]}
    assert body == {**wanted, "dry_run": False}


def test_lane_is_paused(anna: Person, api: ConsoleApi) -> None:
    anna.at("relay/streams?stream=12")

    anna.button("Pause the destination").click()
    anna.page.get_by_role("dialog").get_by_role("button", name="Pause").click()

    anna.sees("Done")
    assert sent(api, "/admin/v1/lanes/12") == [{"paused": True}]


@pytest.mark.night_long
def test_cause_leads_to_all_letters(anna: Person, api: ConsoleApi) -> None:
    anna.at("appevents/failures?stream=machine")

    anna.button("Send again").click()
    anna.sees("All dead letters of this function are meant")
    anna.page.get_by_role("dialog").get_by_role("button", name="Send 3 letters back").click()

    anna.sees("sent back")
    assert sent(api, "/api/v1/ops/dead-letters/redrive") == [{"service": "machine"}]


@pytest.mark.night_long
def test_one_dead_letter_goes_back(anna: Person, api: ConsoleApi) -> None:
    anna.at(f"appevents/event?event_id={further.app_id(1)}")

    anna.button("Send again").click()
    anna.page.get_by_role("dialog").get_by_role("button", name="Send 1 letter back").click()

    anna.sees("sent back")
    assert sent(api, "/api/v1/ops/dead-letters/redrive") == [{"ids": [further.LETTER]}]


def test_dead_letters_go_back(anna: Person, api: ConsoleApi) -> None:
    """The button promises what one call does: of 250 the oldest 100."""
    overview = further.overview(further.APPEVENTS)
    overview["streams"][0]["dead_letters"] = 250
    api.chosen["GET /app/overview"] = Answer(200, overview)
    anna.at("appevents/streams?stream=machine")

    anna.button("Send dead letters back").click()
    anna.page.get_by_role("dialog").get_by_role("button", name="Send 100 letters back").click()

    anna.sees("sent back")
    assert sent(api, "/api/v1/ops/dead-letters/redrive") == [{"service": "machine"}]
