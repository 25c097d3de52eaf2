"""Writes a service's outcome into the row of the event that led to it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from chalicelib.appevents.counters import OUTCOMES, OUTCOMES_UNKNOWN
from chalicelib.appevents.envelope import Event
from chalicelib.appevents.events.catalogue import REJECTED, TYPES
from chalicelib.appevents.notification.accept import SECRETS_STAY
from chalicelib.appevents.outbox import Reply
from fintegrate.database import Database
from fintegrate.messaging.inbox import GAVE_UP
from fintegrate.metrics_store import Metrics
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


def give_up(db: Database, user_id: str, event_id: str, event_type: str, reason: str) -> bool:
    """Reject an event that no service has ended, in the open transaction; whether that was so.

    An outcome that arrives later replaces it, as it does after an operator has sent a dead letter back.
    """
    said = {"event_type": event_type, "reason_code": GAVE_UP, "reason": reason}
    outcome = {
        "user_id": user_id,
        "id": event_id,
        "status": "rejected",
        "event_type": REJECTED,
        "data": json.dumps(said),
        "at": datetime.now(UTC),
        "erase_at": None,
        "code": GAVE_UP,
        "reason": reason,
    }
    return bool(db.execute(SQL["settle"], outcome))


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
