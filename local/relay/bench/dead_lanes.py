"""Measures what is left of a live lane's rate while 49 others are dead: 25 refuse, 24 hang."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace

from local.bench.figures import Figures
from local.relay.bench.databases import RelayDatabase, RelayTemplate
from local.relay.bench.events import write_pending

LANES = 50
ALONE_SECONDS, SECONDS = 12, 60
AT_FIRST_SECONDS = 30
LIVE_EVENTS = 80_000
DEAD_EVENTS = 200
LIVE = "/after/20/live"


def dead_lanes(template: RelayTemplate) -> Figures:
    """The live lane's rate, in turns: none dead, 49 dead in the first half minute and after, none dead.

    None dead means that nothing is due for the others, so the live lane has all senders.
    """
    with template.copy() as database:
        live, dead = _lanes(database)
        write_pending(database, [live], LIVE_EVENTS)
        alone = [_alone(database)]
        write_pending(database, dead, DEAD_EVENTS)
        at_first, after = _beside_dead(database)
        database.rows("UPDATE relay_lanes SET paused = true WHERE lane_id <> %(live)s", live=live)
        alone.append(_alone(database))
    best = sum(alone) / len(alone)
    return {
        "relay_live_alone_per_s": best,
        "relay_live_at_first_per_s": at_first,
        "relay_live_after_per_s": after,
        "relay_live_at_first": at_first / best,
        "relay_live_after": after / best,
    }


def _lanes(database: RelayDatabase) -> tuple[int, Sequence[int]]:
    receiver = database.receiver
    live = database.webhook(database.shop("live"), receiver.url(LIVE))
    dead = [
        database.webhook(
            database.shop(f"dead-{number}"),
            receiver.refusing_url(f"/{number}") if number % 2 else receiver.url(f"/never/{number}"),
        )
        for number in range(1, LANES)
    ]
    return live, dead


def _alone(database: RelayDatabase) -> float:
    """The rate when nothing else is due, without the first and last seconds of the run."""
    run = _running(database, ALONE_SECONDS)
    time.sleep(1)
    rate = _rate(database, ALONE_SECONDS - 2)
    run.join()
    return rate


def _beside_dead(database: RelayDatabase) -> tuple[float, float]:
    run = _running(database, SECONDS)
    at_first = _rate(database, AT_FIRST_SECONDS)
    after = _rate(database, SECONDS - AT_FIRST_SECONDS - 1)
    run.join()
    return at_first, after


def _running(database: RelayDatabase, seconds: int) -> threading.Thread:
    """One run of the delivery, which claims for so long."""
    delivery = replace(database.parts.delivery(), seconds=seconds)
    run = threading.Thread(target=delivery.run)
    run.start()
    return run


def _rate(database: RelayDatabase, seconds: float) -> float:
    began, before = time.monotonic(), database.receiver.seen().requests[LIVE]
    time.sleep(seconds)
    came = database.receiver.seen().requests[LIVE] - before
    return came / (time.monotonic() - began)
