"""Redeliver: the choice of published events to publish again, for the endpoint and the schedule.

Both send an event again only if no copy of it can be in its queue. Only the schedule waits longer after
each redelivery, because whoever calls the endpoint knows why.
"""

from __future__ import annotations

from typing import Any

from chalicelib.banking.configuration import Configuration
from chalicelib.banking.events.scope import Scope
from chalicelib.banking.events.topology import QUEUE_TTL_SECONDS
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
LISTED = {"event_id": "event_id", "event_type": "event_type", "try_count": "deliver_try_count"}
"""A failed event's facts in the answer, and their columns."""


def redeliver_filters(
    settings: Configuration,
    scope: Scope,
    event_ids: list[str] | None = None,
    *,
    include_failed: bool = False,
    wait_longer: bool = False,
    by: str = "redeliver",
    caused_by: str | None = None,
) -> dict[str, Any]:
    """The parameters of redeliver's statements; `wait_longer` after each redelivery of an event.

    `by` and `caused_by`, the id of the request, are for the events' history.
    """
    return {
        **scope._asdict(),
        "event_ids": event_ids,
        "include_failed": include_failed,
        "by": by,
        "caused_by": caused_by,
        "grace_seconds": settings.delivery_grace_seconds,
        "first_wait_seconds": settings.redeliver_first_wait_seconds if wait_longer else 0,
        "longest_wait_seconds": settings.redeliver_longest_wait_seconds if wait_longer else 0,
        "ttl_seconds": QUEUE_TTL_SECONDS,
        "observation_seconds": settings.queue_observation_seconds,
        "figures_delay_seconds": settings.queue_figures_delay_seconds,
    }
