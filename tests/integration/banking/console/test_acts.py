"""Acts: what they would do, why, whose name is typed, that they act once, and what a refusal says."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.integration.banking.console.conftest import BANK_KEY, Person
from tests.support import console_data as data
from tests.support.console_api import Answer, Asked, ConsoleApi
from tests.support.waiting import eventually

REPLAY = "POST /replay/data"
BANK = data.BANKS[0][0]


def dialog(person: Person) -> Locator:
    return person.page.get_by_role("dialog")


def sent(api: ConsoleApi, path: str) -> list[Asked]:
    """What was asked for, dry runs left out."""
    found = [asked for asked in api.asked if asked.method == "POST" and asked.path == path]
    return [asked for asked in found if not asked.body.get("dry_run")]


def open_replay(person: Person) -> Locator:
    person.at(f"events?consumer_id={data.bank_id(0)}&state=publish_failed")
    person.button("Replay these").click()
    expect(dialog(person)).to_contain_text("come late")  # the dry run has been answered
    return dialog(person)


def test_replay_says_what_it_hits(anna: Person, api: ConsoleApi) -> None:
    opened = open_replay(anna)

    expect(opened).to_contain_text("212")
    expect(opened).to_contain_text("19 come late")
    expect(opened).to_contain_text("Its queue is still full.")
    act = opened.get_by_role("button", name="Replay 193 events")
    expect(act).to_be_disabled()
    expect(opened.get_by_role("button", name="Cancel")).to_be_focused()
    anna.check_access()
    opened.get_by_label("Why").fill("INC-2041")
    act.click()

    anna.heading("Replays")
    (asked,) = sent(api, "/replay/data")
    wanted = {"consumer_id": data.bank_id(0), "states": ["publish_failed"], "mode": "missed"}
    assert wanted.items() <= asked.body.items()
    assert (asked.body["expected_count"], asked.body["reason"]) == (212, "INC-2041")


@pytest.mark.night_long
def test_late_ones_are_a_choice(anna: Person) -> None:
    opened = open_replay(anna)

    opened.get_by_label("Late ones").select_option("send them too")

    expect(opened.get_by_role("button", name="Replay 212 events")).to_be_visible()


def test_enter_in_field_never_acts(anna: Person, api: ConsoleApi) -> None:
    opened = open_replay(anna)
    opened.get_by_label("Why").fill("INC-2041")
    expect(opened.get_by_role("button", name="Replay 193")).to_be_enabled()

    opened.get_by_label("Why").press("Enter")

    expect(opened).to_be_visible()
    assert sent(api, "/replay/data") == []


@pytest.mark.night_long
def test_large_act_wants_the_name(anna: Person, api: ConsoleApi) -> None:
    api.chosen[REPLAY] = lambda asked: Answer(201, {**data.dry_run(), "matched": 5000})
    opened = open_replay(anna)
    opened.get_by_label("Why").fill("INC-2041")
    act = opened.get_by_role("button", name="Replay 4,981 events")

    opened.get_by_label(f"Type {BANK}").fill("borealis")
    expect(act).to_be_disabled()
    opened.get_by_label(f"Type {BANK}").fill(BANK)

    expect(act).to_be_enabled()


def test_focus_returns_to_the_opener(anna: Person) -> None:
    opened = open_replay(anna)

    anna.press("Escape")

    expect(opened).to_have_count(0)
    expect(anna.button("Replay these")).to_be_focused()


@pytest.mark.night_long
def test_escape_closes_only_the_dialog(anna: Person) -> None:
    anna.at(f"events?event={data.event_id(7)}")
    anna.button("Send again").click()
    expect(dialog(anna)).to_be_visible()

    anna.press("Escape")

    expect(dialog(anna)).to_have_count(0)
    expect(anna.page.locator("aside")).to_be_visible()


def test_grown_count_is_refused(anna: Person, api: ConsoleApi) -> None:
    opened = open_replay(anna)
    sentence = "212 were expected and 1204 would be hit by now; nothing was done, look again"
    usual: Callable[[Asked], Answer] = lambda asked: Answer(201, data.dry_run())  # noqa: E731
    opened.get_by_label("Why").fill("INC-2041")

    api.chosen[REPLAY] = Answer(409, None, sentence)
    opened.get_by_role("button", name="Replay 193 events").click()
    expect(opened).to_contain_text(sentence)
    expect(opened).to_contain_text("req-")
    api.chosen[REPLAY] = usual
    opened.get_by_role("button", name="Look again").click()

    expect(opened.get_by_role("button", name="Replay 193 events")).to_be_enabled()


def test_lost_answer_acts_once(anna: Person, api: ConsoleApi) -> None:
    opened = open_replay(anna)
    opened.get_by_label("Why").fill("INC-2041")

    api.chosen[REPLAY] = Answer(502, text="gateway")
    opened.get_by_role("button", name="Replay 193 events").click()
    opened.get_by_role("button", name="Look again").click()
    del api.chosen[REPLAY]
    opened.get_by_role("button", name="Replay 193 events").click()

    anna.heading("Replays")
    keys = {asked.headers["idempotency-key"] for asked in sent(api, "/replay/data")}
    assert len(keys) == 1


@pytest.mark.night_long
def test_offline_act_is_not_sent(anna: Person, api: ConsoleApi) -> None:
    opened = open_replay(anna)
    opened.get_by_label("Why").fill("INC-2041")
    expect(opened.get_by_role("button", name="Replay 193 events")).to_be_enabled()

    anna.page.context.set_offline(True)
    opened.get_by_role("button", name="Replay 193 events").click()

    expect(opened).to_contain_text("This browser is offline. Nothing was sent.")
    assert sent(api, "/replay/data") == []


def test_dialog_outlives_the_session(anna: Person, api: ConsoleApi) -> None:
    opened = open_replay(anna)
    opened.get_by_label("Why").fill("INC-2041")

    api.is_over = True
    anna.sees("Your session ended.")
    anna.sign_in()

    expect(dialog(anna)).to_have_count(1)
    expect(dialog(anna).get_by_label("Why")).to_have_value("INC-2041")


@pytest.mark.night_long
def test_reader_is_refused_acts(anna: Person) -> None:
    anna.open(f"event?event_id={data.event_id(7)}").sign_in(read_only=True)

    anna.button("Send again").click()

    expect(dialog(anna)).to_contain_text("This session only looks")
    expect(dialog(anna).get_by_role("button", name="Send this event again")).to_be_disabled()


@pytest.mark.night_long
def test_failed_event_is_sent_again(anna: Person, api: ConsoleApi) -> None:
    anna.at(f"event?event_id={data.event_id(7)}")

    anna.button("Send again").click()
    dialog(anna).get_by_label("Why").fill("INC-2041")
    dialog(anna).get_by_role("button", name="Send this event again").click()

    expect(dialog(anna)).to_contain_text("Done")
    (asked,) = sent(api, "/events/resend")
    assert asked.body["event_ids"] == [data.event_id(7)]
    assert asked.body["include_failed"] is True


def test_head_is_given_up(anna: Person, api: ConsoleApi) -> None:
    anna.at(f"lane?customer_id={data.customer_id(0xC1D9)}")
    anna.sees("Number 5 holds the others")

    anna.button("Give this event up").click()
    opened = dialog(anna)
    expect(opened).to_contain_text("There is no way back.")
    opened.get_by_label("Why").fill("the bank knows")
    opened.get_by_label(f"Type {BANK}").fill(BANK)
    opened.get_by_role("button", name="Give this event up").click()

    expect(opened).to_contain_text("Done")
    (asked,) = sent(api, "/events/skip-head")
    assert asked.body["customer_id"] == data.customer_id(0xC1D9)


@pytest.mark.night_long
def test_letters_are_resolved(anna: Person, api: ConsoleApi) -> None:
    anna.at("failures?tab=unmatched")

    for row in range(2):
        anna.page.locator(f"main tbody tr >> nth={row} >> input").check()
    anna.button("Mark 2 as resolved").click()
    opened = dialog(anna)
    opened.get_by_label("Why").fill("known")
    opened.get_by_label(f"Type {BANK}").fill(BANK)
    opened.get_by_role("button", name="Mark 193 letters as resolved").click()

    expect(opened).to_contain_text("Done")
    (asked,) = sent(api, "/dead-letters/resolve")
    assert len(asked.body["dead_letter_ids"]) == 2


def test_new_key_is_shown_once(anna: Person, api: ConsoleApi) -> None:
    anna.at(f"banks?consumer_id={data.bank_id(0)}")

    anna.button("Rotate the key").click()
    opened = dialog(anna)
    opened.get_by_label("Your API key").fill("fk_admin_secret")
    opened.get_by_label(f"Type {BANK}").fill(BANK)
    opened.get_by_role("button", name="Rotate the key").click()
    expect(opened).to_contain_text("fk_new_secret")
    anna.press("Escape")

    expect(opened).to_have_count(0)
    assert "fk_new_secret" not in anna.page.content()
    (asked,) = sent(api, "/consumer/api-key")
    assert asked.headers["x-api-key"] == "fk_admin_secret"
    assert "cookie" not in asked.headers


def test_bank_recovers_a_time(anna: Person, api: ConsoleApi) -> None:
    anna.open("connect").sign_in(BANK_KEY, "")

    anna.button("I missed something").click()
    opened = dialog(anna)
    opened.get_by_label("From").fill("-3h")
    opened.get_by_label("To").fill("-1h")
    opened.get_by_label("At most, per second").fill("20")
    opened.get_by_label("Why").fill("we were down")
    opened.get_by_role("button", name="Replay 193 events").click()

    anna.heading("Replays")
    (asked,) = sent(api, "/replay/data")
    assert asked.body["per_second"] == 20
    assert asked.body["from"] < asked.body["to"]
    assert "consumer_id" not in asked.body


@pytest.mark.night_long
def test_job_is_paused(anna: Person, api: ConsoleApi) -> None:
    anna.at("replays")
    anna.sees("2,501 of 4,100 sent")
    anna.sees("waiting: its queue is full")

    anna.page.get_by_role("button", name="Pause").first.click()
    dialog(anna).get_by_label("Why").fill("let live events go first")
    dialog(anna).get_by_role("button", name="Pause the replay").click()

    eventually(lambda: sent(api, "/replay/change-status"), "the job is paused")
    assert sent(api, "/replay/change-status")[0].body["action"] == "pause"


@pytest.mark.night_long
def test_act_is_a_command(anna: Person) -> None:
    opened = open_replay(anna)

    opened.get_by_text("The same as a command").click()

    expect(opened.get_by_role("region")).to_contain_text("/replay/data")
    expect(opened.get_by_role("region")).to_contain_text("X-API-Key: $KEY")
