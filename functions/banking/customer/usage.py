"""Counts what each consumer has used of its bounds; `quotas` refuses what is beyond them."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from fintegrate.database import Database
from fintegrate.errors import Busy
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
log = logging.getLogger(__name__)


class CountsMissing(Exception):
    """Some consumers could not be counted in time."""


def count_all(database: Database, bounds: Mapping[str, int]) -> dict[str, int]:
    """Count for every consumer; returns how many were `counted`, and how many have used up a bound.

    `bounds` are `most_customers`, `most_events` (of a day) and `most_snapshots`.

    Raises:
        CountsMissing: at the end, if a consumer could not be counted in time.
    """
    counted = full = 0
    missing = []
    for consumer in database.fetch_all(SQL["consumers"], {}, revive=True):
        wanted = {"consumer_id": consumer["consumer_id"], **bounds}
        try:
            row = database.fetch_one(SQL["count"], wanted)
        except Busy:  # one bank's size must not stop the counts of the others
            missing.append(consumer["name"])
            continue
        assert row is not None
        counted += 1
        if row["events_full"] or row["customers_full"] or row["snapshots_full"]:
            full += 1
            log.warning("%s has used up a bound: %s", consumer["name"], row)
    if missing:
        raise CountsMissing(f"not counted in time: {', '.join(missing)}")
    return {"counted": counted, "full": full}
