"""Rewinds: jobs that empty a bank's queue and publish its events again, in order per customer.

While a job is not done it holds back the bank's publishing: its row is the hold. Here are the job's
beginning, its progress and its end by request; `chalicelib.banking.events.rewind_worker` does the work.

A bank may have millions of events, so they are looked at in stretches and for a bounded time. To begin
earlier than necessary is always right, because a job leaves out what is processed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from chalicelib.banking.events.models import Rewind
from chalicelib.banking.leaving.offboarding import refuse_left
from fintegrate.database import Database, Row, UniqueViolation
from fintegrate.errors import Conflict, NotFound
from fintegrate.http.audit import Audited
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
RUNNING = "A rewind of this consumer is not done yet; ask again when GET /events/rewind says done"
NOTHING = "Every event of this consumer is confirmed; say from where with from"
TOO_LATE = (
    "Event {event_id} of {created_at} is not confirmed, and emptying the queue would lose its message; "
    "begin there or earlier"
)
NOT_SEEN = "There are too many events to look at before this time; begin at {reached} or earlier"
NOT_CANCELLED = "The newest rewind of this consumer is done, or belongs to a recovery"
STRETCH = 10_000
LOOK_SECONDS = 8.0
"""How long a request looks for the oldest unconfirmed event, and as long it counts."""
FIRST = {
    "after_created_at": "-infinity",
    "after_event_id": "00000000-0000-0000-0000-000000000000",
}


def begin(db: Database, wanted: Rewind, request_id: str) -> Row:
    """Write the job, which holds the bank's publishing as soon as it is committed.

    With `dry_run` writes nothing, and returns what a job would do.

    Raises:
        NotFound: there is no such consumer, or no such event of it.
        Conflict: a rewind is running, nothing is unconfirmed, an unconfirmed event is older, or the bank
            has left.
    """
    consumer = {"consumer_id": str(wanted.consumer_id)}
    if db.fetch_one(SQL["find_consumer"], consumer) is None:
        raise NotFound("No such consumer; check consumer_id")
    refuse_left(db, consumer["consumer_id"])
    db.execute(SQL["plan"], {})
    job = {**consumer, "include_processed": wanted.include_processed}
    job["from_at"] = _start(db, job, wanted.begin)
    made: Row = {"job_id": None}
    if not wanted.dry_run:
        made = _write(db, {**job, "reason": wanted.reason, "request_id": request_id})
    return {**job, **made, **_count(db, job)}


def find_start(db: Database, consumer_id: str) -> datetime | None:
    """Where a job begins that sends what is unconfirmed; None if nothing is. May take `LOOK_SECONDS`."""
    job = {"consumer_id": consumer_id, "include_processed": False}
    db.execute(SQL["plan"], {})
    try:
        return _start(db, job, None)
    except Conflict:
        return None


def begin_at(
    db: Database,
    consumer_id: str,
    start: datetime | None,
    *,
    reason: str,
    request_id: str,
    quiet_after: datetime | None,
) -> Row:
    """Write a job that sends from `start` on what is not confirmed. Looks at and counts nothing.

    What is not confirmed since `find_start` looked is waiting. The job empties no queue before
    `quiet_after`.

    Raises:
        Conflict: a rewind is running.
    """
    job = {"consumer_id": consumer_id, "include_processed": False}
    oldest = db.fetch_one(SQL["oldest_waiting"], job)
    starts = [start] if start else []
    starts += [_time_of(oldest)] if oldest else []
    values = {**job, "from_at": min(starts), "quiet_after": quiet_after}
    return _write(db, {**values, "reason": reason, "request_id": request_id})


def told(begun: Row, reason: str) -> Audited:
    """What the audit log keeps of a rewind that was begun."""
    names = ("job_id", "from_at", "include_processed", "event_count")
    return Audited(reason, begun["consumer_id"], {name: begun[name] for name in names})


def cancel(db: Database, consumer_id: str) -> Row:
    """End the newest rewind; the hold ends at once, or as soon as the worker has given back the rest.

    It does not end at once while a call or a publish of before may be under way (`quiet_after`).

    Raises:
        NotFound: there is none.
        Conflict: it is done, or belongs to a recovery.
    """
    db.execute(SQL["cancel"], {"consumer_id": consumer_id})
    job = progress(db, consumer_id)
    if job["cancelled_at"] is None:
        raise Conflict(NOT_CANCELLED)
    return job


def progress(db: Database, consumer_id: str) -> Row:
    """The newest rewind of a consumer.

    Raises:
        NotFound: there is none.
    """
    job = db.fetch_one(SQL["newest"], {"consumer_id": consumer_id})
    if job is None:
        raise NotFound("No rewind of this consumer; check consumer_id")
    return job


def _write(db: Database, job: dict[str, Any]) -> Row:
    try:
        made = db.fetch_one(SQL["begin"], {"quiet_after": None, **job})
    except UniqueViolation as error:
        raise Conflict(RUNNING) from error
    assert made is not None  # INSERT … RETURNING
    return made


def _start(db: Database, job: dict[str, Any], wanted: datetime | UUID | None) -> datetime:
    """Where to begin: as wanted, else at the oldest unconfirmed event or before it."""
    if isinstance(wanted, UUID):
        found = db.fetch_one(SQL["find_event"], {**job, "event_id": str(wanted)})
        if found is None:
            raise NotFound("No such event of this consumer; check from")
        wanted = _time_of(found)
    oldest = db.fetch_one(SQL["oldest_waiting"], job)
    if wanted is None or oldest is None or wanted <= oldest["created_at"]:
        reached: datetime | None = None
        for seen in _look(db, job, FIRST, wanted or (_time_of(oldest) if oldest else None)):
            reached = seen["reached"]
            if seen["event_id"] is not None:
                oldest = seen
                break
        else:
            if reached is not None and wanted is not None:
                raise Conflict(NOT_SEEN.format(reached=reached.isoformat()))
            if reached is not None:
                return reached
    if oldest is None and wanted is None:
        raise Conflict(NOTHING)
    if oldest is not None and wanted is not None and oldest["created_at"] < wanted:
        created_at = oldest["created_at"].isoformat()
        raise Conflict(TOO_LATE.format(event_id=oldest["event_id"], created_at=created_at))
    return wanted or _time_of(oldest or {})


def _count(db: Database, job: dict[str, Any]) -> Row:
    count, seen = 0, Row()
    for seen in _look(db, job, {**FIRST, "after_created_at": job["from_at"]}, None):
        count += seen["to_send"]
    return {"event_count": count, "counted_until": seen["reached"]}


def _look(
    db: Database, job: dict[str, Any], after: dict[str, Any], before: datetime | None
) -> Iterator[Row]:
    """What `look` says of each stretch, while time allows; `reached` is null when there is no more."""
    deadline = time.monotonic() + LOOK_SECONDS
    while True:
        wanted = {**job, **after, "before": before or "infinity", "stretch": STRETCH}
        seen = db.fetch_one(SQL["look"], wanted) or {}
        reached = seen["last_created_at"] if seen["seen"] == STRETCH else None
        yield {**seen, "reached": reached}
        if reached is None or time.monotonic() >= deadline:
            return
        after = {"after_created_at": reached, "after_event_id": seen["last_event_id"]}


def _time_of(event: Row) -> datetime:
    created_at: datetime = event["created_at"]
    return created_at
