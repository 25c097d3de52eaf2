"""What a dialog asks for and tells before an act: the bank, the rate, the time, and in whose words."""

from __future__ import annotations

from datetime import datetime

from playwright.sync_api import Locator, expect

from tests.integration.banking.console.conftest import BANK_KEY, Person
from tests.support import console_data as data
from tests.support.console_api import Answer, ConsoleApi
from tests.support.waiting import eventually

RATE = "POST /replay/change-status"


def dialog(person: Person) -> Locator:
    return person.page.get_by_role("dialog")


def replay_of(api: ConsoleApi, **counts: object) -> None:
    api.chosen["POST /replay/data"] = Answer(201, {**data.dry_run(), **counts})


def open_new(person: Person) -> Locator:
    person.at("replays")
    person.button("New replay").click()
    return dialog(person)


def change_rate(person: Person, rate: str) -> Locator:
    person.button("Change rate").first.click()
    opened = dialog(person)
    opened.get_by_label("At most, per second").fill(rate)
    opened.get_by_label("Why").fill("faster")
    opened.get_by_role("button", name="Change the rate").click()
    return opened


def test_rate_of_job_is_changed(anna: Person, api: ConsoleApi) -> None:
    anna.at("replays")

    change_rate(anna, "200")

    expect(dialog(anna)).to_have_count(0)
    (asked,) = [asked for asked in api.asked if asked.path == "/replay/change-status"]
    assert (asked.body["action"], asked.body["per_second"]) == ("resume", 200)


def test_refusal_is_told_to_people(anna: Person, api: ConsoleApi) -> None:
    api.chosen[RATE] = Answer(422, None, "per_second: must be at most 500, got 900")
    anna.at("replays")

    opened = change_rate(anna, "900")

    told = opened.get_by_role("alert")
    expect(told.locator("bdi")).to_have_text("At most, per second: must be at most 500, got 900.")
    expect(told.locator(".sub")).to_contain_text("request req-")


def test_replay_asks_for_the_bank(anna: Person, api: ConsoleApi) -> None:
    opened = open_new(anna)

    expect(opened).to_contain_text("Choose the bank first.")
    expect(opened).not_to_contain_text("admin to confirm")
    expect(opened.get_by_role("button", name="Replay events")).to_be_disabled()
    assert [asked for asked in api.asked if asked.path == "/replay/data"] == []
    opened.get_by_label("Bank").select_option(data.BANKS[0][0])

    expect(opened.get_by_role("button", name="Replay 193 events")).to_be_visible()
    expect(opened.get_by_label(f"Type {data.BANKS[0][0]}")).to_be_visible()
    expect(opened).to_contain_text("From 1,000 events on, for a whole bank")


def test_time_of_day_is_todays(anna: Person, api: ConsoleApi) -> None:
    opened = open_new(anna)
    opened.get_by_label("Bank").select_option(data.BANKS[0][0])

    opened.get_by_label("From").fill("0:15")

    def begins() -> list[datetime]:
        bodies = [asked.body for asked in api.asked if asked.path == "/replay/data"]
        return [datetime.fromisoformat(body["from"]) for body in bodies if "from" in body]

    eventually(begins, "the dry run has a time")
    today = datetime.fromisoformat(api.overview["last_hour"][-1]["at"]).date()
    assert (begins()[-1].date(), begins()[-1].hour, begins()[-1].minute) == (today, 0, 15)
    expect(opened).to_contain_text("in UTC")


def test_replay_tells_what_lies_ahead(anna: Person, api: ConsoleApi) -> None:
    replay_of(api, by_state={"in_queue": 40, "publish_failed": 172})
    anna.at(f"events?consumer_id={data.bank_id(0)}&state=in_queue,publish_failed")
    api.overview["streams"][0]["readers"] = 0
    anna.button("Replay these").click()
    opened = dialog(anna)

    expect(opened).to_contain_text("40 of these are still in the bank\u2019s queue")
    expect(opened).to_contain_text("No program reads the bank\u2019s queue:")
    expect(opened).to_contain_text("193 events at 50 a second: about 4 s.")
    expect(opened).to_contain_text("later events were sent.")


def test_one_is_told_as_one(anna: Person, api: ConsoleApi) -> None:
    replay_of(api, matched=1, customers=1, late=0)
    anna.at(f"events?consumer_id={data.bank_id(0)}&state=publish_failed")

    anna.button("Replay these").click()

    expect(dialog(anna).locator("dt").nth(0)).to_have_text("event")
    expect(dialog(anna).locator("dt").nth(1)).to_have_text("customer")


def test_problem_is_sent_again_in_one_word(anna: Person, api: ConsoleApi) -> None:
    api.overview["attention"][0]["condition"] = "publishing_given_up"
    api.overview["attention"][0]["act"] = "Send again"
    anna.at("now")

    anna.button("Send again").first.click()

    expect(dialog(anna).get_by_role("heading")).to_have_text("Send events again")
    expect(dialog(anna).get_by_role("button", name="Send 193 events again")).to_be_visible()


def test_problem_without_a_place_opens_nothing(anna: Person, api: ConsoleApi) -> None:
    api.overview["attention"][1]["view"] = "/now"

    anna.open("now").sign_in(BANK_KEY, "")

    anna.sees("first_bank is behind")
    problem = anna.page.locator(".attn > li").nth(1)
    expect(problem.get_by_role("link", name="Open")).to_have_count(0)
    expect(anna.page.locator(".attn > li").first.get_by_role("link")).to_have_count(1)


def test_act_leads_to_its_own_rows(anna: Person, api: ConsoleApi) -> None:
    anna.at("audit")

    anna.page.get_by_role("link", name="8c1e-0").click()

    anna.sees("request 8c1e-0")
    anna.heading("Who did what")
    eventually(
        lambda: any(
            asked.path == "/audit/list" and asked.query.get("request_id") == "8c1e-0"
            for asked in api.asked
        ),
        "the audit of this request is asked for",
    )
