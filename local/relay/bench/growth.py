"""Measures whether the size of the tables changes the cost of finding what is due.

The rows that are found go nowhere: the answer comes at once, without a request.
"""

from __future__ import annotations

import os
from functools import partial

from fintegrate.outbox.batches import DELIVERED, Batch, Sent
from fintegrate.outbox.lanes import LaneRun
from local.bench.figures import Figures
from local.bench.timing import median, seconds_of
from local.relay.bench.databases import RelayDatabase, RelayTemplate
from local.relay.bench.events import write_unvacuumed
from local.relay.bench.old_events import write_old

FEW = 10_000
MANY = int(os.environ.get("BENCH_OLD_EVENTS", "5_000_000"))
DUE = 1_000
ROUNDS = 15


def growth(template: RelayTemplate) -> Figures:
    """Find and mark 1,000 due among millions of old deliveries and among thousands, in turns."""
    with template.copy("few") as few, template.copy("many") as many:
        lanes = {}
        for database, old in ((few, FEW), (many, MANY)):
            lanes[database.database_url] = _lane(database)
            write_old(database, lanes[database.database_url], old)
        times: tuple[list[float], ...] = ([], [])
        for number in range(ROUNDS + 1):
            for database, taken in zip((few, many), times, strict=True):
                write_unvacuumed(database, [lanes[database.database_url]], DUE)
                seconds = seconds_of(partial(_find, database))
                if number:  # the first round connects
                    taken.append(seconds)
    return {
        "relay_growth_old_events": float(MANY),
        "relay_growth_few_ms": 1000 * median(times[0]),
        "relay_growth_many_ms": 1000 * median(times[1]),
        "relay_growth": median(times[1]) / median(times[0]),
    }


def _lane(database: RelayDatabase) -> int:
    from chalicelib.relay import wiring

    wiring.use(database.parts)  # the copy that was opened last has taken its place
    return database.meta(database.shop("bench"))


def _find(database: RelayDatabase) -> None:
    def at_once(batch: Batch) -> Sent:
        return Sent(batch, [DELIVERED] * len(batch.rows), 0, 200)

    summary = LaneRun(database.parts.delivery().book, at_once).run(60)
    if summary.rows != {"delivered": DUE}:
        raise RuntimeError(f"of {DUE} events: {summary.rows}")
