"""Measures, in a separate process, how much a process grows while it delivers a large backlog."""

from __future__ import annotations

from functools import partial

from chalicelib.relay.wiring import parts
from local.bench.figures import Figures
from local.bench.resident import around_backlogs
from local.relay.bench.databases import RelayTemplate
from local.relay.bench.events import write_pending

EVENTS = 200_000
WARM_UP = 8_000
"""Two rounds of the most batches that a lane has at once."""


def memory(template: RelayTemplate) -> Figures:
    """The resident memory after a small backlog for Meta, and its maximum during the large one."""
    with template.copy() as database:
        write = partial(write_pending, database, [database.meta(database.shop("bench"))])
        write(WARM_UP)
        before, most = around_backlogs(_deliver, WARM_UP, EVENTS, lambda: write(EVENTS))
    return {"relay_rss_mb": most, "relay_rss_growth_mb": most - before}


def _deliver(events: int) -> None:
    """As many runs as it takes, each for as long as the schedule's."""
    left = events
    while left > 0:
        rows = parts().delivery().run().rows
        if set(rows) != {"delivered"}:
            raise RuntimeError(f"of {left} events: {rows}")
        left -= rows["delivered"]
