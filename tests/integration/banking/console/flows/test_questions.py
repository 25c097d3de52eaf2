"""The questions of an operator and of a bank, answered by what the page shows of prepared faults."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Locator, expect

from tests.integration.banking.console.conftest import Person
from tests.integration.banking.console.flows.conftest import World
from tests.support.console_faults import BEHIND, GIVEN_UP, MISSED

BANK = "the bank\u2019s side"


def problem(person: Person, words: str) -> Locator:
    return person.page.locator(".attn > li").filter(has_text=words)


def test_now_says_what_is_stuck(anna: Person) -> None:
    """O1, O2, O5. What comes of the full queue names one side: the bank's. Nothing is given up by it."""
    anna.heading("The ledger does not balance. 4 things need you, 5 heal by themselves.")
    for words, side, more in (
        ("borealis: publishing was given up", "the broker\u2019s side", f"{GIVEN_UP} given up"),
        ("borealis: nobody reads its queue", BANK, "100,000 wait in the queue"),
        ("borealis: customers stand still", BANK, f"{BEHIND} held back"),
        (
            "borealis does not confirm",
            BANK,
            "by itself, once the bank's program reads",
        ),
        ("borealis: dead letters match no event", BANK, "2 of its dead letters"),
        ("borealis: the ledger does not balance", "our side", "not by itself"),
    ):
        said = problem(anna, words)
        expect(said).to_contain_text(side)
        expect(said).to_contain_text(more)
        expect(said).to_contain_text(re.compile(r"Since [\d :-]+\("))
        expect(said).to_contain_text("docs/banking/operations.md, \u201c")
    pipe = anna.page.get_by_role("region", name="Where events wait now").or_(
        anna.page.locator("ol.pipe")
    )
    expect(pipe.first).to_contain_text(f"{BEHIND} held back by order · {GIVEN_UP} given up")
    expect(pipe.first).to_contain_text("1 of 2 queues without a reader")
    first = anna.page.locator("tbody tr").first
    expect(first).to_contain_text("borealis")
    expect(first).to_contain_text("0 readers")


def test_search_finds_what_happened(anna: Person, world: World) -> None:
    """O3: an event by its id, with the keyboard, then its customer."""
    anna.press("/")
    anna.page.keyboard.type(world.faults.head)
    expect(anna.page.locator(".hits li")).to_have_count(1)
    anna.press("Enter")

    anna.heading("Events")
    expect(anna.page.get_by_role("complementary")).to_contain_text("nacked by the broker")
    anna.sees(f"{BEHIND} events wait behind it.")
    anna.page.get_by_role("link", name="Open the lane").click()
    anna.heading("Customer lane")
    anna.sees("Number 1 holds the others")


def test_acts_of_problems_fit_them(anna: Person) -> None:
    """O4: what is sent again is what failed; what must be looked at opens its view."""
    problem(anna, "publishing was given up").get_by_role("button", name="Send again").click()
    opened = anna.page.get_by_role("dialog")
    expect(opened.locator(".fact").first).to_contain_text(str(GIVEN_UP))
    anna.press("Escape")
    problem(anna, "deliveries failed").get_by_role("button", name="Send again").click()
    expect(opened.locator(".fact").first).to_contain_text("3")
    anna.press("Escape")

    problem(anna, "dead letters match no event").get_by_role("link", name="Look at them").click()

    expect(anna.page.get_by_role("tab", name="Matching no event")).to_have_attribute(
        "aria-selected", "true"
    )
    expect(anna.page.locator("tbody tr")).to_have_count(2)


def test_failures_are_told_by_cause(anna: Person) -> None:
    anna.open("failures")

    row = anna.page.locator("tbody tr").filter(has_text="NO_ROUTE")

    expect(row).to_contain_text("given up")
    expect(row.locator("td").nth(3)).to_have_text(str(GIVEN_UP))


def test_ledger_says_what_is_missing(anna: Person) -> None:
    anna.open("ledger")

    anna.heading("It does not add up")
    anna.sees("numbers have a gap: an event is missing.")
    anna.sees("Only the number is known, neither the event nor its customer")


def test_name_in_link_finds_the_bank(anna: Person, world: World) -> None:
    """Alerts know a bank's name only."""
    anna.open("events?consumer=borealis&state=publish_failed")

    anna.sees(f"{GIVEN_UP} match")
    assert f"consumer_id={world.faulty.consumer_id}" in anna.page.url
    anna.open("events?consumer=nobody")
    anna.sees("The address has a filter that this view does not know: consumer.")


def test_bank_sees_how_it_is_connected(bert: Person) -> None:
    """B1."""
    bert.heading("Your program does not read now.")
    steps = bert.page.locator("ol.steps > li")
    expect(steps).to_have_count(4)
    expect(steps.nth(1)).to_contain_text("No program reads")
    expect(bert.page.locator(".fact").filter(has_text="readers")).to_contain_text("0")
    expect(bert.page.locator(".fact").filter(has_text="messages")).to_contain_text("100,000")
    bert.sees("customer_notification_borealis")
    expect(bert.page.get_by_role("link", name="Banks")).to_have_count(0)


def test_bank_sees_event_and_message(bert: Person, world: World) -> None:
    """B2."""
    bert.open(f"event?event_id={world.faults.missed[0].upper()}")

    bert.sees("in the queue")
    bert.sees("Published, confirmed by the broker")
    bert.button("Show the message").click()
    expect(bert.page.get_by_role("region", name="Message")).to_contain_text('"name": "Bert 1"')


def test_bank_finds_what_it_missed(bert: Person) -> None:
    """B3: the dry run says what would be sent."""
    bert.button("I missed something").click()
    opened = bert.page.get_by_role("dialog")
    opened.get_by_label("From").fill("-5h")
    opened.get_by_label("To").fill("-110m")

    expect(opened.locator(".fact").first).to_contain_text(str(MISSED))


def test_link_opens_elsewhere(visit: Callable[..., Person], world: World) -> None:
    """A colleague's browser shows the same view after signing in."""
    view = f"events?consumer_id={world.faulty.consumer_id}&state=held_back"

    carl = visit().open(view).sign_in(world.admin_key, "carl")

    carl.sees(f"{BEHIND} match")
    expect(carl.page.locator("main tbody tr")).to_have_count(BEHIND)
