"""Receivers that misbehave: each fault is that of one platform whose answers can tell it."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from local.chaos.faults.fault import Happen, Targets
from local.relay.accounts import PLATFORMS
from local.relay.chaos.testbed import Testbed

JUDGED = ("meta", "tiktok", "pinterest", "snapchat")
"""Their answers say more than a status. The others believe any 2xx."""
KNOW_TOKENS = tuple(platform for platform in PLATFORMS if platform != "ga4")
"""GA4 answers 204 to a wrong secret, too."""


def behaving(how: str, among: Sequence[str] = PLATFORMS, **further: Any) -> Happen:
    """One platform does this to every request. It ends by itself."""

    def happen(targets: Targets[Testbed], random: Random, seconds: float) -> None:
        platform = random.choice(among)
        targets.bed.platforms.behave(platform, how, seconds=seconds, **further)
        targets.last(seconds)

    return happen


def killed(targets: Targets[Testbed], random: Random, seconds: float) -> None:
    """One platform goes away with its connections, and comes back."""
    door = targets.bed.doors[random.choice(PLATFORMS)]
    door.shut()
    targets.last(seconds)
    door.open()


def lanes_locked(targets: Targets[Testbed], random: Random, seconds: float) -> None:
    """Somebody holds the rows of some lanes, and some of their deliveries."""
    from local.chaos.faults.database import session

    lanes = [each.lane_id for each in targets.bed.destinations]
    with session(targets, autocommit=False) as cursor:
        cursor.execute(LOCK_LANES, {"lanes": random.sample(lanes, min(3, len(lanes)))})
        cursor.execute(LOCK_DELIVERIES)
        targets.last(seconds)


LOCK_LANES = "SELECT FROM relay_lanes WHERE lane_id = ANY (%(lanes)s) ORDER BY lane_id FOR UPDATE"
LOCK_DELIVERIES = """
SELECT FROM event_deliveries WHERE status = 'pending' LIMIT 20 FOR UPDATE SKIP LOCKED
"""
