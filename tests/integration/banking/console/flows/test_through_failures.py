"""A replay that is held and ended, its worker killed, the net away, and a bank up to its first event."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Locator, expect

from tests.integration.banking.console.conftest import Person
from tests.integration.banking.console.flows.conftest import HEALTHY, World
from tests.support.broker_admin import run_broker_admin
from tests.support.waiting import eventually

NEW_BANK, CALLED_BANK = "aurora", "zephyr"
ADDRESS = "https://93.184.216.34/events"
"""A public one, which nothing calls here."""
MANY = 100
"""Fewer than the bank has."""


def dialog(person: Person) -> Locator:
    return person.page.get_by_role("dialog")


def fill_onboarding(person: Person, name: str) -> None:
    person.open("banks")
    person.button("Onboard a bank").click()
    dialog(person).get_by_label("Name of the bank").fill(name)


def onboard(person: Person, world: World) -> None:
    dialog(person).get_by_label("Your API key").fill(world.admin_key)
    dialog(person).get_by_role("button", name="Onboard a bank").click()


def secret(person: Person, name: str) -> str:
    return dialog(person).get_by_role("region", name=name).inner_text().strip()


def begin_replay(person: Person, per_second: str, why: str) -> Locator:
    """Ask for everything of the bank that keeps up; returns the job on the screen."""
    person.open("replays")
    person.button("New replay").click()
    opened = dialog(person)
    opened.get_by_label("Bank", exact=True).select_option(HEALTHY)
    opened.get_by_label("What").select_option("all")
    opened.get_by_label("At most, per second").fill(per_second)
    opened.get_by_label("Why").fill(why)
    opened.get_by_label(f"Type {HEALTHY}").fill(HEALTHY)
    opened.get_by_role("button", name="Replay").click()
    job = person.page.locator("section.card").filter(has_text=why)
    expect(job).to_be_visible()
    return job


def change(person: Person, job: Locator, button: str, act: str) -> None:
    job.get_by_role("button", name=button).click()
    dialog(person).get_by_label("Why").fill("INC-7")
    dialog(person).get_by_role("button", name=act).click()
    expect(dialog(person)).to_have_count(0)


def row_of(world: World, why: str) -> dict[str, object]:
    (row,) = world.query("SELECT * FROM replays WHERE reason = %(why)s", why=why)
    return row


def sent(world: World, why: str) -> int:
    return int(str(row_of(world, why)["sent"]))


def test_replay_is_held_and_ended(anna: Person, world: World) -> None:
    why = "held and ended"
    job = begin_replay(anna, "1", why)

    change(anna, job, "Pause", "Pause the replay")
    expect(job).to_contain_text("paused")
    before = sent(world, why)
    world.run("replay")
    assert sent(world, why) == before
    change(anna, job, "Resume", "Resume the replay")
    expect(job).not_to_contain_text("paused")
    change(anna, job, "Cancel", "Cancel the replay")

    expect(anna.page.locator("tbody tr").filter(has_text=why)).to_contain_text("cancelled")
    ended = sent(world, why)
    world.run("replay")
    assert sent(world, why) == ended < MANY
    acts = world.query(
        "SELECT details ->> 'act' AS act FROM audit_log WHERE reason = 'INC-7' ORDER BY created_at"
    )
    assert [each["act"] for each in acts] == ["pause", "resume", "cancel"]


@contextmanager
def worker(world: World) -> Iterator[subprocess.Popen[bytes]]:
    """A run of the schedule in a process of its own, which is killed at the end."""
    run = "from tests.support.schedules import run_schedule; run_schedule('replay')"
    environment = {**os.environ, **world.environment}
    with subprocess.Popen([sys.executable, "-c", run], env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


def test_killed_worker_is_followed(anna: Person, world: World) -> None:
    """Another worker goes on where the killed one was, once its lease is over."""
    why = "worker killed"
    job = begin_replay(anna, "40", why)

    with worker(world):
        eventually(lambda: sent(world, why) > 0, "the first batch is sent", seconds=30)
    expect(job).to_contain_text("running")
    world.query("UPDATE replays SET lease_until = clock_timestamp() WHERE reason = %(w)s", w=why)
    world.run("replay")

    expect(anna.page.locator("tbody tr").filter(has_text=why)).to_contain_text("done")
    row = row_of(world, why)
    assert (row["status"], row["sent"]) == ("done", row["matched"])


def test_page_outlives_the_net(anna: Person, world: World) -> None:
    anna.open(f"event?event_id={world.faults.given_up[2]}")
    button = anna.button("Send again")
    expect(button).to_be_visible()

    anna.page.context.set_offline(True)
    anna.sees("No answer")
    expect(button).to_be_visible()  # what was known stays
    button.click()
    dialog(anna).get_by_label("Why").fill("offline")
    act = dialog(anna).get_by_role("button", name="Send this event again")
    expect(act).to_be_disabled()
    anna.press("Escape")
    anna.page.context.set_offline(False)

    expect(anna.page.get_by_text("No answer")).to_have_count(0)
    assert world.query("SELECT FROM audit_log WHERE reason = 'offline'") == []
    anna.noise.clear()  # the browser tells of each request that failed


def test_bank_is_onboarded(visit: Callable[..., Person], anna: Person, world: World) -> None:
    """The broker's administration comes to it only later, so the work goes on by itself."""
    fill_onboarding(anna, NEW_BANK)
    onboard(anna, world)
    expect(dialog(anna)).to_contain_text("It goes on by itself")
    run_broker_admin("settle")
    world.query("UPDATE onboardings SET look_at = NULL, lease_until = NULL, worker_id = NULL")
    world.run("onboard")
    dialog(anna).get_by_role("button", name="Take its secrets").click()

    onboard(anna, world)
    key, password = secret(anna, "API key"), secret(anna, "Password of the broker")
    anna.press("Escape")

    expect(dialog(anna)).to_have_count(0)
    assert key not in anna.page.content()
    assert password not in anna.page.content()
    bank = visit().open("connect").sign_in(key, "")
    bank.button("Make a test customer").click()
    dialog(bank).get_by_role("button", name="Make a test customer").click()
    dialog(bank).get_by_role("link", name="Watch it arrive").click()
    expect(bank.page.locator("main tbody tr").first).to_contain_text("in the queue")


def test_called_bank_is_onboarded(visit: Callable[..., Person], anna: Person, world: World) -> None:
    fill_onboarding(anna, CALLED_BANK)
    dialog(anna).get_by_label("How it gets its events").select_option("webhook")
    dialog(anna).get_by_label("Address that is called").fill(ADDRESS)
    dialog(anna).get_by_label("Customers at a time").fill("3")

    onboard(anna, world)

    key, signing = secret(anna, "API key"), secret(anna, "Signing secret")
    assert signing.startswith("whsec_")
    dialog(anna).get_by_role("link", name="Open").click()
    expect(dialog(anna)).to_have_count(0)
    card = anna.page.get_by_role("region", name="Its server", exact=True)
    expect(card).to_contain_text(ADDRESS)
    expect(card).to_contain_text("takes what it is sent")
    assert signing not in anna.page.content()
    bank = visit().open("connect").sign_in(key, "")
    bank.heading("Your server has taken no event yet.")
    bank.sees("3 customers at a time")
