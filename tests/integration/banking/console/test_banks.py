"""A bank's page: how it gets its events, how it is onboarded, how it leaves, and whom it had erased."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.integration.banking.console.conftest import ADMIN_KEY, BANK_KEY, Person
from tests.support import console_banks as banks
from tests.support import console_data as data
from tests.support.console_api import Answer, Asked, ConsoleApi

QUEUE_BANK, CALLED_BANK = data.BANKS[0][0], data.BANKS[banks.CALLED][0]


def dialog(person: Person) -> Locator:
    return person.page.get_by_role("dialog")


def page_of(person: Person, index: int) -> Person:
    return person.at(f"banks?consumer_id={data.bank_id(index)}")


def act(person: Person, button: str, why: str = "", name: str = "") -> None:
    opened = dialog(person)
    if why:
        opened.get_by_label("Why").fill(why)
    if name:
        opened.get_by_label(f"Type {name}").fill(name)
    opened.get_by_role("button", name=button).click()


def sent(api: ConsoleApi, act: str) -> list[Asked]:
    """What was asked for, dry runs left out."""
    method, path = act.split()
    found = [asked for asked in api.asked if (asked.method, asked.path) == (method, path)]
    return [asked for asked in found if not (asked.body or {}).get("dry_run")]


def region(person: Person, name: str) -> Locator:
    return person.page.get_by_role("region", name=name, exact=True)


def test_bank_that_is_away_says_since_when(anna: Person) -> None:
    page_of(anna, banks.AWAY)

    card = region(anna, "Its server")
    expect(card).to_contain_text("does not answer: HTTP 503 <b>maintenance</b>")
    expect(card).to_contain_text("Next try")
    expect(card).to_contain_text("10 customers at a time, 10 seconds for each answer")
    expect(card).to_contain_text("The former one signs until")
    anna.check_access()


def test_chosen_delivery_shows_the_secret_once(anna: Person, api: ConsoleApi) -> None:
    page_of(anna, 0)
    expect(region(anna, "Its queue")).to_contain_text("It reads its queue, JSON.")

    anna.button("Choose its delivery").click()
    expect(dialog(anna).get_by_label("Address that is called")).to_have_count(0)
    dialog(anna).get_by_label("How it gets its events").select_option("webhook")
    dialog(anna).get_by_label("Address that is called").fill(" https://bank.example/events")
    dialog(anna).get_by_label("Customers at a time").fill("3")
    dialog(anna).get_by_label("What waits").select_option("true")
    dialog(anna).get_by_label("Your API key").fill(ADMIN_KEY)
    act(anna, "Choose the delivery", "they are called now", QUEUE_BANK)

    expect(dialog(anna)).to_contain_text(banks.SECRET)
    anna.check_access()
    anna.press("Escape")
    expect(dialog(anna)).to_have_count(0)
    assert banks.SECRET not in anna.page.content()
    (asked,) = sent(api, "POST /consumer/delivery")
    chosen = {"delivery": "webhook", "url": "https://bank.example/events", "max_in_flight": 3}
    own = {"consumer_id": data.bank_id(0), "timeout_seconds": 10, "rewind": True}
    assert asked.body == own | chosen | {"reason": "they are called now"}
    assert "idempotency-key" not in asked.headers
    assert asked.headers["x-api-key"] == ADMIN_KEY
    assert "cookie" not in asked.headers


def test_reading_takes_no_address(anna: Person, api: ConsoleApi) -> None:
    page_of(anna, banks.CALLED)

    anna.button("Choose its delivery").click()
    dialog(anna).get_by_label("How it gets its events").select_option("queue")
    dialog(anna).get_by_label("Your API key").fill(ADMIN_KEY)
    act(anna, "Choose the delivery", "ticket 1", CALLED_BANK)

    expect(dialog(anna)).to_contain_text("It reads its queue from now on.")
    (asked,) = sent(api, "POST /consumer/delivery")
    own = {"consumer_id": data.bank_id(banks.CALLED), "reason": "ticket 1"}
    assert asked.body == own | {"delivery": "queue"}


def test_test_event_tells_the_answer(anna: Person) -> None:
    page_of(anna, banks.CALLED)

    anna.button("Send a test event").click()
    act(anna, "Send a test event", "their server is new")

    expect(dialog(anna)).to_contain_text("It refused the test event.")
    expect(dialog(anna)).to_contain_text("It said: unknown type")
    expect(dialog(anna).locator(".fact").first).to_contain_text("400")


def test_rotated_secret_is_shown_once(anna: Person, api: ConsoleApi) -> None:
    page_of(anna, banks.CALLED)

    anna.button("Rotate the secret").click()
    dialog(anna).get_by_label("Why").fill("it leaked")
    dialog(anna).get_by_label(f"Type {CALLED_BANK}").fill(CALLED_BANK)
    expect(dialog(anna).get_by_role("button", name="Rotate the secret")).to_be_disabled()
    dialog(anna).get_by_label("Your API key").fill(ADMIN_KEY)
    act(anna, "Rotate the secret")

    expect(dialog(anna)).to_contain_text(banks.SECRET)
    expect(dialog(anna)).to_contain_text("The former secret signs beside it until")
    (asked,) = sent(api, "POST /consumer/delivery/rotate")
    assert asked.body == {"consumer_id": data.bank_id(banks.CALLED), "reason": "it leaked"}
    assert asked.headers["x-api-key"] == ADMIN_KEY


def test_format_is_chosen(anna: Person, api: ConsoleApi) -> None:
    page_of(anna, 0)

    anna.button("Message format").click()
    dialog(anna).get_by_label("Message format").select_option("xml")
    act(anna, "Choose the message format", "ticket 2", QUEUE_BANK)

    expect(dialog(anna)).to_contain_text("Done")
    (asked,) = sent(api, "POST /consumer/format")
    own = {"consumer_id": data.bank_id(0), "reason": "ticket 2"}
    assert asked.body == own | {"message_format": "xml"}


def fill_onboarding(person: Person, *, is_called: bool) -> None:
    person.at("banks")
    person.button("Onboard a bank").click()
    opened = dialog(person)
    opened.get_by_label("Name of the bank").fill("gale")
    if is_called:
        opened.get_by_label("How it gets its events").select_option("webhook")
        opened.get_by_label("Address that is called").fill("https://gale.example/events")
    opened.get_by_label("Your API key").fill(ADMIN_KEY)
    act(person, "Onboard a bank")


def test_one_dialog_onboards_a_bank(anna: Person, api: ConsoleApi) -> None:
    fill_onboarding(anna, is_called=False)

    opened = dialog(anna)
    for secret in ("fk_new_secret", banks.PASSWORD):
        expect(opened).to_contain_text(secret)
    expect(opened).to_contain_text("its user of the broker: done")
    anna.check_access()
    anna.press("Escape")
    expect(opened).to_have_count(0)
    assert banks.PASSWORD not in anna.page.content()
    (asked,) = sent(api, "POST /consumer/onboard")
    plain = {"consumer_name": "gale", "delivery": "queue", "message_format": "json"}
    assert asked.body == plain | {"expires_in_days": 365}
    assert asked.headers["x-api-key"] == ADMIN_KEY
    assert "cookie" not in asked.headers


def test_onboarded_bank_may_be_called(anna: Person, api: ConsoleApi) -> None:
    fill_onboarding(anna, is_called=True)

    expect(dialog(anna)).to_contain_text(banks.SECRET)
    expect(dialog(anna)).not_to_contain_text("Password of the broker")
    (asked,) = sent(api, "POST /consumer/onboard")
    assert asked.body["url"] == "https://gale.example/events"


def test_onboarding_goes_on_by_itself(anna: Person, api: ConsoleApi) -> None:
    begun = banks.onboarding("gale", "running", banks.UNDONE, reason="The broker is away")
    api.chosen["POST /consumer/onboard"] = Answer(202, begun)
    api.chosen["GET /consumer/onboard"] = Answer(200, begun)
    fill_onboarding(anna, is_called=True)
    opened = dialog(anna)
    expect(opened).to_contain_text("It goes on by itself")
    expect(opened).to_contain_text("its queues: failed")

    made = [(step, "done") for step, _ in banks.UNDONE[:3]]
    ready = banks.onboarding("gale", "ready", [*made, ("key", "open")])
    api.chosen["GET /consumer/onboard"] = Answer(200, ready)
    del api.chosen["POST /consumer/onboard"]
    opened.get_by_role("button", name="Take its secrets").click()
    opened.get_by_label("Your API key").fill(ADMIN_KEY)
    act(anna, "Onboard a bank")

    expect(opened).to_contain_text(banks.SECRET)
    first, second = sent(api, "POST /consumer/onboard")
    assert first.body == second.body


def test_unfinished_onboarding_is_given_up(anna: Person, api: ConsoleApi) -> None:
    anna.at("banks")

    rows = region(anna, "Onboardings that are not finished").locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="harbor_bank")).to_contain_text("Take its secrets")
    gale = rows.filter(has_text="gale_bank")
    expect(gale).to_contain_text("4 tries in vain")
    gale.get_by_role("button", name="Give it up").click()
    act(anna, "Give the onboarding up", "wrong name", "gale_bank")

    expect(dialog(anna)).to_contain_text("Done")
    (asked,) = sent(api, "DELETE /consumer/onboard")
    assert asked.body == {"consumer_id": data.bank_id(9), "reason": "wrong name"}


def test_secrets_need_nothing_typed_again(anna: Person, api: ConsoleApi) -> None:
    anna.at("banks")
    anna.button("Take its secrets").click()
    expect(dialog(anna).get_by_label("Address that is called")).to_have_value(
        "https://harbor.example/events"
    )
    dialog(anna).get_by_label("Your API key").fill(ADMIN_KEY)
    act(anna, "Onboard a bank")

    expect(dialog(anna)).to_contain_text(banks.SECRET)
    (asked,) = sent(api, "POST /consumer/onboard")
    assert asked.body == {
        "consumer_name": "harbor_bank",
        "display_name": "Harbor & Sons",
        "delivery": "webhook",
        "url": "https://harbor.example/events",
        "max_in_flight": 3,
        "timeout_seconds": 7,
        "message_format": "xml",
        "expires_in_days": 30,
    }


def test_bank_is_offboarded_by_name(anna: Person, api: ConsoleApi) -> None:
    warnings = ["After 30 days its customers are erased and its queues deleted, for good"]
    counted = {**data.dry_run(), "matched": 0, "customers": 0, "warnings": warnings}
    api.chosen["POST /consumer/offboard"] = lambda asked: Answer(
        201, counted if asked.body.get("dry_run") else banks.offboarding()
    )
    page_of(anna, 0)

    anna.button("Offboard the bank").click()
    expect(dialog(anna)).to_contain_text("After 30 days its customers are erased")
    expect(dialog(anna)).not_to_contain_text("there is nothing to do")
    act(anna, "Offboard the bank", "the contract ends", QUEUE_BANK)

    expect(dialog(anna)).to_contain_text("Done")
    (asked,) = sent(api, "POST /consumer/offboard")
    assert (asked.body["consumer_id"], asked.body["reason"]) == (
        data.bank_id(0),
        "the contract ends",
    )


def test_leaving_bank_is_taken_back(anna: Person, api: ConsoleApi) -> None:
    page_of(anna, banks.LEAVING)

    card = region(anna, "Leaving")
    expect(card).to_contain_text(re.compile(r"It leaves\. .+ erased"))
    expect(card).to_contain_text("in 27 d")
    expect(anna.button("Activate…")).to_have_count(0)
    card.get_by_role("button", name="Take it back").click()
    act(anna, "Take the offboarding back", "they stay")

    expect(dialog(anna)).to_contain_text("Done")
    assert sent(api, "DELETE /consumer/offboard")[0].body["reason"] == "they stay"


def test_deactivated_bank_need_not_leave(anna: Person, api: ConsoleApi) -> None:
    never = Answer(404, None, "This consumer was never offboarded")
    api.chosen["GET /consumer/offboard"] = never

    page_of(anna, banks.LEAVING)

    expect(anna.button("Offboard the bank")).to_be_visible()
    expect(anna.button("Activate…")).to_be_visible()
    expect(region(anna, "Leaving")).not_to_contain_text("never offboarded")


def test_export_is_looked_at_when_asked(anna: Person, api: ConsoleApi) -> None:
    page_of(anna, 0)
    card = region(anna, "Export")
    expect(card).to_contain_text("Asking for it writes a row into the audit log.")
    assert sent(api, "GET /consumer/export") == []

    api.chosen["GET /consumer/export"] = Answer(200, banks.export("running", files=[]))
    card.get_by_role("button", name="Show the newest export").click()
    expect(card).to_contain_text("is being written: it writes receipts")
    expect(card).to_contain_text("waiting: the object store does not answer")
    del api.chosen["GET /consumer/export"]
    card.get_by_role("button", name="Look again").click()

    expect(card).to_contain_text("is whole")
    expect(card).to_contain_text("The links end after 15 minutes.")
    link = card.get_by_role("link", name="Download 2")
    expect(link).to_have_attribute("href", f"{banks.STORE}/2.jsonl.gz")
    expect(card.get_by_role("link", name="Download Manifest")).to_be_visible()
    anna.check_access()


def test_export_is_begun(anna: Person, api: ConsoleApi) -> None:
    page_of(anna, 0)

    anna.button("Export all it has").click()
    act(anna, "Export all it has", "they leave")

    expect(dialog(anna)).to_contain_text("Done")
    (asked,) = sent(api, "POST /consumer/export")
    assert asked.body == {"consumer_id": data.bank_id(0), "reason": "they leave"}


def test_customer_is_erased_from_its_lane(anna: Person, api: ConsoleApi) -> None:
    customer_id = data.customer_id(0xC1D9)
    anna.at(f"lane?customer_id={customer_id}")

    anna.button("Erase this customer").click()
    expect(dialog(anna)).to_contain_text("it must not name the person")
    expect(dialog(anna)).to_contain_text("There is no way back.")
    act(anna, "Erase this customer", "ticket 4711", QUEUE_BANK)

    expect(dialog(anna)).to_contain_text("events without the person")
    (asked,) = sent(api, "POST /customer/erase")
    assert asked.body == {"customer_id": customer_id, "reason": "ticket 4711"}


def test_unfinished_erasure_goes_on(anna: Person, api: ConsoleApi) -> None:
    left = banks.erasure(1)
    api.chosen["POST /customer/erase"] = Answer(200, left)
    page_of(anna, 0)

    row = region(anna, "Erasures").locator("tbody tr").filter(has_text="not finished")
    row.get_by_role("button", name="Go on").click()
    act(anna, "Erase this customer", "ticket 4712", QUEUE_BANK)

    expect(dialog(anna)).to_contain_text("Something is left.")
    assert sent(api, "POST /customer/erase")[0].body["customer_id"] == left["customer_id"]


def test_called_bank_sees_its_server(anna: Person, api: ConsoleApi) -> None:
    api.chosen["GET /consumer/integration"] = Answer(200, banks.integration(banks.AWAY))
    anna.open("connect").sign_in(BANK_KEY, "")

    anna.heading("Your server does not answer.")
    steps = region(anna, "Connect").locator("li")
    expect(steps).to_have_count(4)
    expect(steps.nth(1)).to_contain_text("The bank's server takes no events: HTTP 503")
    expect(steps.nth(1)).to_contain_text("answer with a 2xx within 10 seconds")
    expect(region(anna, "How you are called")).to_contain_text("Next try")
    anna.sees("Event types and schemas")
    expect(anna.page.get_by_text("AMQP facts")).to_have_count(0)
    expect(anna.page.get_by_text("A program in 20 lines")).to_have_count(0)
    anna.check_access()


def test_called_bank_sees_what_is_left(anna: Person) -> None:
    anna.at(f"connect?consumer_id={data.bank_id(banks.CALLED)}")

    anna.heading("Your server takes events, and has processed none yet.")
    steps = region(anna, "Connect").locator("li")
    expect(steps.nth(1)).not_to_contain_text("2xx")
    expect(steps.nth(3)).to_contain_text('Answer with {"status": "processed"}')


def test_one_answer_tells_of_the_delivery(anna: Person, api: ConsoleApi) -> None:
    """Of a bank that reads its queue, and of one that is called; nothing else is asked for."""
    anna.at("now")
    for index, words in ((0, "It reads its queue"), (banks.CALLED, "calls under way")):
        anna.open(f"banks?consumer_id={data.bank_id(index)}").sees(words)
        anna.open(f"connect?consumer_id={data.bank_id(index)}").sees("Event types and schemas")

    assert sent(api, "GET /consumer/delivery") == []


def test_list_says_how_servers_do(anna: Person) -> None:
    anna.at("banks")

    table = anna.page.get_by_role("table", name="Banks")
    reads = {
        index: table.locator("tbody tr").filter(has_text=data.BANKS[index][0]).locator("td").nth(6)
        for index in (0, banks.CALLED, banks.AWAY)
    }
    expect(reads[0]).to_have_text("0 readers")
    expect(reads[banks.CALLED]).to_have_text("is called")
    expect(reads[banks.AWAY]).to_contain_text("does not answer")


def test_bank_exports_and_erases_its_own(anna: Person, api: ConsoleApi) -> None:
    anna.open("connect").sign_in(BANK_KEY, "")
    anna.button("Export all it has").click()
    act(anna, "Export all it has", "a copy for us")
    expect(dialog(anna)).to_contain_text("Done")
    anna.press("Escape")

    anna.button("Erase a customer").click()
    dialog(anna).get_by_label("Customer").fill(f" {data.customer_id(7).upper()} ")
    act(anna, "Erase this customer", "ticket 1", data.BANKS[1][0])

    expect(dialog(anna)).to_contain_text("events without the person")
    assert sent(api, "POST /consumer/export")[0].body == {"reason": "a copy for us"}
    assert sent(api, "POST /customer/erase")[0].body["customer_id"] == data.customer_id(7)
    assert {} in [asked.query for asked in sent(api, "GET /customer/erasures")]


def test_audit_tells_the_two_ways_apart(anna: Person, api: ConsoleApi) -> None:
    row = data.audit()["rows"][0] | {"details": None}
    acts = ["POST /consumer/offboard", "DELETE /consumer/offboard", "POST /customer/erase"]
    rows = [{**row, "audit_id": str(i), "action": action} for i, action in enumerate(acts)]
    api.chosen["GET /audit/list"] = Answer(200, {"rows": rows, "next_cursor": None})

    anna.at("audit")

    words = ["Offboard the bank", "Take the offboarding back", "Erase this customer"]
    expect(anna.page.locator("tbody td[data-name=What]")).to_have_text(
        [f"{word} {action}" for word, action in zip(words, acts, strict=True)]
    )
