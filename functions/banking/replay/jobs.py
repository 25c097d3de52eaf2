"""Replay jobs as requests make, read and change them; `chalicelib.banking.replay.worker` does the work.

A job's events are chosen in the transaction that makes it, so it is finite. It lists them and shows a
filter only for people. What became of an event meanwhile is asked when its turn comes.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from chalicelib.banking.leaving.offboarding import refuse_left
from chalicelib.banking.replay.models import ALL, MISSED, JobChange, JobListing, Replay
from fintegrate.console.acts import MOST_COUNTED, DryRun, check_expected, dry_run, shortened
from fintegrate.database import Database, Row, UniqueViolation
from fintegrate.errors import Conflict, Invalid, NotFound
from fintegrate.http.audit import Audited
from fintegrate.http.cursors import page, page_parameters
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
BATCH = 100
"""The events of one row of replay_batches, and the most that a worker sends at once."""
MOST = 1_000_000
"""The events of a job. A rewind sends more."""
MOST_WAITING = 10
OUTBOX_MOST = 10_000
NO_CONSUMER = "No such consumer; check consumer_id"
NO_JOB = "No such job; check job_id"
TOO_MANY = f"from: more than {MOST:,} events match; choose a shorter time"
SAME = "A job with this filter is not done yet; GET /replay/list has it"
FULL = f"{MOST_WAITING} jobs of this bank wait already; cancel one or wait for one"
FINISHED = "This job is finished"
TURN = "Another job of this bank began just now; try again"
LATE = (
    "{late} come late: a later event of the same customer exists. They are left out without"
    " include_late"
)
WAITS = "The bank's queue refuses; the job waits until it takes messages again"
REWINDS = "A rewind of the bank's queue is not done; the job waits for it"
BEHIND = "Another job of this bank is not done; this one waits for its turn"


def count(db: Database, wanted: Replay, consumer_id: str) -> DryRun:
    """What a job would hit; writes nothing.

    Raises:
        NotFound: there is no such consumer.
    """
    name = _lock_bank(db, consumer_id)
    rows = _choose(db, wanted, consumer_id, str(uuid.uuid4()))
    bank = {"consumer_id": consumer_id, "consumer_name": name, "events": rows[-1]["events"]}
    known = {"consumer_id": None, "consumer_name": None}
    told = [{**known, **row} for row in rows]
    waiting = db.fetch_one(SQL["waiting"], {"consumer_id": consumer_id}) or {}
    warnings = _warnings(waiting, rows[-1]["late"], include_late=wanted.include_late)
    if bank["events"]:
        told.append({**bank, "state": None})
    return dry_run(told, warnings=warnings)


def make(
    db: Database,
    wanted: Replay,
    consumer_id: str,
    who: tuple[str, str],
    handoff_seconds: float,
) -> Row:
    """Write a job with its events; returns it. `db` is in a transaction; `who` is person and request.

    Raises:
        NotFound: there is no such consumer.
        Conflict: the filter has a job, too many wait, or far more than expected match.
        Invalid: too many events match.
    """
    _lock_bank(db, consumer_id)
    waiting = db.fetch_one(SQL["waiting"], {"consumer_id": consumer_id}) or {}
    if waiting["waiting"] >= MOST_WAITING:
        raise Conflict(FULL)
    job_id = str(uuid.uuid4())
    matched = _choose(db, wanted, consumer_id, job_id)[-1]["events"]
    if wanted.expected_count != MOST_COUNTED:  # the dry run has said that there are more
        check_expected(wanted.expected_count, matched)
    if matched > MOST:
        raise Invalid(TOO_MANY)
    job = {
        "job_id": job_id,
        "consumer_id": consumer_id,
        "mode": wanted.mode,
        "filter": json.dumps(filter_of(wanted), sort_keys=True),
        "include_late": wanted.include_late,
        "per_second": wanted.per_second,
        "reason": wanted.reason,
        "actor": who[0],
        "request_id": who[1],
        "matched": matched,
        "outbox_most": OUTBOX_MOST,
        "handoff_seconds": handoff_seconds,
    }
    try:
        db.execute(SQL["make"], job)
    except UniqueViolation as error:
        raise Conflict(SAME) from error
    return read(db, job_id, consumer_id)


def read(db: Database, job_id: str, consumer_id: str | None) -> Row:
    """Read a job.

    Raises:
        NotFound: there is no such job in this scope.
    """
    job = db.fetch_one(SQL["read"], {"job_ids": [job_id], "consumer_id": consumer_id})
    if job is None:
        raise NotFound(NO_JOB)
    return job


def list_jobs(db: Database, listing: JobListing, consumer_id: str | None) -> dict[str, Any]:
    """Read a page of jobs, newest first."""
    parameters = page_parameters(listing.cursor, listing.limit)
    scope = {"consumer_id": consumer_id}
    rows = db.fetch_all(SQL["list"], {**scope, **parameters, "status": listing.status})
    found, next_cursor = page(rows, listing.limit, "created_at", "job_id")
    jobs = db.fetch_all(SQL["read"], {**scope, "job_ids": [row["job_id"] for row in found]})
    return {"jobs": jobs, "next_cursor": next_cursor}


def change(db: Database, wanted: JobChange, consumer_id: str | None) -> Row:
    """Pause, resume or cancel a job, or change its rate; returns it. `db` is in a transaction.

    Raises:
        NotFound: there is no such job in this scope.
        Conflict: it is finished.
    """
    job_id = str(wanted.job_id)
    owner = read(db, job_id, consumer_id)["consumer_id"]
    _lock_bank(db, owner)
    asked = {
        "job_id": job_id,
        "consumer_id": owner,
        "action": wanted.action,
        "per_second": wanted.per_second,
    }
    try:
        changed = db.execute(SQL["change"], asked)
    except UniqueViolation as error:
        raise Conflict(TURN) from error
    if not changed:
        raise Conflict(FINISHED)
    return read(db, job_id, owner)


def told(job: Row, reason: str | None, act: str) -> Audited:
    """What the audit log keeps of an act on this job."""
    names = ("job_id", "mode", "filter", "include_late", "per_second", "matched", "sent")
    details = {"act": act, **{name: job[name] for name in names}}
    details["filter"] = shortened(job["filter"])
    return Audited(reason or f"replay: {act}", job["consumer_id"], details)


def filter_of(wanted: Replay) -> dict[str, Any]:
    """The filter as the job shows it: what was given, in one order."""
    fields = {"event_ids", "states", "event_types", "begin", "end", "customer_id", "failure_group"}
    given = wanted.model_dump(mode="json", include=fields, exclude_none=True, by_alias=True)
    return {
        name: sorted(value) if isinstance(value, list) else value for name, value in given.items()
    }


def _lock_bank(db: Database, consumer_id: str) -> str:
    bank = db.fetch_one(SQL["lock_bank"], {"consumer_id": consumer_id})
    if bank is None:
        raise NotFound(NO_CONSUMER)
    refuse_left(db, consumer_id)
    return str(bank["consumer_name"])


def _choose(db: Database, wanted: Replay, consumer_id: str, job_id: str) -> list[Row]:
    """The counts by state, those of all last; writes the events down, unless it is a dry run."""
    db.execute(SQL["plan"], {})
    given = filter_of(wanted)
    states = set(wanted.states or ALL) & (MISSED if wanted.mode == "missed" else ALL)
    names = ("event_ids", "event_types", "customer_id", "failure_group", "from", "to")
    rows = db.fetch_all(
        SQL["choose"],
        {
            **{name: given.get(name) for name in names},
            "consumer_id": consumer_id,
            "job_id": job_id,
            "states": sorted(states),
            "dry_run": wanted.dry_run,
            "batch": BATCH,
            "most": MOST_COUNTED if wanted.dry_run else MOST,
        },
    )
    return sorted(rows, key=lambda row: row["state"] is None)


def _warnings(waiting: Row, late: int, *, include_late: bool) -> list[str]:
    warnings = []
    if late and not include_late:
        warnings.append(LATE.format(late=late))
    if waiting["pause"] is not None:
        warnings.append(WAITS)
    if waiting["rewinds"]:
        warnings.append(REWINDS)
    if waiting["waiting"] or waiting["is_running"]:
        warnings.append(BEHIND)
    return warnings
