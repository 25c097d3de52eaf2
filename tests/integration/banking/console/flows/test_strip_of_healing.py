"""A bank's queue was not bound: from the alarm on Now to its end, by what one person does there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.integration.banking.console.conftest import Person
from tests.integration.banking.console.flows.conftest import World
from tests.integration.banking.console.flows.test_stills import SCALE, WIDE, keep
from tests.support.console_faults import Past, observe

pytestmark = pytest.mark.night_long
LOST = 193


@pytest.fixture
def lost(world: World) -> list[str]:
    """The ids of what the broker returned until the last try."""
    past = Past(world.query, world.healthy, "Mira")
    _, ids = past.events(LOST, every=2, ended=700)
    past.given_up(ids)
    observe(world.parts, (world.healthy, 0, 1), (world.faulty, 0, 1))
    return ids


def test_unbound_queue_is_healed(
    visit: Callable[..., Person], world: World, lost: list[str]
) -> None:
    anna = visit("light", WIDE, device_scale_factor=SCALE[WIDE])
    anna.open(f"now?consumer_id={world.healthy.consumer_id}").sign_in(world.admin_key)
    given_up = anna.page.locator(".attn > li").filter(has_text="publishing was given up")
    expect(given_up).to_contain_text(f"{LOST} given up")
    keep(anna, "healing-1-alarm")

    given_up.get_by_role("button", name="Send again").click()
    opened = anna.page.get_by_role("dialog")
    opened.get_by_label("Why").fill("INC-2041: the queue is bound again")
    act = opened.get_by_role("button", name=f"Send {LOST} events again")
    expect(act).to_be_enabled()
    keep(anna, "healing-2-dry-run")

    act.click()
    anna.heading("Replays")
    anna.sees(f"of {LOST} sent")
    keep(anna, "healing-3-replay")
    world.run("replay")
    row = anna.page.locator("tbody tr").filter(has_text="the queue is bound again")
    expect(row).to_contain_text("done")
    expect(row).to_contain_text(f"{LOST} put back: they are sent in the next minute")
    world.run("resend")  # the newest of each customer waits for the schedule then

    Past(world.query, world.healthy, "Mira").run("processed", event_ids=lost)
    world.run("write_minutes", "reconcile")
    anna.open(f"now?consumer_id={world.healthy.consumer_id}")
    anna.sees("Nothing needs you.")
    keep(anna, "healing-4-healed")
