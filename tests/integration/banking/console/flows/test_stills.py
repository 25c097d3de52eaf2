"""Every screen with real data, in both themes and two widths. STILLS names a folder to keep them in.

STILLS=docs/console make nights ARGS="tests/integration/banking/console/flows/test_stills.py -n 0"
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.banking.console.conftest import NARROW, WIDE, Person
from tests.integration.banking.console.flows.conftest import World

pytestmark = pytest.mark.night_long
STRANGE = ("NaN", "undefined", "[object", "Invalid Date")
QUALITY, SCALE = 40, {WIDE: 2 / 3, NARROW: 0.9}


def screens(world: World) -> dict[str, tuple[str, str]]:
    """Name of a still → its view and words that are on it once it is drawn."""
    faults, bank = world.faults, f"consumer_id={world.faulty.consumer_id}"
    return {
        "now": ("now", "Where events wait now"),
        "events": (f"events?{bank}&event={faults.given_up[2]}", "What happened"),
        "event": (f"event?event_id={faults.processed[0]}", "What happened"),
        "lane": (f"lane?customer_id={faults.stuck_customer}", "held back"),
        "failures": ("failures", "NO_ROUTE"),
        "letters": ("failures?tab=letters", "rejected"),
        "replays": ("replays", "New replay"),
        "banks": ("banks", "Onboard a bank"),
        "bank": (f"banks?{bank}", "Rotate the key"),
        "ledger": ("ledger", "It does not add up"),
        "audit": ("audit", "signed in"),
        "connect": (f"connect?{bank}", "AMQP facts"),
    }


def keep(person: Person, name: str) -> None:
    folder = os.environ.get("STILLS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        path = Path(folder) / f"{name}.jpg"
        person.page.screenshot(path=path, type="jpeg", quality=QUALITY, animations="disabled")


@pytest.fixture
def with_jobs(world: World) -> World:
    """A replay that is done and one that runs, so that their screen has something."""
    world.run(*SCHEDULES)
    if not world.query("SELECT FROM replays"):
        world.observe_empty()
        whose = {"consumer_id": world.faulty.consumer_id, "mode": "missed", "reason": "INC-2041"}
        first = {"event_ids": world.faults.missed[:10], "per_second": 500}
        world.admin.post("/replay/data", **whose, **first)
        world.run("replay")
        world.admin.post("/replay/data", **whose, event_ids=world.faults.missed[10:])
    world.observe()
    return world


SCHEDULES = ("count_usage", "expire_api_keys", "purge", "redeliver", "sweep_dead_letters",
             "write_minutes", "reconcile", "publish_metrics", "rewind")  # fmt: skip


@pytest.mark.parametrize("size", [WIDE, NARROW])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_screens_have_nothing_strange(
    visit: Callable[..., Person], with_jobs: World, theme: str, size: tuple[int, int]
) -> None:
    person = visit(theme, size, device_scale_factor=SCALE[size]).open("now")
    person.sign_in(with_jobs.admin_key)

    for name, (view, words) in screens(with_jobs).items():
        person.open(view)
        person.sees(words)
        person.check_access()
        shown = person.page.inner_text("body")
        assert [word for word in STRANGE if word in shown] == []
        keep(person, f"{name}-{theme}-{size[0]}")
