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
WHY = "INC-4711"
ACT = {"dry_run": False, "reason": WHY, "expected_count": 4}
LETTERS = {"reason": WHY, "expected_count": 100}


def of(api: ConsoleApi, system: str) -> list[Asked]:
    return [asked for asked in api.asked if further.owner(asked.path) == system]


def sent(api: ConsoleApi, path: str) -> list[Any]:
    """The bodies of what was asked for, dry runs left out."""
    found = [asked for asked in api.asked if asked.method != "GET" and asked.path == path]
    return [asked.body for asked in found if not asked.body.get("dry_run")]


def done(api: ConsoleApi, path: str) -> list[Any]:
    """The same, as soon as something was done."""
    return eventually(lambda: sent(api, path), f"{path} was asked for")


def act(person: Person, name: str) -> None:
    """Presses the dialog's button, which waits for a reason."""
    dialog = person.page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name=name)).to_be_disabled()
    dialog.get_by_label("Why").fill(WHY)
    dialog.get_by_role("button", name=name).click()


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
    act(anna, "Send 4 deliveries again")

    expect(dialog).to_contain_text("Done")
    wanted = {"event_ids": [4712], "destinations": [14], "statuses": ["failed"]}
    assert done(api, "/admin/v1/replay") == [{**wanted, **ACT}]


@pytest.mark.night_long
def test_group_is_sent_again(anna: Person, api: ConsoleApi) -> None:
    anna.at("relay/failures?stream=14")

    anna.button("Send again").first.click()
    anna.sees("Their reasons differ in a number or an id")
    act(anna, "Send 4 deliveries")

    anna.sees("Done")
    (body,) = done(api, "/admin/v1/replay")
    wanted = {"destinations": [14], "statuses": ["failed"], "event_types": ["consult_started"]}
    assert body == {**wanted, **ACT}


def test_lane_is_paused(anna: Person, api: ConsoleApi) -> None:
    anna.at("relay/streams?stream=12")

    anna.button("Pause the destination").click()
    act(anna, "Pause")

    anna.sees("Done")
    assert done(api, "/admin/v1/lanes/12") == [{"paused": True, "reason": WHY}]


@pytest.mark.night_long
def test_cause_leads_to_all_letters(anna: Person, api: ConsoleApi) -> None:
    anna.at("appevents/failures?stream=machine")

    anna.button("Send again").click()
    anna.sees("All its dead letters, the oldest 100 in one call")
    act(anna, "Send 100 letters back")

    anna.sees("sent back")
    assert done(api, "/api/v1/ops/dead-letters/redrive") == [
        {"service": "machine", "reason": WHY, "expected_count": 100}
    ]


@pytest.mark.night_long
def test_one_dead_letter_goes_back(anna: Person, api: ConsoleApi) -> None:
    anna.at(f"appevents/event?event_id={further.app_id(1)}")

    anna.button("Send again").click()
    act(anna, "Send 1 letter back")

    anna.sees("sent back")
    assert done(api, "/api/v1/ops/dead-letters/redrive") == [
        {"ids": [further.LETTER], "reason": WHY, "expected_count": 1}
    ]


def test_dead_letters_go_back(anna: Person, api: ConsoleApi) -> None:
    """The button promises what one call does: of 250 the oldest 100."""
    anna.at("appevents/streams?stream=machine")

    anna.button("Send dead letters back").click()
    act(anna, "Send 100 letters back")

    anna.sees("sent back")
    assert done(api, "/api/v1/ops/dead-letters/redrive") == [
        {"service": "machine", "reason": WHY, "expected_count": 100}
    ]


@pytest.mark.parametrize("system", ["relay", "appevents"])
def test_acts_are_in_the_audit(anna: Person, api: ConsoleApi, system: str) -> None:
    anna.at(f"{system}/streams?stream={'12' if system == 'relay' else 'machine'}")
    anna.button("Pause the destination" if system == "relay" else "Send dead letters back").click()
    act(anna, "Pause" if system == "relay" else "Send 100 letters back")

    anna.page.get_by_role("link", name="See it in the audit log").click()

    anna.sees("INC-2041")
    expect(anna.page.get_by_role("columnheader", name="Whose data")).to_have_count(0)
    anna.open(f"{system}/audit?actor=anna&status_code=403")
    anna.sees("answer 403")
    eventually(lambda: {"actor": "anna", "status_code": "403"} in lists(api, system))


def lists(api: ConsoleApi, system: str) -> list[dict[str, str]]:
    """What the audit log of a system was asked for."""
    path = f"{further.BASE[system]}/audit/list"
    return [asked.query for asked in of(api, system) if asked.path == path]
