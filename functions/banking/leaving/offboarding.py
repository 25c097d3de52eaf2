"""A bank's offboarding as requests begin, read and take it back.

At once the bank is deactivated and loses its user of the broker. Everything is kept until `due_at`; then
`chalicelib.banking.leaving.ending` erases it.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from typing import Any

from chalicelib.banking.broker.access import consumer_changed, revoke_access
from chalicelib.banking.tenants import ADMIN_ID
from fintegrate.console.acts import MOST_COUNTED, DryRun
from fintegrate.database import Database, Row, UniqueViolation
from fintegrate.errors import Conflict, NotFound
from fintegrate.http.endpoint import Call
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
NO_CONSUMER = "No such consumer; check consumer_id"
NEVER = "This consumer was never offboarded"
ADMINS = "The admin's own consumer cannot be offboarded"
LEAVES = "This consumer is leaving or has left already; GET /consumer/offboard shows it"
LEFT = "This consumer has left, and its queue is gone; nothing is sent to it any more"
IN_ONBOARDING = (
    "This consumer's onboarding is not finished; DELETE /consumer/onboard leaves nothing of it"
)
OVER = "No offboarding of this consumer waits: it was taken back, or its time is over"
WARNINGS = (
    "Its keys and its access to the broker stop at once",
    "After {days} days its customers are erased and its queues deleted, for good",
)
NOT_EXPORTED = "It has no export; POST /consumer/export makes one"
log = logging.getLogger(__name__)


def begin(db: Database, call: Call[Any], reason: str, consumer_id: str, days: int) -> Row:
    """Begin it; returns it. `db` is in a transaction.

    Raises:
        NotFound: there is no such consumer.
        Conflict: it is leaving already, is in onboarding, or is the admin's.
    """
    bank = _lock(db, consumer_id)
    if bank["in_onboarding"]:
        raise Conflict(IN_ONBOARDING)
    row = {
        "offboarding_id": str(uuid.uuid4()),
        "consumer_id": consumer_id,
        "was_active": bank["is_active"],
        "reason": reason,
        "key_id": call.caller.key_id,
        "actor": call.caller.actor,
        "request_id": call.request.id,
        "days": days,
    }
    try:
        db.execute(SQL["begin"], row)
    except UniqueViolation as error:
        raise Conflict(LEAVES) from error
    log.info("offboarding consumer %s, due in %s days", consumer_id, days)
    db.execute(SQL["set_status"], {"consumer_id": consumer_id, "status": "deactivated"})
    if consumer_changed(db, consumer_id):
        revoke_access(db, consumer_id)
    return read(db, consumer_id)


def would_begin(db: Database, consumer_id: str, days: int) -> DryRun:
    """What `begin` would hit in the end; errors as there."""
    bank = _lock(db, consumer_id)
    if bank["in_onboarding"]:
        raise Conflict(IN_ONBOARDING)
    counted = {"consumer_id": consumer_id, "most": MOST_COUNTED}
    found = db.fetch_all(SQL["count"], counted)[0]
    warnings = [warning.format(days=days) for warning in WARNINGS]
    events = min(found["events"], MOST_COUNTED)
    return {
        "matched": events,
        "exact": found["events"] <= MOST_COUNTED,
        "customers": min(found["customers"], MOST_COUNTED),
        "oldest": None,
        "newest": None,
        "late": 0,
        "by_state": {},
        "tenants": [
            {
                "consumer_id": consumer_id,
                "consumer_name": bank["consumer_name"],
                "events": events,
            }
        ],
        "warnings": warnings if found["is_exported"] else [*warnings, NOT_EXPORTED],
    }


def take_back(db: Database, consumer_id: str) -> Row:
    """Take it back; the consumer is as active as it was. `db` is in a transaction.

    Its user of the broker is gone: `POST /consumer/broker-access` makes another.

    Raises:
        NotFound: there is no such consumer.
        Conflict: no offboarding of it waits any more.
    """
    _lock(db, consumer_id)
    taken = db.fetch_one(SQL["take_back"], {"consumer_id": consumer_id})
    if taken is None:
        raise Conflict(OVER)
    if taken["was_active"]:
        db.execute(SQL["set_status"], {"consumer_id": consumer_id, "status": "active"})
    return read(db, consumer_id)


def read(db: Database, consumer_id: str) -> Row:
    """The newest offboarding of a consumer.

    Raises:
        NotFound: there was none.
    """
    row = db.fetch_one(SQL["read"], {"consumer_id": consumer_id})
    if row is None:
        raise NotFound(NEVER)
    return row


def refuse_left(db: Database, consumer_id: str) -> None:
    """Refuse what would bring the queue of a bank back that has left.

    In a transaction a bank that is leaving does not come to its end before the commit.

    Raises:
        Conflict: it has left, or is being ended.
    """
    if _has_left(db, consumer_id):
        raise Conflict(LEFT)


def unless_left(db: Database, consumer_id: str, act: Callable[[], None]) -> bool:
    """Do what brings the queue of a bank back, unless it has left; returns whether it was done.

    To be called in no transaction. The bank's end waits for the act, and so deletes what it made.
    """
    with db.transaction():
        if _has_left(db, consumer_id):
            return False
        act()
    return True


def _has_left(db: Database, consumer_id: str) -> bool:
    row = db.fetch_one(SQL["hold_end"], {"consumer_id": consumer_id})
    return row is not None and row["status"] != "waiting"


def _lock(db: Database, consumer_id: str) -> Row:
    if consumer_id == ADMIN_ID:
        raise Conflict(ADMINS)
    bank = db.fetch_one(SQL["lock_bank"], {"consumer_id": consumer_id})
    if bank is None:
        raise NotFound(NO_CONSUMER)
    return bank
