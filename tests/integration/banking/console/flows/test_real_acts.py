"""Acts in the page that change what is there, and sessions that end."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, expect

from tests.integration.banking.console.conftest import Person
from tests.integration.banking.console.flows.conftest import FAULTY, HEALTHY, World
from tests.support.console_faults import MISSED
from tests.support.waiting import eventually

AUDIT = "SELECT action, actor, reason, status_code FROM audit_log WHERE reason = %(reason)s"


def dialog(person: Person) -> Locator:
    return person.page.get_by_role("dialog")


def act(person: Person, button: str, why: str = "", name: str = "") -> None:
    """Say why, type the bank's name where it is asked for, and do it."""
    opened = dialog(person)
    if why:
        opened.get_by_label("Why").fill(why)
    if name:
        opened.get_by_label(f"Type {name}").fill(name)
    opened.get_by_role("button", name=button).click()


def reasons(world: World, reason: str) -> list[dict[str, object]]:
    return world.query(AUDIT, reason=reason)


def test_event_is_sent_again(anna: Person, world: World) -> None:
    event_id = world.faults.given_up[0]
    anna.open(f"event?event_id={event_id}")
    anna.button("Send again").click()

    act(anna, "Send this event again", "INC-1")

    expect(dialog(anna)).to_contain_text("Done")
    dialog(anna).get_by_role("button", name="Close").last.click()
    anna.sees("in the queue")
    (row,) = reasons(world, "INC-1")
    assert (row["actor"], row["status_code"]) == ("anna", 200)


def test_replay_runs_to_its_end(bert: Person, world: World) -> None:
    bert.button("I missed something").click()
    opened = dialog(bert)
    opened.get_by_label("From").fill("-5h")
    opened.get_by_label("To").fill("-110m")
    opened.get_by_label("At most, per second").fill("200")

    world.observe_empty()
    act(bert, f"Replay {MISSED} events", "we were down")
    bert.heading("Replays")
    world.run("replay")

    row = bert.page.locator("tbody tr").filter(has_text="we were down")
    expect(row).to_contain_text("done")
    assert row.locator("td").nth(5).inner_text().strip() == str(MISSED)
    assert world.ready_in(world.faulty) >= MISSED


def test_letters_are_sent_again(anna: Person, world: World) -> None:
    anna.open(f"failures?tab=letters&consumer_id={world.faulty.consumer_id}")
    anna.page.locator("main tbody tr input").first.check()
    anna.button("Requeue 1").click()

    act(anna, "Requeue 1 letter", "INC-2")

    expect(dialog(anna)).to_contain_text("Done")
    assert len(reasons(world, "INC-2")) == 1
    dialog(anna).get_by_role("button", name="Close").last.click()
    expect(anna.page.locator("main tbody tr")).to_have_count(2)


def test_letters_are_seen_to(anna: Person, world: World) -> None:
    anna.open("failures?tab=unmatched")
    anna.page.locator("main tbody tr input").first.check()
    anna.button("Mark 1 as resolved").click()

    act(anna, "Mark 1 letter as resolved", "rubbish", FAULTY)

    expect(dialog(anna)).to_contain_text("Done")
    dialog(anna).get_by_role("button", name="Close").last.click()
    expect(anna.page.locator("main tbody tr")).to_have_count(1)


def test_stuck_head_is_given_up(anna: Person, world: World) -> None:
    anna.open(f"lane?customer_id={world.faults.stuck_customer}")
    anna.button("Give this event up").click()

    act(anna, "Give this event up", "the bank knows", FAULTY)

    expect(dialog(anna)).to_contain_text("Done")
    dialog(anna).get_by_role("button", name="Close").last.click()
    expect(anna.page.get_by_text("Number 1 holds the others")).to_have_count(0)
    assert len(reasons(world, "the bank knows")) == 1


def test_commit_is_seen_at_once(visit: Callable[..., Person], world: World) -> None:
    person = visit().open("events").sign_in(str(world.healthy.api.key), "")
    person.sees("150 match")

    customer_id = world.healthy.create_customer("Mira the last")

    row = person.page.locator("main tbody tr").first
    expect(row).to_contain_text(customer_id[:4])
    expect(row).to_contain_text("in the queue")
    person.sees("151 match")


