"""The page says the same thing with the same word, and what became of something before its details."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.integration.banking.console.conftest import BANK_KEY, NARROW, Meet, Person
from tests.support import console_data as data
from tests.support.console_api import Answer, ConsoleApi

LETTER = data.letters(is_matched=True)["dead_letters"][0]["dead_letter_id"]
AT_ONCE = 450
"""What is seen of a panel without scrolling, in pixels from the top, on a small screen."""


def panel(person: Person) -> Locator:
    return person.page.get_by_role("complementary")


def test_event_begins_with_what_became_of_it(anna: Person) -> None:
    anna.at(f"events?event={data.event_id(7)}")

    short = panel(anna).locator("p").first
    expect(short).to_contain_text("given up since")
    expect(short).to_contain_text("NO_ROUTE: customer_creation.borealis_bank")
    expect(short).to_contain_text("Nothing more happens by itself: send it again.")
    again = panel(anna).get_by_role("button", name="Send again").bounding_box()
    assert again is not None
    assert again["y"] < AT_ONCE
    expect(panel(anna)).to_contain_text("made by request 8c1e-44")


def test_trace_that_is_the_event_is_left_out(anna: Person, api: ConsoleApi) -> None:
    told = data.life(api.events[7], payload=False)
    api.chosen["GET /events/data"] = Answer(200, {**told, "trace_id": told["event_id"]})

    anna.at(f"events?event={data.event_id(7)}")

    expect(panel(anna)).to_contain_text("made by request")
    expect(panel(anna)).not_to_contain_text("trace")


def test_step_does_not_say_twice_who(anna: Person, api: ConsoleApi) -> None:
    told = data.life(api.events[2], payload=False)
    held = {**told["timeline"][0], "step": "held_back", "by": "number 4"}
    held["words"] = "held back behind number 4 of its customer"
    api.chosen["GET /events/data"] = Answer(200, {**told, "timeline": [held]})

    anna.at(f"events?event={data.event_id(2)}")

    step = panel(anna).locator("ol.tl .sub")
    expect(step).to_have_text("held back behind number 4 of its customer")


def test_empty_lane_tells_what_was_given_up(anna: Person, api: ConsoleApi) -> None:
    nothing = {"head": None, "waiting": [], "waiting_count": 0, "given_up_count": 2}
    api.chosen["GET /events/lane"] = Answer(200, {**data.lane(), **nothing})

    anna.at(f"lane?customer_id={data.customer_id(0xC1D9)}")

    anna.sees("Nothing waits. given up: 2")


def test_search_hit_is_in_words(anna: Person, api: ConsoleApi) -> None:
    hit = {"kind": "event", "id": "1", "title": "customer_creation 1, publish_failed", "link": "#/"}
    api.chosen["GET /events/search"] = Answer(200, {"hits": [hit]})
    anna.at("now")

    anna.page.get_by_label("Search", exact=True).fill("1f48")

    expect(anna.page.locator(".hits li")).to_have_text("event creation 1, given up")


def test_audit_says_what_was_done(anna: Person, api: ConsoleApi) -> None:
    row = data.audit()["rows"][0]
    acts = [
        ("POST /replay/data", {"act": "made", "filter": {"states": ["publish_failed"]}}),
        ("POST /replay/change-status", {"act": "pause", "per_second": 50}),
        ("POST /dead-letters/requeue", None),
        ("POST /consumer/change-status", {"filter": {"status": "deactivated"}}),
        ("POST /customer/data", None),
    ]
    rows = [
        {**row, "audit_id": str(i), "action": action, "details": details}
        for i, (action, details) in enumerate(acts)
    ]
    api.chosen["GET /audit/list"] = Answer(200, {"rows": rows, "next_cursor": None})
    anna.at("audit")

    said = anna.page.locator("tbody td[data-name=What]")
    expect(said).to_have_text(
        [
            "Replay events POST /replay/datastates given up",
            "Pause the replay POST /replay/change-statusper second 50",
            "Requeue dead letters POST /dead-letters/requeue",
            "Deactivate the bank POST /consumer/change-statusstatus deactivated",
            "POST /customer/data",
        ]
    )
    made = anna.page.get_by_role("link", name="8c1e-0").last
    expect(made).to_have_attribute("href", "#/events?request_id=8c1e-0")


def test_finished_replay_leads_to_its_events(anna: Person) -> None:
    anna.at("replays")

    row = anna.page.locator("tbody tr")
    expect(row).to_contain_text("50 /s")
    row.get_by_role("link").click()

    anna.heading("Events")
    anna.sees("bank first_bank")
    assert "from=" in anna.page.url
    assert "to=" in anna.page.url


def test_letter_is_acted_on_where_it_is_read(anna: Person, api: ConsoleApi) -> None:
    told = {**data.letters(is_matched=True)["dead_letters"][0], "body": "//4A", "size_bytes": 3}
    told |= {"body_encoding": "base64", "body_truncated": False, "properties": {}}
    api.chosen["GET /dead-letters/data"] = Answer(200, told)
    anna.at(f"failures?tab=letters&letter={LETTER}")

    expect(panel(anna)).to_contain_text("expired")
    panel(anna).get_by_role("button", name="Show the message").click()
    expect(panel(anna)).to_contain_text("Not text: 3 bytes, as base64:")
    panel(anna).get_by_role("button", name="Requeue").click()

    opened = anna.page.get_by_role("dialog")
    expect(opened.get_by_role("heading")).to_have_text("Requeue dead letters")
    dry = [asked.body for asked in api.asked if asked.path == "/dead-letters/requeue"]
    assert dry[0]["dead_letter_ids"] == [LETTER]


def test_nothing_is_offered_for_nothing(anna: Person) -> None:
    anna.at("failures?tab=letters")

    anna.sees("4 match")
    expect(anna.button("Requeue 0")).to_have_count(0)
    expect(anna.button("Mark 0 as resolved")).to_have_count(0)


def test_failures_open_where_something_is(anna: Person, api: ConsoleApi) -> None:
    counts = {"publish_failed": 0, "delivery_failed": 0, "dead_letters": 0, "unmatched": 1}
    api.overview["pipeline"]["failed"] = counts

    anna.open("failures").sign_in(BANK_KEY, "")

    tab = anna.page.get_by_role("tab", name="Matching no event")
    expect(tab).to_have_attribute("aria-selected", "true")


def test_now_says_whether_it_gets_better(anna: Person, api: ConsoleApi) -> None:
    for point in api.overview["last_hour"]:
        point |= {"committed": 100, "processed": 111, "failed": 1}

    anna.at("now")

    anna.sees("in 10 minutes 1,000 events came in and 1,120 events ended: better by 120 events")


def test_what_waits_may_stand_still(anna: Person, api: ConsoleApi) -> None:
    for point in api.overview["last_hour"]:
        point |= {"committed": 0, "processed": 0, "failed": 0}

    anna.at("now")

    anna.sees("0 events came in and 0 events ended: what waits stands still")
    for place in ("outbox", "queue", "bank"):
        api.overview["pipeline"][place]["count"] = 0
    anna.sees("0 events came in and 0 events ended: as before")


@pytest.mark.parametrize(
    ("ended", "said"),
    [(10, "12 put back: they are sent in the next minute"), (600, "12 put back to wait")],
)
def test_replay_tells_what_it_put_back(
    anna: Person, api: ConsoleApi, ended: float, said: str
) -> None:
    """It has sent nothing of that: the outbox does."""
    counts = {"matched": 12, "sent": 12, "put_back": 12, "left_out": 0}
    jobs = [data.job(2, "done", **counts, finished_at=data.iso(ended)), data.job(1, "running")]
    api.chosen["GET /replay/list"] = Answer(200, {"jobs": jobs, "next_cursor": None})

    anna.at("replays")

    expect(anna.page.locator("tbody tr td[data-name=Sent]")).to_have_text(f"0{said}")
    anna.sees("2,501 of 4,100 sent \u00b7 12 confirmed again")


def test_wide_link_says_what_it_opens(anna: Person, api: ConsoleApi) -> None:
    """No list can be asked for what was given up at that time."""
    narrow = data.job(0, "running")
    wide = data.job(1, "running", filter={"states": ["publish_failed"]})
    api.chosen["GET /replay/list"] = Answer(200, {"jobs": [narrow, wide], "next_cursor": None})

    anna.at("replays")

    cards = anna.page.locator("section.card", has_text="to go")
    expect(cards.nth(0).get_by_role("link")).to_have_text("Events")
    expect(cards.nth(1).get_by_role("link")).to_have_text("All events of its time")


def test_missing_event_leads_to_the_query(anna: Person, api: ConsoleApi) -> None:
    told = data.ledger()
    told["tenants"][2]["discrepancies"] = {"missing_events": 1}
    api.chosen["GET /events/reconcile"] = Answer(200, told)

    anna.at("ledger")

    anna.sees("Only the number is known, neither the event nor its customer")
    anna.sees("docs/banking/operations.md")


def test_runbook_names_its_heading(anna: Person, api: ConsoleApi) -> None:
    api.overview["attention"][0]["runbook"] = "docs/banking/operations.md#a-queue-is-full"

    anna.at("now")

    said = "docs/banking/operations.md, \u201cA queue is full\u201d"
    expect(anna.page.locator(".attn > li").first).to_contain_text(said)


def test_bank_is_named_once(anna: Person) -> None:
    anna.open("now").sign_in(BANK_KEY, "")

    expect(anna.page.locator("header .who")).to_have_text("first_bank")


def test_narrow_header_hides_nothing(meet: Meet) -> None:
    person = meet("dark", NARROW).at("now")

    expect(person.page.locator("header .who")).to_contain_text("anna")
    expect(person.button("Colours: auto")).to_be_visible()
    for link in person.page.locator("nav.rail a").all():
        box = link.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= NARROW[0]
    header = person.page.locator("header").bounding_box()
    assert header is not None
    assert header["height"] < 150
    person.check_access()


def test_narrow_screen_keeps_the_facts(meet: Meet) -> None:
    person = meet("light", NARROW).at(f"connect?consumer_id={data.bank_id(0)}")

    person.sees("Dead letter queue")
    person.press("?")
    expect(person.page.locator("dialog kbd").last).to_be_visible()
