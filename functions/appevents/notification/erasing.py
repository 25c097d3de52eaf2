"""Erases a user of the app: asks every service, and empties what was told.

A request to a service is an event of the user that an operator tells. So it comes behind what the user
told before, it is published again until the broker has it, and its outcome is the service's answer. What
the user told before is closed: its content goes, and no outcome of it is kept that comes late. What the
user tells later is another matter, and has to be erased again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from chalicelib.appevents.envelope import Event
from chalicelib.appevents.erasing import erased, forget_told
from chalicelib.appevents.events.catalogue import HOLDERS, TYPES
from chalicelib.appevents.events.erasure import EraseRequested
from chalicelib.appevents.notification.accept import accept
from chalicelib.appevents.notification.models import ClientEvent
from chalicelib.appevents.notification.states import status_of
from chalicelib.appevents.outbox import Reply
from chalicelib.appevents.sealed_fields import SealedFields
from fintegrate.database import Database, Row
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
BATCH = 5_000
TYPE = "{}.user.erase_requested"
REQUESTS = {TYPE.format(service): service for service in HOLDERS}


def begin(
    db: Database, user_id: str, facts: Mapping[str, Any], sealed: SealedFields
) -> Sequence[Row]:
    """Ask every service, in the open transaction; returns the rows to publish after the commit.

    None if the last requests are not answered yet. `facts` has `reason`, `key_id`, `actor`, `request_id`
    and `traceparent`.
    """
    own = {"user_id": user_id}
    db.execute(SQL["know_user"], own)
    held = db.fetch_all(SQL["hold_user"], own)[0]
    if any(row["outcome_status"] is None for row in requests_of(db, user_id)):
        return ()
    db.execute(SQL["begin"], {**own, **held, **facts})
    waiting = db.fetch_all(SQL["unsettled"], own)
    now = datetime.now(UTC)
    told = [_request(service, waiting, now) for service in HOLDERS]
    stored = accept(db, user_id, told, now, {"sent_at": None, **facts}, sealed)
    return [each.row for each in stored]


def requests_of(db: Database, user_id: str) -> list[Row]:
    """The last request to each service, as `events` has it."""
    return db.fetch_all(SQL["requests"], {"user_id": user_id, "types": list(REQUESTS)})


def told(db: Database, user_id: str) -> dict[str, Any]:
    """What became of the last erasure of a user, for the answer; `begun_at` is null if there is none."""
    found = db.fetch_one(SQL["read"], {"user_id": user_id}) or {"reason": None, "begun_at": None}
    services = [
        {
            "service": REQUESTS[row["event_type"]],
            "client_generated_id": row["client_generated_id"],
            "status": status_of(row),
            "reason": row["outcome_code"],
        }
        for row in requests_of(db, user_id)
    ]
    done = bool(services) and all(each["status"] == "processed" for each in services)
    return {
        "user_id": user_id,
        "reason": found["reason"],
        "begun_at": found["begun_at"],
        "is_finished": done,
        "services": services,
    }


def erase_user(db: Database, event: Event[EraseRequested]) -> Reply:
    """Empty what the user told, and the dead letters of it, in the open transaction."""
    counts = [forget_told(db, event)]
    wanted = {"user_id": event.user_id, "batch": BATCH}
    while emptied := db.execute(SQL["empty_events"], wanted):
        counts.append(emptied)
    counts.append(db.execute(SQL["empty_letters"], wanted))
    return erased("notification", counts)


def _request(service: str, waiting: Sequence[Row], now: datetime) -> ClientEvent:
    unsettled = [row for row in waiting if service in TYPES[row["event_type"]].read_by]
    return ClientEvent(
        event_type=TYPE.format(service),
        client_generated_id=uuid4(),
        timestamp=now,
        data={"unsettled": unsettled},
    )