def test_reader_is_refused_but_may_try(visit: Callable[..., Person], world: World) -> None:
    event_id = world.faults.given_up[1]
    person = visit().open(f"event?event_id={event_id}")
    person.sign_in(world.admin_key, read_only=True)
    person.button("Send again").click()

    expect(dialog(person).locator(".fact").first).to_contain_text("1")
    expect(dialog(person)).to_contain_text("This session only looks")
    expect(dialog(person).get_by_role("button", name="Send this event again")).to_be_disabled()
    script = """(id) => fetch("/events/resend", {method: "POST", headers: {"X-Console": "1",
        "Content-Type": "application/json"}, body: JSON.stringify({event_ids: [id],
        period_in_days: 1, reason: "sly"})}).then((answer) => answer.status)"""
    assert person.page.evaluate(script, event_id) == 403
    person.noise.clear()  # the refusal


def test_list_is_a_file(anna: Person, world: World) -> None:
    anna.open(f"events?consumer_id={world.faulty.consumer_id}&state=processed")
    anna.sees("60 match")

    with anna.page.expect_download() as waiting:
        anna.button("CSV").click()

    with Path(waiting.value.path()).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 60
    assert {row["state"] for row in rows} == {"processed"}


def test_new_key_ends_the_session(visit: Callable[..., Person], anna: Person, world: World) -> None:
    bank = visit().open("failures").sign_in(str(world.faulty.api.key), "")
    anna.open(f"banks?consumer_id={world.faulty.consumer_id}")
    anna.button("Rotate the key").click()
    dialog(anna).get_by_label("Your API key").fill(world.admin_key)
    act(anna, "Rotate the key", name=FAULTY)
    shown = dialog(anna).get_by_role("region", name="API key")
    expect(shown).to_be_visible()
    key = shown.inner_text().strip()
    anna.press("Escape")

    expect(dialog(anna)).to_have_count(0)
    assert key not in anna.page.content()
    kept = "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"
    assert key not in anna.page.evaluate(kept)
    bank.sees("Your session ended.")
    world.replace_key(key)
    bank.sign_in(key, "")
    bank.heading("Failures")
    assert bank.page.url.endswith("#/failures")
    bank.noise.clear()  # the browser tells of the 401


def test_sign_out_ends_it(anna: Person, world: World) -> None:
    anna.page.get_by_role("button", name="Sign out").click()

    expect(anna.page.get_by_label("API key")).to_be_visible()
    status = """fetch("/console/session", {headers: {"X-Console": "1"}}).then((a) => a.status)"""
    eventually(lambda: anna.page.evaluate(status) == 401, "the cookie opens nothing")
    anna.noise.clear()  # the browser tells of the 401


def test_bank_gets_nothing_of_another(visit: Callable[..., Person], world: World) -> None:
    """Every answer that the browser of one bank gets, on all screens."""
    person = visit()
    bodies: list[str] = []
    person.page.on("response", lambda answer: bodies.append(_body(answer)))
    person.open("now").sign_in(str(world.healthy.api.key), "")
    faults, other = world.faults, world.faulty
    foreign = (
        f"event?event_id={faults.head}",
        f"lane?customer_id={faults.stuck_customer}",
        f"events?consumer_id={other.consumer_id}",
        f"events?event={faults.missed[0]}",
        f"failures?tab=letters&letter={faults.matched_letters[0]}",
        "events?consumer=borealis",
    )
    screens = ("now", "connect", "events", "failures", "failures?tab=letters", "replays", "audit")
    for view in (*screens, "failures?tab=unmatched", "banks", "ledger", *foreign):
        person.open(view)
        person.page.wait_for_load_state("networkidle")
    person.page.get_by_label("Search").fill(FAULTY)
    expect(person.page.locator(".hits")).to_contain_text("Nothing found.")

    said = "\n".join(bodies)
    assert HEALTHY in said
    assert world.faults.processed[0] in said
    ids = world.query(
        "SELECT event_id AS id FROM customer_events WHERE consumer_id = %(id)s"
        " UNION SELECT customer_id FROM customers WHERE consumer_id = %(id)s"
        " UNION SELECT dead_letter_id FROM dead_letters WHERE consumer_id = %(id)s"
        " UNION SELECT %(id)s::uuid",
        id=other.consumer_id,
    )
    assert [row["id"] for row in ids if str(row["id"]) in said] == []
    assert [word for word in (FAULTY, "Bert ", "100000") if word in said.replace(_LIMIT, "")] == []
    person.noise.clear()  # the browser tells of each 404


_LIMIT = '"x-max-length":100000'
"""The argument of every queue."""


def _body(answer: object) -> str:
    try:
        url, text = answer.url, answer.text()  # type: ignore[attr-defined]
    except Exception:
        return ""  # a view that is left cancels its requests
    return "" if "/console/assets/" in url else str(text).replace('": ', '":')
