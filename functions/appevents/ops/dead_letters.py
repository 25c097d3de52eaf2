"""Dead letters in the database: kept, listed, and sent back to their services."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.appevents.configuration import Configuration
from chalicelib.appevents.topology import declare_queues
from fintegrate.database import Database, Row
from fintegrate.messaging.copies import ATTEMPT, REDRIVEN, SINCE, WAITS, copy_of
from fintegrate.messaging.message import Message
from fintegrate.messaging.publisher import Publisher
from fintegrate.messaging.queue_function import QueueMessage
from fintegrate.outcome import Result
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
BATCH = 100
PUBLISH_SECONDS = 5.0
log = logging.getLogger(__name__)


def list_letters(db: Database, wanted: Mapping[str, Any]) -> list[Row]:
    """A page of them and one more, newest first."""
    return db.fetch_all(SQL["list"], wanted)


def redrive(
    db: Database,
    publisher: Publisher,
    settings: Configuration,
    ids: Sequence[str] | None,
    service: str | None,
) -> int:
    """Send dead letters back to their services, the oldest first; returns how many.

    To be called in a transaction. What the broker does not confirm stays as it is. A letter may be sent
    twice, when the commit is lost: its service recognises it.
    """
    wanted = {"ids": list(ids) if ids else None, "service": service}
    rows = db.fetch_all(SQL["take"], {**wanted, "batch": BATCH})
    confirmed = _published(publisher, settings, rows)
    if confirmed:
        db.execute(SQL["mark_redriven"], {"ids": confirmed})
    log.info("redriven: %d dead letters of %s", len(confirmed), service or "those named")
    return len(confirmed)


def count_waiting(db: Database, ids: Sequence[str] | None, service: str | None) -> int:
    """How many of them could be sent back."""
    found = db.fetch_one(SQL["count_left"], {"ids": list(ids) if ids else None, "service": service})
    return int(found["count"]) if found else 0


def _published(publisher: Publisher, settings: Configuration, rows: Sequence[Row]) -> list[str]:
    copies = [_copy(row) for row in rows]
    outcomes = publisher.publish(copies, PUBLISH_SECONDS)
    lost = [n for n, outcome in enumerate(outcomes) if outcome.result is Result.UNROUTABLE]
    if lost:
        declare_queues(settings)
        again = publisher.publish([copies[n] for n in lost], PUBLISH_SECONDS)
        for n, outcome in zip(lost, again, strict=True):
            outcomes[n] = outcome
    return [
        str(row["dead_letter_id"])
        for row, outcome in zip(rows, outcomes, strict=True)
        if outcome.result is Result.CONFIRMED
    ]


def _copy(row: Row) -> Message:
    """Its tries begin anew. The header tells the service to act though it has rejected the event."""
    properties = {"contentType": "application/json", "type": row["event_type"]}
    message = QueueMessage(
        bytes(row["body"]), row["headers"], row["message_id"], False, row["service"], properties
    )
    headers = {ATTEMPT: 0, REDRIVEN: 1, SINCE: None, WAITS: None}
    return copy_of(message, f"app.{row['service']}", headers)
