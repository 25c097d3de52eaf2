"""Every minute: counts what each consumer has used of its bounds.

A request only reads the outcome, with its key. So no create pays for a count, and a bound can be
exceeded by what a consumer writes between two runs.
"""

from __future__ import annotations

import logging
from typing import Any

from chalice import Rate

from chalicelib.banking.schedules.blueprint import schedules
from chalicelib.banking.wiring import parts, scheduled
from fintegrate.errors import Busy
from fintegrate.queries import queries_beside

SQL = queries_beside(__file__)
log = logging.getLogger(__name__)


class CountsMissing(Exception):
    """Some consumers could not be counted in time."""


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="count_usage")
@scheduled
def count_usage(_event: Any) -> dict[str, Any]:
    """Return how many consumers were counted, and how many have used up a bound.

    Overlapping runs are harmless: each writes counts and the time until which they hold together.

    Raises:
        CountsMissing: at the end, if a consumer could not be counted in time.
    """
    settings, database = parts().settings, parts().request.database
    most = {
        "most_customers": settings.consumer_max_customers,
        "most_events": settings.consumer_max_events_per_day,
    }
    counted = full = 0
    missing = []
    for consumer in database.fetch_all(SQL["consumers"], {}, revive=True):
        try:
            row = database.fetch_one(SQL["count"], {"consumer_id": consumer["consumer_id"], **most})
        except Busy:  # one bank's size must not stop the counts of the others
            missing.append(consumer["name"])
            continue
        assert row is not None
        counted += 1
        if row["events_full"] or row["customers_full"]:
            full += 1
            log.warning("%s has used up a bound: %s", consumer["name"], row)
    if missing:
        raise CountsMissing(f"not counted in time: {', '.join(missing)}")
    return {"counted": counted, "full": full}
