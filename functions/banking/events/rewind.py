"""Rewinds: jobs that empty a bank's queue and publish its events again, in order per customer.

While a job is not done it holds back the bank's publishing: its row is the hold. Here are the job's
beginning and its progress; `chalicelib.banking.events.rewind_worker` does the work.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from chalicelib.banking.events.models import Rewind
from fintegrate.database import Database, Row, UniqueViolation
from fintegrate.errors import Conflict, NotFound
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
RUNNING = "A rewind of this consumer is not done yet; see GET /events/rewind"
NOTHING = "Every event of this consumer is confirmed; say from where with from"
TOO_LATE = (
    "Event {event_id} of {created_at} is not confirmed, and emptying the queue would lose its message; "
    "begin there or earlier"
)


def begin(db: Database, wanted: Rewind, request_id: str) -> Row:
    """Write the job, which holds the bank's publishing as soon as it is committed.

    With `dry_run` writes nothing, and returns what a job would do.

    Raises:
        NotFound: there is no such consumer, or no such event of it.
        Conflict: a rewind is running, nothing is unconfirmed, or an unconfirmed event is older.
    """
    consumer = {"consumer_id": str(wanted.consumer_id)}
    if db.fetch_one(SQL["find_consumer"], consumer) is None:
        raise NotFound("No such consumer; check consumer_id")
    job = {
        **consumer,
        "from_at": _start(db, consumer, wanted.begin),
        "include_processed": wanted.include_processed,
    }
    if wanted.dry_run:
        return {"job_id": None, **job, **(db.fetch_one(SQL["count"], job) or {})}
    values = {**job, "reason": wanted.reason, "request_id": request_id}
    try:
        made = db.fetch_one(SQL["begin"], values)
    except UniqueViolation as error:
        raise Conflict(RUNNING) from error
    return {**job, **(made or {}), **(db.fetch_one(SQL["count"], job) or {})}


def progress(db: Database, consumer_id: str) -> Row:
    """The newest rewind of a consumer.

    Raises:
        NotFound: there is none.
    """
    job = db.fetch_one(SQL["newest"], {"consumer_id": consumer_id})
    if job is None:
        raise NotFound("No rewind of this consumer; check consumer_id")
    return job


def _start(db: Database, consumer: dict[str, Any], wanted: datetime | UUID | None) -> datetime:
    oldest = db.fetch_one(SQL["oldest_unconfirmed"], consumer)
    if wanted is None:
        if oldest is None:
            raise Conflict(NOTHING)
        return _time_of(oldest)
    if isinstance(wanted, UUID):
        event = db.fetch_one(SQL["find_event"], {**consumer, "event_id": str(wanted)})
        if event is None:
            raise NotFound("No such event of this consumer; check from")
        wanted = _time_of(event)
    if oldest is not None and oldest["created_at"] < wanted:
        created_at = oldest["created_at"].isoformat()
        raise Conflict(TOO_LATE.format(event_id=oldest["event_id"], created_at=created_at))
    return wanted


def _time_of(event: Row) -> datetime:
    created_at: datetime = event["created_at"]
    return created_at
