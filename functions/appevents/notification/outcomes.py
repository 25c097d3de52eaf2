"""Writes what a service answered beside the event that led to it."""

from __future__ import annotations

import json
from typing import Any

from chalicelib.appevents.counters import OUTCOMES, OUTCOMES_UNKNOWN
from chalicelib.appevents.envelope import Event
from chalicelib.appevents.events.catalogue import REJECTED, TYPES
from chalicelib.appevents.notification.accept import SECRETS_STAY
from chalicelib.appevents.outbox import Reply
from fintegrate.database import Database
from fintegrate.metrics_store import Metrics
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


def settle(metrics: Metrics, db: Database, event: Event[Any]) -> Reply | None:
    """Write an outcome; the first one stands. One of an event that nobody accepted here is counted.

    News of a service answer no event, and so does an access that an endpoint has answered.
    """
    if TYPES[event.type].is_news or event.causation_id is None:
        return None
    said = event.data.model_dump(mode="json")
    rejected = event.type == REJECTED
    status = "rejected" if rejected else "processed"
    found = db.execute(
        SQL["settle"],
        {
            "user_id": event.user_id,
            "id": event.causation_id,
            "status": status,
            "event_type": event.type,
            "data": json.dumps(said),
            "at": event.told_at,
            "erase_at": event.told_at + SECRETS_STAY if TYPES[event.type].secrets else None,
            "code": said["reason_code"] if rejected else None,
            "reason": said["reason"] if rejected else None,
        },
    )
    if found:
        metrics.count(OUTCOMES, status)
    else:
        metrics.count(OUTCOMES_UNKNOWN, event.type)
    return None
