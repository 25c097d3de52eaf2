"""Measures, in a separate process, how much a process grows while it delivers a large backlog."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection

from chalicelib.relay.wiring import parts
from local.bench.figures import Figures
from local.bench.resident import most_resident_mb, resident_mb
from local.relay.bench.databases import RelayTemplate
from local.relay.bench.events import write_pending

EVENTS = 200_000
WARM_UP = 8_000
"""Two rounds of the most batches that a lane has at once."""


def memory(template: RelayTemplate) -> Figures:
    """The resident memory after a small backlog for Meta, and its maximum during the large one."""
    context = multiprocessing.get_context("spawn")
    with template.copy() as database:
        lane = database.meta(database.shop("bench"))
        write_pending(database, [lane], WARM_UP)
        ours, theirs = context.Pipe()
        process = context.Process(target=_deliver_twice, args=(theirs,), daemon=True)
        process.start()
        ours.recv()
        write_pending(database, [lane], EVENTS)
        ours.send("go on")
        before, most = ours.recv()
        process.join()
    return {"relay_rss_mb": most, "relay_rss_growth_mb": most - before}


def _deliver_twice(pipe: Connection) -> None:
    _deliver(WARM_UP)
    before = resident_mb()
    pipe.send("warm")
    pipe.recv()
    pipe.send((before, most_resident_mb(lambda: _deliver(EVENTS))))


def _deliver(events: int) -> None:
    """As many runs as it takes, each for as long as the schedule's."""
    left = events
    while left > 0:
        rows = parts().delivery().run().rows
        if set(rows) != {"delivered"}:
            raise RuntimeError(f"of {left} events: {rows}")
        left -= rows["delivered"]
